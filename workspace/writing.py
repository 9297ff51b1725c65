"""The tools that change files: first a plan of what would change, then the same plan carried out.

A plan is made anew each time from the files as they are; what is shown, what an approval is bound
to and what runs come from the same function.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from events.secret_patterns import Redact, without_secrets
from workspace import edit, files, paths, placeholders, syntax
from workspace.encoding import PYTHON_SUFFIXES
from workspace.errors import FileRefusedError
from workspace.placeholders import hidden
from workspace.submodules import require_outside
from workspace.tool_schemas import DeleteFile, MoveFile, ReplaceText, WriteArguments, WriteFile

PutBack = Callable[[str, str, bytes | None], str]


@dataclass(frozen=True, slots=True)
class Change:
    """What one path holds before and after."""

    path: str
    before: files.Current | None
    """None: nothing is there."""
    after: bytes | None
    """None: nothing will be there."""

    @property
    def old(self) -> bytes | None:
        """The bytes before."""
        return self.before.data if self.before else None


@dataclass(frozen=True, slots=True)
class Plan:
    """What one tool call would do to the files."""

    changes: tuple[Change, ...]
    moves: bool = False
    """Whether it is one file that only changes its path: from the first to the second."""

    def diff(self, redact: Redact = without_secrets) -> str:
        """Return what will really happen, as people read it; secrets have placeholders."""
        if self.moves:
            source, target = self.changes
            return f"rename from {source.path}\nrename to {target.path}\n"
        shown = "".join(_shown(each, redact) for each in self.changes)
        return shown or "no change: the file already has this content\n"

    @property
    def changed_lines(self) -> tuple[int, int]:
        """How many lines are added and removed; moving a file does neither."""
        if self.moves:
            return 0, 0
        counts = [edit.changed_lines(each.path, each.old, each.after) for each in self.changes]
        return sum(added for added, _ in counts), sum(removed for _, removed in counts)


def _shown(change: Change, redact: Redact) -> str:
    before, after = (
        None if data is None else hidden(change.path, data, redact)
        for data in (change.old, change.after)
    )
    return edit.unified_diff(change.path, before, after)


def plan(root: Path, arguments: WriteArguments, submodules: Collection[str] = ()) -> Plan:
    """Return what `arguments` would change in the worktree `root` as it is now.

    Raises:
        ToolError: it cannot be done, or a path is in one of the `submodules`.
    """

    def current(path: str) -> files.Current | None:
        require_outside(path, submodules)
        return files.current(root, path)

    return planned(arguments, current)


def planned(
    arguments: WriteArguments,
    current: Callable[[str], files.Current | None],
    put_back: PutBack = placeholders.put_back,
) -> Plan:
    """Return what `arguments` would change among files that `current` gives by their plain paths.

    `put_back` turns placeholders of secrets into what they stand for in the file.

    Raises:
        ToolError: it cannot be done, or `current` refuses a path.
    """
    match arguments:
        case WriteFile(path=path, content=content):
            path = _nameable(path)
            before = current(path)
            old_data = before.data if before else None
            after = edit.rewritten(path, old_data, put_back(path, content, old_data))
            return Plan((Change(path, before, after),))
        case ReplaceText(path=path, old=old, new=new, count=count):
            path = paths.plain_for_writing(path)
            before = _existing(path, current)
            old, new = (put_back(path, text, before.data) for text in (old, new))
            after = edit.replaced(path, before.data, old, new, count)
            return Plan((Change(path, before, after),))
        case DeleteFile(path=path):
            path = paths.plain_for_writing(path)
            return Plan((Change(path, _existing(path, current), None),))
        case MoveFile(source=source, target=target):
            source, target = paths.plain_for_writing(source), _nameable(target)
            before = _existing(source, current)
            if current(target) is not None:
                raise FileRefusedError(target, "exists already; delete it first, or take another")
            return Plan(
                (Change(source, before, None), Change(target, None, before.data)), moves=True
            )
    assert_never(arguments)


def carry_out(root: Path, planned: Plan) -> None:
    """Make the files as `planned` says, durably.

    Raises:
        ToolError: a file is no longer as the plan found it; it was left as it is.
    """
    first = planned.changes[0]
    if planned.moves and first.before is not None:
        files.move(root, first.path, planned.changes[1].path, first.before)
    elif first.after is not None:
        files.write(root, first.path, first.after, first.before)
    elif first.before is not None:
        files.delete(root, first.path, first.before)


def broken_python(planned: Plan, redact: Redact = without_secrets) -> tuple[str, str] | None:
    """Return ``path:line`` and Python's words if the plan leaves a Python file unreadable.

    They quote the file, so that it is looked at as `redact` shows it, if that is broken too.
    """
    for change in planned.changes:
        if change.after is None or planned.moves or not change.path.endswith(PYTHON_SUFFIXES):
            continue
        finding = syntax.finding(change.path, change.after)
        if finding is not None:
            shown = hidden(change.path, change.after, redact)
            finding = syntax.finding(change.path, shown) or finding
            return f"{change.path}:{finding.line}", finding.text
    return None


def _nameable(path: str) -> str:
    """Return the plain path of a file that may be new; no secret is put into a name."""
    placeholders.require_no_secret("path", path)
    return paths.plain_for_writing(path)


def _existing(path: str, current: Callable[[str], files.Current | None]) -> files.Current:
    found = current(path)
    if found is None:
        raise FileRefusedError(path, "does not exist")
    return found
