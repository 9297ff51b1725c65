"""Worktrees of attempts that are over, for those to come: one is cheaper changed than made."""

import threading
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from events.ids import TreeId
from workspace.errors import WorkspaceError
from workspace.tree import Repository
from workspace.worktree import Worktree

_BESIDE = {".home", ".index", ".lock", ".new", ".untold"}
"""How names end of what is kept beside a worktree."""


class Spares:
    """The worktrees of one run that nobody works in. Safe to use from any thread.

    What an attempt leaves in its folder is hostile input to the next: every file that is not in the
    tree goes, also ignored ones, and no file keeps a name outside.
    """

    def __init__(self, repository: Repository, folder: Path, *, keeps: bool) -> None:
        """Begin with none.

        Args:
            repository: That of the run.
            folder: Holds all worktrees of the run.
            keeps: Whether a folder may be handed on at all: not so where a command's processes may
                outlive it, and would find themselves in another worker's files.
        """
        self._repository = repository
        self._folder = folder
        self._keeps = keeps
        self._guard = threading.Lock()
        self._idle: dict[Path, Worktree] = {}
        """By folder, the longest idle first."""

    def find(self, live: Collection[str]) -> None:
        """Take in what a process before this one has left, but for the attempts named `live`."""
        if not self._folder.is_dir():
            return
        for place in sorted(self._folder.iterdir()):
            if place.suffix not in _BESIDE and place.name not in live and place.is_dir():
                self.hand_in(Worktree(self._repository, place))

    def furnish(self, worktree: Worktree, tree: TreeId) -> None:
        """Make `worktree` hold just `tree`, from a spare one if it is not there yet.

        Raises:
            WorkspaceError: see `Worktree.materialise`.
        """
        with self._guard:
            own = self._idle.pop(worktree.folder, None)  # a killed process may have made it before
            if own is None and self._idle and not worktree.folder.exists():
                spare = self._idle.pop(next(iter(self._idle)))
                self._hand_on(spare, worktree)
        worktree.materialise(tree, clean_ignored=True)

    def hand_in(self, worktree: Worktree) -> None:
        """Keep a worktree in which nobody works any more, or remove it."""
        if not self._keeps:
            worktree.remove()
            return
        with self._guard:
            self._idle[worktree.folder] = worktree

    def clear(self) -> None:
        """Remove all that nobody has taken."""
        with self._guard:
            for worktree in self._idle.values():
                worktree.remove()
            self._idle.clear()

    def _hand_on(self, spare: Worktree, worktree: Worktree) -> None:
        try:
            worktree.take_over(spare)
            worktree.part_from_outside()
        except (OSError, WorkspaceError):  # then it is made anew
            for broken in (spare, worktree):
                with suppress(OSError, WorkspaceError):
                    broken.remove()
