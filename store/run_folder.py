"""Where a run lives: ``REPO/.trackside/runs/RUN/``, and how a run is found again.

    events.jsonl      the log: the only truth
    blobs/            payloads that the log names, by hash
    git/              the bare repository with the trees of the run
    answers/          what people said from other processes
    lock              held by the one process that writes
    seal.json         how far the log reached when the run ended
    torn-*            what was cut off the log after a crash
    trackside.log     diagnostics; bug-*.txt beside it, one a bug

A run that is made out of another one is put together in ``REPO/.trackside/staged/`` and moved to
its place when it is whole.

The repository is not trusted: it may hold a link or a file where a folder of ours should be, and
that is refused.
"""

import errno
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from events.ids import RunId
from events.journal import STREAM
from store.disk import REAL_DISK, Disk, make_folder, sync_folder, write_file
from store.errors import (
    HeldError,
    LogUnusableError,
    RunExistsError,
    RunFolderError,
    RunFolderUnmadeError,
)
from store.lock import LOCK_NAME, Lock
from store.seal import SEAL_NAME, Seal, read_seal

HOME = ".trackside"
RUNS = "runs"
STAGED = "staged"
LOG_NAME = "events.jsonl"
_NAME = re.compile(r"(?!.*(\.\.|\.lock$|\.$))[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")
"""What is both the name of a folder and a part of the name of a branch, as git has it."""
_IGNORE_ALL = b"*\n"
_FIRST_LINE_BYTES = 4096
_LONGEST_LINE_BYTES = 2 * 1024 * 1024
"""More than a record may have."""


class RunFolder:
    """The folder of one run: nothing but names; what is in it is read by those who know it."""

    def __init__(self, path: Path) -> None:
        """Name the parts of the run folder `path`; nothing is touched."""
        self.path = path
        self.log = path / LOG_NAME
        self.blobs = path / "blobs"
        self.git = path / "git"
        self.answers = path / "answers"
        self.lock = path / LOCK_NAME
        self.seal = path / SEAL_NAME
        self.diagnostics = path / "trackside.log"

    def __repr__(self) -> str:
        return f"RunFolder({str(self.path)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RunFolder) and self.path == other.path

    def __hash__(self) -> int:
        return hash(self.path)

    @property
    def run(self) -> RunId:
        """The run's id: the name of the folder."""
        return RunId(self.path.name)

    @classmethod
    def create(cls, repository: Path, run: str, disk: Disk = REAL_DISK) -> "RunFolder":
        """Return the folder of a new run in the repository at `repository`, durably made.

        A folder whose log tells of nothing but its openings is taken over: its maker crashed before
        the run had begun. Another process may be about to begin it, so the lock has to be taken,
        and the log looked at again.

        Raises:
            RunFolderError: `run` cannot be a name, exists already, or its folder cannot be made.
        """
        folder = cls.to_make(repository, run)
        _make(folder, (repository / HOME / RUNS,), disk)
        return folder

    @classmethod
    @contextmanager
    def staged(cls, repository: Path, run: str, disk: Disk = REAL_DISK) -> "Iterator[RunFolder]":
        """Give a folder to put a run together in; at the end it is in its place, whole.

        If the block raises, nothing is left of it. What a crash left is swept by the next one.

        Raises:
            RunFolderError: as `create`.
        """
        final = cls.to_make(repository, run)
        if final.began:  # somebody may be at it
            raise RunExistsError(run)
        stage = repository / HOME / STAGED
        _sweep(stage)
        token = stage / f"{os.getpid()}-{secrets.token_hex(4)}"
        folder = cls(token / run)
        try:
            _make(folder, (repository / HOME / RUNS, stage, token), disk)
            yield folder
            _publish(folder, final, disk)
        finally:
            shutil.rmtree(token, ignore_errors=True)

    @classmethod
    def to_make(cls, repository: Path, run: str) -> "RunFolder":
        """Return the folder that a new run will have; nothing is made.

        Raises:
            RunFolderError: `run` cannot be a name, or exists already.
        """
        if not _NAME.fullmatch(run):
            raise RunFolderError(
                run,
                f"{run!r} cannot name a run: up to 64 letters, digits, dots, underscores and "
                "hyphens, with no dot at either end, no two dots together and no .lock at the end "
                "(its branch is named like it)",
            )
        folder = cls(repository / HOME / RUNS / run)
        if folder.began and not _only_opened(folder):
            raise RunExistsError(run)
        return folder

    @classmethod
    def all_of(cls, repository: Path) -> list["RunFolder"]:
        """Return the runs of a repository that have begun, newest first.

        New is which started last, as its log says; those whose log cannot tell come last, by name.
        """
        folders = [cls(path) for path in _entries(repository / HOME / RUNS)]
        began = [folder for folder in folders if folder.began]
        return sorted(began, key=lambda one: (one.started, one.path.name), reverse=True)

    @classmethod
    def find(cls, repository: Path, name: str | None = None) -> "RunFolder":
        """Return the run that `name`, or the beginning of its name, stands for; None: the latest.

        Raises:
            RunFolderError: there is none, or there are several, or the name is empty.
        """
        if name == "":
            raise RunFolderError(name, "the name of the run is empty; say which one is meant")
        runs = cls.all_of(repository)
        if not runs:
            raise RunFolderError(name or "", f"there are no runs in {repository}")
        if name is None:
            return runs[0]
        found = [run for run in runs if run.path.name.startswith(name)]
        exact = [run for run in found if run.path.name == name]
        if len(exact or found) == 1:
            return (exact or found)[0]
        names = [run.path.name for run in found]
        if names:
            raise RunFolderError(name, f"{name} may be any of {', '.join(names)}", names)
        reason = f"there is no run {name} in {repository}; `trackside runs` lists those there are"
        raise RunFolderError(name, reason)

    @property
    def began(self) -> bool:
        """Whether there is anything in the log, or was when the run ended."""
        try:
            return self.log.lstat().st_size > 0 or self.seal.exists()
        except FileNotFoundError:
            return self.seal.exists()
        except NotADirectoryError:
            return False

    @property
    def started(self) -> str:
        """When the first record was written, as it says itself; empty if it cannot be read."""
        try:
            return msgspec.json.decode(_first_line(self.log), type=_At).at
        except (OSError, ValueError, RecursionError):
            return ""

    def read_seal(self) -> Seal | None:
        """Return how far the log reached when the run last ended, or None if it never did.

        Raises:
            SealBrokenError: the seal cannot be read.
        """
        return read_seal(self.seal)


def _make(folder: RunFolder, above: Sequence[Path], disk: Disk) -> None:
    """Make the folder of a run durably, and those `above` it that are missing.

    Raises:
        RunFolderError: one of them cannot be made.
    """
    home = above[0].parent
    try:
        make_folder(disk, home)
        ignore = home / ".gitignore"
        if not ignore.exists():
            _write_ignore(ignore, disk)
        for path in (*above, folder.path, folder.blobs, folder.answers):
            make_folder(disk, path)
    except OSError as error:
        where = str(error.filename or home)
        raise RunFolderUnmadeError(folder.run, where, error.strerror or str(error)) from error


def _write_ignore(ignore: Path, disk: Disk) -> None:
    try:
        write_file(disk, ignore, _IGNORE_ALL, ignore.with_name(".gitignore.new"))
    except FileNotFoundError:
        if not ignore.exists():  # nobody else has put the new one in its place
            raise


def _publish(staged: RunFolder, final: RunFolder, disk: Disk) -> None:
    """Move a run that is whole to its place, unless another one is there or about to begin.

    Raises:
        RunExistsError: one is.
        RunFolderUnmadeError: the disk refuses.
    """
    try:
        while not _moved(staged.path, final.path, disk):
            _set_aside(final, staged.path.with_name(f".left-{secrets.token_hex(4)}"), disk)
        sync_folder(disk, final.path.parent)
    except OSError as error:
        why = error.strerror or str(error)
        raise RunFolderUnmadeError(final.run, str(final.path), why) from error


def _moved(source: Path, target: Path, disk: Disk) -> bool:
    """Put a folder where there is none, or an empty one; return False if there is something."""
    try:
        disk.rename(source, target)
    except OSError as error:
        if error.errno in {errno.ENOTEMPTY, errno.EEXIST}:
            return False
        raise
    return True


def _set_aside(left: RunFolder, aside: Path, disk: Disk) -> None:
    """Move the folder of a run that never began, and that nobody is about to begin, to `aside`.

    Raises:
        RunExistsError: the run began, or somebody is about to begin it.
    """
    if left.began:
        raise RunExistsError(left.run)
    try:
        lock = Lock.take(left.lock, disk)
    except HeldError as error:
        raise RunExistsError(left.run) from error
    except LogUnusableError:
        if not left.path.exists():  # somebody else has just moved it
            return
        raise
    try:
        if left.began:
            raise RunExistsError(left.run)
        disk.rename(left.path, aside)
    finally:
        lock.close()


def _sweep(stage: Path) -> None:
    """Delete what processes that are gone left unfinished."""
    for token in _entries(stage):
        pid = token.name.partition("-")[0]
        if pid.isdigit() and not Path("/proc", pid).exists():
            shutil.rmtree(token, ignore_errors=True)


def _only_opened(folder: RunFolder) -> bool:
    """Return whether the log tells of nothing but its openings; a torn end tells nothing."""
    if folder.seal.exists() or not folder.log.is_file() or folder.log.is_symlink():
        return False
    with folder.log.open("rb") as log:
        for line in iter(lambda: log.readline(_LONGEST_LINE_BYTES), b""):
            if not line.endswith(b"\n") and len(line) < _LONGEST_LINE_BYTES:
                return True
            try:
                place = msgspec.json.decode(line, type=_Place)
            except (ValueError, RecursionError):
                return False
            if place.stream != STREAM and place.position >= place.commit:
                return False  # the decision is whole
    return True


class _Place(msgspec.Struct):
    position: int
    commit: int
    stream: str


class _At(msgspec.Struct):
    at: str


def _entries(folder: Path) -> list[Path]:
    """Return the folders in `folder`, links left out; none if it is no folder itself."""
    if folder.is_symlink() or folder.parent.is_symlink() or not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]


def _first_line(path: Path) -> bytes:
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        return os.pread(fd, _FIRST_LINE_BYTES, 0).partition(b"\n")[0]
    finally:
        os.close(fd)
