"""A folder that holds one tree of the run, for one worker at a time, and is written back as trees.

There is no ``.git`` in it (docs/decisions/0003-worktrees-without-dot-git.md): the run's repository
and the index are beside it, out of reach of the commands that run in the folder.

What commands do there is hostile input. Their own repositories (``git init``, ``git clone``) are
taken for plain folders: the files are part of the tree, what is under ``.git`` is not, and no git
of ours ever looks into it, since its configuration can name programs to run. Submodules of the base
stay as the base has them (`workspace.submodules`). Empty folders, pipes and sockets are in no tree.

What steers other programs (`events.protected`) stays as it was: a snapshot puts back what a command
did to such a file, and takes away one that it made, at any depth and however its name is spelled.
"""

import fcntl
import os
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from events.action import IN_SUBMODULE
from events.ids import CommitId, TreeId
from events.protected import protected_part
from workspace import paths
from workspace.errors import (
    GitDiskError,
    GitFailedError,
    WorkspaceError,
    WorktreeBusyError,
    WorktreeLostError,
    WorktreeUnusableError,
)
from workspace.folders import make_accessible, remove_folder, sweep
from workspace.git import Git, bytes_of, text_of
from workspace.hard_links import part_from_outside
from workspace.submodules import put_back
from workspace.tree import GITLINK, Repository
from workspace.untold import Untold, drawn, forget_untold, read_untold, stat_of, write_untold

BUSY_S = 60.0
"""How long to wait for a worktree: another thread, or a git that outlived its killed parent."""

FEW = 16
"""Up to so many files, a sync of each object costs less than git's preparation for one of all."""

_POLL_S = 0.01


class Snapshot(NamedTuple):
    """What a command left."""

    tree: TreeId
    undone: tuple[str, ...] = ()
    """Paths that it had made, changed or deleted, and that are as they were before.

    They are protected, or in a submodule, as a word behind them says then.
    """


class Worktree:
    """One folder outside the user's repository. Calls of several threads take turns."""

    def __init__(self, repository: Repository, folder: Path) -> None:
        """Name the folder; it is made, with mode 0700, by the first `materialise`.

        What belongs to it is kept beside it, as ``FOLDER.index``, ``FOLDER.lock``, and
        ``FOLDER.untold`` (see `workspace.untold`).
        """
        self.repository = repository
        self.folder = folder.absolute()
        self._index = self.folder.with_name(self.folder.name + ".index")
        self._lock = self.folder.with_name(self.folder.name + ".lock")
        self._untold = self.folder.with_name(self.folder.name + ".untold")
        self.submodules: Collection[str] = ()
        """Those of the tree that was materialised last."""
        self._made = False
        """Whether it was materialised here."""

    def materialise(self, tree: TreeId | CommitId, *, clean_ignored: bool = False) -> None:
        """Make the folder hold `tree`: bytes, modes, symlinks, and no untracked file.

        What was there before is changed as little as needed, whatever state it is in: files of
        another tree, a lost or damaged index, folders without permissions, a killed git.

        Args:
            tree: What it shall hold.
            clean_ignored: Whether ignored files (caches, environments) go too.

        Raises:
            TreeMissingError: the tree is not there; the folder is as it was.
            WorktreeBusyError: another process holds the worktree.
            WorktreeUnusableError: there is no place for it.
            GitDiskError: the disk takes no more.
        """
        wanted = self.repository.tree_of(CommitId(tree))
        with self._git() as git:
            known = read_untold(self._untold, self._index)
            try:
                _catch_up(git, known)
                self._become(git, wanted, clean_ignored=clean_ignored)
            except (GitFailedError, GitDiskError, OSError):
                self._index.unlink(missing_ok=True)
                make_accessible(self.folder)
                self._become(git, wanted, clean_ignored=clean_ignored)
            young = known is None or known.young
            write_untold(self._untold, self._index, Untold(wanted, young=young))
            self._made = True

    def require(self) -> None:
        """Check that the folder is there, as no command is running that may have taken it away.

        Else what is missing in it would be taken for deleted by whoever works in it.

        Raises:
            WorktreeLostError: somebody has deleted it, or the index beside it.
        """
        self._require(self.folder, self._index)

    def _require(self, *places: Path) -> None:
        if self._made and not all(map(os.path.lexists, places)):
            raise WorktreeLostError(self.folder)

    def restore(self, tree: TreeId) -> None:
        """Bring the folder back to `tree`, as `materialise` does; ignored files stay."""
        self.materialise(tree)

    def part_from_outside(self) -> None:
        """Have no file of the folder be one outside as well; see `workspace.hard_links`."""
        with self._git():
            part_from_outside(self.folder)

    def snapshot(self, protected: Collection[str] = ()) -> Snapshot:
        """Return the tree of all files in the folder but the ignored ones.

        A file counts as ignored by the ``.gitignore`` files in the folder and the run's
        ``info/exclude``, unless it is in the tree already.

        Args:
            protected: Paths that stay as they were, besides those whose names say so.

        Raises:
            WorktreeLostError: somebody has deleted the index beside it.
        """
        with self._as_it_was() as (git, known):
            try:
                known = self._aged(git, known)  # noqa: PLW2901 - the same, some time later
                changed, undone = self._sifted(git, known, protected, silent=True)
                return Snapshot(self._written(git, known, changed), undone)
            except (GitFailedError, GitDiskError, OSError):
                self._require(self._index)
                make_accessible(self.folder)
                changed, undone = self._sifted(git, known, protected, silent=False)
                untold = known.paths if known is not None else ()
                return Snapshot(self._written(git, None, {*untold, *changed}), undone)

    def snapshot_paths(self, paths: Sequence[str]) -> TreeId:
        """Return the tree after a change of just these files: written, deleted, moved.

        A file that is written by name is part of the tree also if it is ignored, as with
        ``git add --force``. Other changes in the folder are not looked for.

        Raises:
            WorktreeLostError: see `require`.
        """
        self.require()
        with self._as_it_was() as (git, known):
            return self._written(git, known, paths)

    def take_over(self, spare: "Worktree") -> None:
        """Make the folder of `spare`, with what is beside it, this one's; `spare` is gone then."""
        with spare._git(), self._git():  # noqa: SLF001  # its own kind
            remove_folder(self.folder)
            with suppress(FileNotFoundError):  # a lost index is made again
                spare._index.replace(self._index)  # noqa: SLF001
                spare._untold.replace(self._untold)  # noqa: SLF001
            spare.folder.rename(self.folder)
        spare._lock.unlink(missing_ok=True)  # noqa: SLF001

    def remove(self) -> None:
        """Delete the folder and what is beside it; again is harmless."""
        with self._git():
            remove_folder(self.folder)
            self._index.unlink(missing_ok=True)
            forget_untold(self._untold)
        self._lock.unlink(missing_ok=True)

    @contextmanager
    def _as_it_was(self) -> Iterator[tuple[Git, Untold | None]]:
        """Hold the worktree, and give its git and what is known of it.

        A command may take the folder away, but not the index. Whoever does may be at it while we
        look, so it has to be there before and after.
        """
        self._require(self._index)
        with self._git() as git:
            yield git, read_untold(self._untold, self._index)
            self._require(self._index)

    @contextmanager
    def _git(self) -> Iterator[Git]:
        """Hold the worktree, and give the git that works on it.

        The lock is on a descriptor that git inherits. So after a kill of our process, the next
        one waits for a git that is still writing.
        """
        held = self._opened_lock()
        try:
            _wait_for(held, self.folder)
            if self.folder.is_symlink():
                self.folder.unlink()
            self.folder.mkdir(mode=0o700, exist_ok=True)
            self._index.with_name(self._index.name + ".lock").unlink(missing_ok=True)
            yield Git(
                self.folder,
                self.repository.path,
                work_tree=self.folder,
                index=self._index,
                held=(held,),
            )
        finally:
            os.close(held)

    def _opened_lock(self) -> int:
        """Return a descriptor of the lock, which no command can reach: who refuses it is the disk.

        Raises:
            WorktreeUnusableError: the folder above cannot be made, or takes no file.
        """
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            return os.open(self._lock, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise WorktreeUnusableError(self.folder, error) from error

    def _become(self, git: Git, tree: str, *, clean_ignored: bool) -> None:
        git.run("read-tree", "-u", "--reset", tree)
        git.run("clean", "-ffdq", *(["-x"] if clean_ignored else []))
        sweep(self.folder)
        listed = text_of(git.run("ls-tree", "-r", "-d", "-z", tree)).split("\0")[:-1]
        folders = {name: facts for facts, _, name in (line.partition("\t") for line in listed)}
        linked = (name for name, facts in folders.items() if facts.startswith(GITLINK))
        self.submodules = frozenset(linked)
        put_back(self.folder, self.submodules)
        for name in folders.keys() - self.submodules:
            sweep(self.folder / name)

    def _sifted(
        self, git: Git, known: Untold | None, protected: Collection[str], *, silent: bool
    ) -> tuple[list[str], tuple[str, ...]]:
        """Return the paths that may differ from the index, and those that do not any more."""

        def steering(path: str) -> bool:
            return path in protected or bool(protected_part(path))

        foreign = tuple(f"{path}{IN_SUBMODULE}" for path in put_back(self.folder, self.submodules))
        changed = self._differing(git, silent=silent)
        if not any(map(steering, changed)):
            return changed, foreign
        _catch_up(git, known)
        # To git, a file that was only touched differs as well.
        git.ask("update-index", "-q", "--ignore-submodules", "--refresh")
        undone = sorted(filter(steering, self._differing(git, silent=silent)))
        self._undo(git, undone)
        changed = self._differing(git, silent=silent)
        return [path for path in changed if not steering(path)], (*foreign, *undone)

    def _undo(self, git: Git, undone: Sequence[str]) -> None:
        """Take away what is at these paths, and put there what the index has."""
        listed = set(text_of(git.run("ls-files", "-z")).split("\0"))
        for path in undone:
            if path not in listed:
                with paths.direct(self.folder, path) as spot:
                    os.unlink(spot.name, dir_fd=spot.folder)
                with suppress(OSError):  # up to the first folder that holds anything else
                    for above in PurePosixPath(path).parents[:-1]:
                        (self.folder / above).rmdir()
        there = bytes_of(path for path in undone if path in listed)
        git.run("checkout-index", "--force", "--index", "-z", "--stdin", stdin=there)

    def _aged(self, git: Git, known: Untold | None) -> Untold | None:
        """Have git trust the times of the files that were written together with their index.

        It counts in seconds, and compares the bytes of each file that is as new as the index: of
        all of a new worktree, every time. When that second is over, an index is written that is
        newer. git marks in it the files that have changed since, by their bytes.
        """
        if known is None or not known.young:
            return known
        self._lock.touch()  # to know what time it is by the clock of the file system
        if int(self._lock.stat().st_mtime) <= int(self._index.stat().st_mtime):
            return known
        git.run("update-index", "--force-write-index", "-z", "--stdin")
        return known._replace(young=False)

    def _differing(self, git: Git, *, silent: bool) -> list[str]:
        """Return the paths that may differ from the index; submodules are not looked at.

        ``git add --all`` would start ``git status`` inside repositories that commands have made.
        git only warns of what it may not read, and leaves it out; `silent` makes that an error.
        """
        raw, others = git.together(
            ("diff-files", "-z", "--raw", "--ignore-submodules=all"),
            ("ls-files", "-z", "--others", "--exclude-standard"),
            silent=silent,
        )
        facts = text_of(raw).split("\0")
        changed = [
            name
            for fact, name in zip(facts[:-1:2], facts[1::2], strict=True)
            if not fact.startswith(f":{GITLINK}")
        ]
        for name in text_of(others).split("\0")[:-1]:
            if name.endswith("/"):
                changed += self._files_of_foreign_repository(git, name)
            else:
                changed.append(name)
        return changed

    def _files_of_foreign_repository(self, git: Git, folder: str) -> list[str]:
        found = []
        for above, folders, names in os.walk(self.folder / folder):
            place = Path(above)
            links = [name for name in folders if (place / name).is_symlink()]
            there = [name for name in (*names, *links) if name != ".git"]
            found += [str((place / name).relative_to(self.folder)) for name in there]
            folders[:] = [name for name in folders if name != ".git"]
        _, listed = git.ask(
            *("check-ignore", "-z", "--stdin", "--no-index"),
            stdin=bytes_of(f"./{path}" for path in found),  # so that ``:(top)x`` is a name
            extra={"GIT_LITERAL_PATHSPECS": "0"},  # which this command does not support
        )
        ignored = set(text_of(listed).split("\0"))
        return [path for path in found if f"./{path}" not in ignored]

    def _written(self, git: Git, known: Untold | None, paths: Collection[str]) -> TreeId:
        """Return the tree after a change of these files: onto the known, or from the index."""
        young = known is not None and known.young
        if known is not None:
            paths = sorted({*known.paths, *paths})
            tree = self._drawn(known.tree, paths) if len(paths) <= FEW else None
            if tree is not None:
                write_untold(self._untold, self._index, Untold(tree, tuple(paths), young))
                return TreeId(tree)
        self._tell_index(git, paths)
        tree = git.line("write-tree")
        write_untold(self._untold, self._index, Untold(tree, young=young))
        return TreeId(tree)

    def _drawn(self, tree: str, paths: Collection[str]) -> str | None:
        """Return the tree after a change of these files, without git; None if that cannot be."""
        try:
            return drawn(self.repository.loose, self.folder, tree, paths)
        except GitDiskError:
            raise
        except (OSError, WorkspaceError):
            return None  # git may do better, or knows the words for it

    def _tell_index(self, git: Git, paths: Collection[str]) -> None:
        if len(paths) <= FEW:
            git = replace(git, config=(("core.fsyncMethod", "fsync"),))
        there = [path for path in paths if stat_of(self.folder, path) is not None]
        gone = set(paths).difference(there)
        if gone:
            git.run("update-index", "-z", "--force-remove", "--stdin", stdin=bytes_of(gone))
        if there:
            git.run("update-index", "-z", "--add", "--replace", "--stdin", stdin=bytes_of(there))


def _catch_up(git: Git, known: Untold | None) -> None:
    """Have the index hold what is known of the worktree; no file is looked at."""
    if known is not None and known.paths:
        git.run("read-tree", "--reset", known.tree)


def _wait_for(held: int, folder: Path) -> None:
    deadline = time.monotonic() + BUSY_S
    while True:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise WorktreeBusyError(
                    f"{folder}: held by another process for more than {BUSY_S:g} s; end it"
                ) from None
            time.sleep(_POLL_S)
        else:
            return
