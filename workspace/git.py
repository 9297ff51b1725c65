"""The one place that runs git: a fixed environment, no shell, no foreign configuration.

Nothing of a repository may run in our process's context: no hook, filter, driver, fsmonitor, pager,
credential helper or transport. Most of it is shut by the environment below, which every call gets;
what only a repository's own configuration can name (`filter.X.clean`) is shut by `silenced`.
"""

import functools
import os
import re
import select
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from errno import errorcode
from pathlib import Path

from events.errors import REFUSED_BY_SYSTEM
from workspace.errors import (
    GitDamageError,
    GitDiskError,
    GitFailedError,
    GitTimeoutError,
    GitUnusableError,
    RepositoryLostError,
    WorktreeLostError,
)

OLDEST = (2, 38)
"""The first git whose `merge-tree` writes a tree."""

TIMEOUT_S = 600.0
"""For one command. They take milliseconds; only a first checkout of a huge tree takes longer."""

IDENTITY = ("trackside", "trackside@localhost")

_PASSED_ON = ("HOME", "LD_LIBRARY_PATH", "TMPDIR")

_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_AUTHOR_EMAIL": IDENTITY[1],
    "GIT_AUTHOR_NAME": IDENTITY[0],
    "GIT_COMMITTER_EMAIL": IDENTITY[1],
    "GIT_COMMITTER_NAME": IDENTITY[0],
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}

_CONFIG = (
    ("core.fsmonitor", "false"),
    ("core.fsync", "loose-object"),  # an object is durable before an event names it
    ("core.fsyncMethod", "batch"),
    ("core.hooksPath", os.devnull),
    ("core.quotePath", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("protocol.allow", "never"),
    ("safe.directory", "*"),  # whose files they are does not matter where none of them can run
    ("submodule.recurse", "false"),
)

_REASON = re.compile(": ({})\\.?$".format("|".join(map(re.escape, map(os.strerror, errorcode)))))
"""How git ends a line, in the C locale, when it knows what the system said."""
_OF_THE_DISK = {os.strerror(number) for number in REFUSED_BY_SYSTEM}
_UNWRITTEN = re.compile(
    r"^(error|fatal): (.*: )?(unable to write|could not write|failed to write|error writing"
    r"|insufficient permission for adding|unable to create temporary"
    r"|.*write error(. Out of diskspace)?$)",
    re.IGNORECASE,
)
"""How it begins one when it could not write."""
_UNREADABLE = re.compile(
    r"^(error|fatal): (bad (tree )?object|missing object"
    r"|unable to read (sha1 file|tree|[0-9a-f]{40})|failed to unpack tree object"
    r"|object file .* is empty"
    r"|.*object corrupt or missing|.* is corrupt$)"
)
"""And when an object is not what it was, or is gone."""
_NO_REPOSITORY = "not a git repository"
"""Its words for a repository that is gone, or a part without which it is none."""

Config = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Git:
    """How to run git on one repository. Any thread may use it; a call blocks until git ends."""

    directory: Path
    """Where commands run."""
    git_dir: Path | None = None
    """The repository; None to find the one that `directory` is in."""
    work_tree: Path | None = None
    """What commands see as the working tree; None for what the repository says."""
    index: Path | None = None
    """Instead of the repository's own index."""
    config: Config = ()
    """Settings on top of our own, for this repository."""
    held: tuple[int, ...] = ()
    """Descriptors that git inherits, so that a lock outlives us until git has ended."""
    borrowed: str = ""
    """Folders of objects besides those that the repository names, quoted, with colons between."""

    def run(self, *args: str, stdin: bytes = b"", silent: bool = False) -> bytes:
        """Return what git writes to standard output.

        Args:
            args: The subcommand and its arguments.
            stdin: What git reads.
            silent: Whether a warning counts as a failure.

        Raises:
            GitFailedError: it exits with anything but 0.
            GitDiskError: it could not write.
        """
        return self.ask(*args, stdin=stdin, answers=(0,), silent=silent)[1]

    def line(self, *args: str, stdin: bytes = b"") -> str:
        """Return the one line that git prints, without its end; raises as `run` does."""
        return text_of(self.run(*args, stdin=stdin).removesuffix(b"\n"))

    def ask(
        self,
        *args: str,
        stdin: bytes = b"",
        answers: Sequence[int] = (0, 1),
        silent: bool = False,
        extra: dict[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Return exit code and standard output of a command whose exit code is an answer.

        Args:
            args: The subcommand and its arguments.
            stdin: What git reads.
            answers: The exit codes that are no failure.
            silent: Whether a warning counts as a failure.
            extra: Variables on top of the fixed environment.

        Raises:
            GitFailedError: the exit code is none of `answers`.
            GitDiskError: and that because it could not write.
            GitTimeoutError: git had to be ended.
            GitUnusableError: there is no git, or none that is new enough.
            RepositoryLostError, WorktreeLostError: see `require`.
        """
        with self._noticing_loss(), self._started(args, extra) as child:
            return _answer(child, args[0], stdin, answers, silent=silent)

    def together(self, *commands: Sequence[str], silent: bool = False) -> list[bytes]:
        """Return what each command writes; they run side by side. Raises as `run` does."""
        with self._noticing_loss(), ExitStack() as running:
            started = [running.enter_context(self._started(words)) for words in commands]
            return [
                _answer(child, words[0], b"", (0,), silent=silent)[1]
                for child, words in zip(started, commands, strict=True)
            ]

    def _started(
        self, args: Sequence[str], extra: dict[str, str] | None = None
    ) -> AbstractContextManager["_Child"]:
        return _started(
            [program(os.environ.get("PATH", os.defpath)), *args],
            cwd=self.directory,
            env=self._environment() | (extra or {}),
            held=self.held,
        )

    def start(self, *args: str) -> "subprocess.Popen[bytes]":
        """Return a git that reads questions from a pipe and answers into another, until closed.

        Raises:
            GitUnusableError: there is no git, or none that is new enough.
            RepositoryLostError: see `require`.
        """
        with self._noticing_loss():
            return subprocess.Popen(
                [program(os.environ.get("PATH", os.defpath)), *args],
                cwd=self.directory,
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                process_group=0,
            )

    def require(self) -> None:
        """Check that what `git_dir` names is a repository still, if it names one.

        Raises:
            RepositoryLostError: it is none, or is gone.
            WorktreeLostError: it is one, and the worktree of `index` is gone.
        """
        if self.git_dir is None:
            return
        asked = [program(os.environ.get("PATH", os.defpath)), "rev-parse", "--git-dir"]
        place = {"GIT_DIR": str(self.git_dir)}
        with _started(asked, cwd=Path("/"), env=environment() | place) as child:
            _said(child, "rev-parse")
        if child.returncode != 0:
            raise RepositoryLostError(self.git_dir)
        if self.index is not None and not self.directory.is_dir():
            raise WorktreeLostError(self.directory)

    @contextmanager
    def _noticing_loss(self) -> Iterator[None]:
        """Have a failure that is due to the loss of the repository be told as that."""
        try:
            yield
        except (GitFailedError, GitDiskError) as error:
            if self.git_dir is not None and _NO_REPOSITORY in error.words:
                raise RepositoryLostError(self.git_dir) from error  # though it may be back by now
            self.require()
            raise
        except (FileNotFoundError, NotADirectoryError) as error:
            self.require()
            if self.directory == self.git_dir:
                raise RepositoryLostError(self.git_dir) from error
            raise

    def _environment(self) -> dict[str, str]:
        places = {
            "GIT_DIR": self.git_dir,
            "GIT_WORK_TREE": self.work_tree,
            "GIT_INDEX_FILE": self.index,
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": self.borrowed or None,
        }
        named = {name: str(place) for name, place in places.items() if place is not None}
        return environment(self.config) | named


def environment(config: Config = ()) -> dict[str, str]:
    """Return the whole environment of a git process; nothing else of the caller's is in it.

    Settings travel as variables and not as ``-c name=value``, since a name may hold a ``=``.
    """
    found = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    found |= _ENVIRONMENT | {"PATH": _absolute_part(os.environ.get("PATH", os.defpath))}
    settings = _CONFIG + config
    found["GIT_CONFIG_COUNT"] = str(len(settings))
    for number, (name, value) in enumerate(settings):
        found[f"GIT_CONFIG_KEY_{number}"] = name
        found[f"GIT_CONFIG_VALUE_{number}"] = value
    return found


def silenced(git: Git) -> Config:
    """Return settings that take every filter and driver of a repository's configuration away.

    With them `git` may compare and write files: a filter with an empty command does nothing.
    """
    _, listed = git.ask(
        "config", "-z", "--name-only", "--get-regexp", r"^(filter|diff|merge)\..*\.[a-z]+$"
    )
    names = sorted({text_of(name) for name in listed.split(b"\0") if name})
    return tuple((name, "false" if name.endswith(".required") else "") for name in names)


@functools.cache
def program(path: str) -> str:
    """Return the absolute path of a git that is new enough, by a search path like ``PATH``.

    Relative folders in `path` are left out: ``./git`` of a repository is not our git.

    Raises:
        GitUnusableError: there is none.
    """
    found = shutil.which("git", path=_absolute_part(path))
    if found is None:
        raise GitUnusableError("git is not on the PATH; install git 2.38 or newer")
    with _started([found, "version"], cwd=Path("/"), env=environment()) as child:
        said = _said(child, "version")[0].decode()
    version = tuple(int(part) for part in re.findall(r"\d+", said)[:2])
    if version < OLDEST:
        raise GitUnusableError(f"{found} is too old ({said.strip()}); install git 2.38 or newer")
    return found


def text_of(name: bytes) -> str:
    """Return a path or message of git as text; bytes that are no UTF-8 become lone surrogates."""
    return name.decode("utf-8", "surrogateescape")


def bytes_of(names: Iterable[str]) -> bytes:
    """Return paths as git reads them with ``-z``: each ended by NUL."""
    return b"".join(name.encode("utf-8", "surrogateescape") + b"\0" for name in names)


def printable(text: str) -> str:
    r"""Return `text` with all escaped that is not for a line of a log, an event or a terminal.

    >>> print(printable("bad name 'a\udcff\n\x1b[0m'"))
    bad name 'a\xff\n\x1b[0m'
    """
    valid = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in valid
    )


def _absolute_part(path: str) -> str:
    return os.pathsep.join(part for part in path.split(os.pathsep) if Path(part).is_absolute())


class _Child(subprocess.Popen[bytes]):
    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code as soon as there is one.

        With a timeout, `subprocess` looks for it every so often, which takes as long as a small
        command of git does.
        """
        if timeout is not None and self.returncode is None:
            with suppress(OSError):  # a kernel, or a container, without such descriptors
                end = os.pidfd_open(self.pid)
                try:
                    ended = select.poll()
                    ended.register(end, select.POLLIN)
                    ended.poll(timeout * 1e3)
                finally:
                    os.close(end)
        return super().wait(timeout)


@contextmanager
def _started(
    argv: Sequence[str], cwd: Path, env: dict[str, str], held: tuple[int, ...] = ()
) -> Iterator[_Child]:
    """Give a git that runs; it is ended if its answer is not waited for."""
    with _Child(
        argv,
        cwd=cwd,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=held,
        process_group=0,  # an interrupt at the terminal is for us, not for a git half-way
    ) as child:
        try:
            yield child
        except BaseException:
            child.kill()
            raise


def _said(child: _Child, command: str, stdin: bytes = b"") -> tuple[bytes, bytes]:
    try:
        return child.communicate(stdin, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise GitTimeoutError(command, TIMEOUT_S) from error


def _answer(
    child: _Child, command: str, stdin: bytes, answers: Sequence[int], *, silent: bool
) -> tuple[int, bytes]:
    said, warned = _said(child, command, stdin)
    if child.returncode not in answers or (silent and warned):
        words = "; ".join(map(printable, text_of(warned).splitlines()))
        raise _failure(command, child.returncode, words, text_of(warned).splitlines())
    return child.returncode, said


def _failure(
    command: str, exit_code: int, words: str, lines: Sequence[str]
) -> GitFailedError | GitDiskError:
    """Return what it means that a command has failed, by what it said."""
    reasons = [_REASON.search(line) for line in lines]
    for line, reason in zip(lines, reasons, strict=True):
        if reason[1] in _OF_THE_DISK if reason else _UNWRITTEN.match(line):
            return GitDiskError(command, words)
    if any(map(_UNREADABLE.match, lines)):
        return GitDamageError(command, exit_code, words)
    return GitFailedError(command, exit_code, words)
