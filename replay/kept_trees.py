"""The code trees that a log names: each there, whole, and holding the bytes that its id says."""

from collections.abc import Iterator

from events.attempt_events import (
    AttemptSubmitted,
    MergeBegun,
    SetupRan,
    ToolFinished,
    ToolStarted,
    TreeMerged,
)
from events.base import Event
from events.ids import CommitId, TreeId
from events.run_events import RunEnded, RunStarted, TicketAssigned, TicketCompleted
from workspace.errors import ObjectDamagedError, TreeMissingError
from workspace.objects import FOLDER, SUBMODULE, Objects


class TreeCheck:
    """Looks at every file and folder of every tree, once each.

    The bytes of what the run made are read and hashed. Of what the first tree holds, the base from
    the user's repository, it is checked that it is there; its folders are read and hashed too.
    """

    def __init__(self, objects: Objects) -> None:
        """Check those in `objects`."""
        self._objects = objects
        self._seen: set[str] = set()
        self._wholes: dict[str, str] = {}
        self._in_base = True

    @property
    def count(self) -> int:
        """How many objects were looked at."""
        return len(self._seen)

    def problems(self, event: Event) -> Iterator[tuple[str, str]]:
        """Give what is wrong with the trees and commits that an event names: which, and what."""
        for tree in trees_of(event):
            if problem := self._problem(tree):
                yield f"tree {tree}", problem
            self._in_base = False
        for commit, tree in commits_of(event):
            if problem := self._commit_problem(commit, tree):
                yield f"commit {commit} of tree {tree}", problem

    def _problem(self, tree: str) -> str:
        """Return what is wrong with a tree, empty if nothing is; the same for each who asks."""
        if tree not in self._wholes:
            try:
                self._walk(tree)
                self._wholes[tree] = ""
            except (TreeMissingError, ObjectDamagedError) as error:
                self._wholes[tree] = str(error)
        return self._wholes[tree]

    def _walk(self, tree: str) -> None:
        if tree in self._seen:
            return
        for member in self._objects.tree(tree).values():
            if member.mode == FOLDER:
                self._walk(member.object)
            elif member.mode != SUBMODULE and member.object not in self._seen:
                self._look_at(member.object)
                self._seen.add(member.object)
        self._seen.add(tree)

    def _look_at(self, blob: str) -> None:
        if not self._in_base:
            self._objects.blob(blob)
        elif not self._objects.has(blob):
            self._objects.read(blob)  # which says what is missing

    def _commit_problem(self, commit: CommitId, tree: TreeId) -> str:
        try:
            data = self._objects.commit(commit)
        except (TreeMissingError, ObjectDamagedError) as error:
            return str(error)
        found = data.partition(b"\n")[0].decode()
        return "" if found == f"tree {tree}" else f"its {found}"


def trees_of(event: Event) -> tuple[TreeId, ...]:
    """Return the trees that an event says exist."""
    match event:
        case RunStarted(start=start):
            return (start.base_tree,)
        case MergeBegun(onto=onto):
            return (onto.tree,)
        case TicketAssigned(base_tree=tree):
            return (tree,)
        case (
            SetupRan(tree=tree)
            | ToolStarted(tree=tree)
            | ToolFinished(tree=tree)
            | AttemptSubmitted(tree=tree)
            | TreeMerged(tree=tree)
            | TicketCompleted(tree=tree)
            | RunEnded(tree=tree)
        ):
            return (tree,)
    return ()


def commits_of(event: Event) -> tuple[tuple[CommitId, TreeId], ...]:
    """Return the commits that an event says exist, each with its tree."""
    match event:
        case RunStarted(start=start):
            return ((start.base, start.base_tree),)
        case MergeBegun(onto=onto):
            return ((onto.commit, onto.tree),)
        case TicketCompleted(commit=commit, tree=tree) | RunEnded(commit=commit, tree=tree):
            return ((commit, tree),)
    return ()
