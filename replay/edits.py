"""Edits done again on paper: the tree before, the recorded call, and the tree that must follow."""

from collections.abc import Iterator

from events.attempt import Attempt
from events.attempt_commands import RecordToolResult
from events.attempt_events import ToolStarted
from events.ids import Digest, TreeId
from replay.decisions import Scene
from replay.desk import Desk
from replay.divergence import Divergence
from workspace.errors import FileRefusedError, SecretRefusedError, ToolError
from workspace.files import Current
from workspace.objects import Member, edited_tree, object_id
from workspace.tool_schemas import Tool, WriteArguments, decoded_arguments
from workspace.tools import edit_digest
from workspace.writing import Plan, planned

_MODES = {"100644": 0o644, "100755": 0o755}
_EXECUTABLE = 0o100


def edited_again(scene: Scene, desk: Desk) -> Iterator[Divergence]:
    """Give what differs if a recorded tool call is done again on the tree before it.

    A command is not run again. An edit of a file that git ignores starts from bytes that are in no
    tree; of it only that nothing else has changed is checked.

    Raises:
        DamageError: the arguments of the call are lost.
        TreeMissingError, ObjectDamagedError: a file of the tree before is.
    """
    state, command = scene.state, scene.command
    if not isinstance(command, RecordToolResult) or not isinstance(state, Attempt):
        return
    started = state.running
    if started is None:
        return
    if started.action.effect == "command":
        desk.counts.commands += 1
        return
    desk.counts.edits += 1
    if started.action.effect == "write" and command.outcome.ok:
        expected = _tree_after(state, started, command.tree, desk)
    else:
        expected = started.tree
    if expected != command.tree:
        yield scene.decision.differs("edit", expected, command.tree)


def _tree_after(state: Attempt, started: ToolStarted, recorded: TreeId, desk: Desk) -> str:
    """Return the tree that the edit leads to, or why it leads to none."""
    call = state.pending[0]
    text = desk.read(call.arguments if started.arguments is None else started.arguments)
    try:
        tool, arguments = decoded_arguments(call.tool, text)
        assert isinstance(arguments, WriteArguments), "only edits are of the effect `write`"
        plan = _planned(arguments, desk, started.tree)
    except ToolError as error:
        missing = [path for path in started.action.paths if _is_missing(desk, started.tree, path)]
        if not missing:
            return f"refused: {error}"
        return _ignored(started, recorded, desk)
    expected = edited_tree(desk.objects, started.tree, _members(plan, started.tree))
    policy = state.bound.policy.version
    if expected != recorded and _started_elsewhere(tool, arguments, plan, policy, started):
        return _ignored(started, recorded, desk)
    return expected


def _planned(arguments: WriteArguments, desk: Desk, tree: TreeId) -> Plan:
    def current(path: str) -> Current | None:
        return _current(desk, tree, path)

    try:
        return planned(arguments, current)
    except SecretRefusedError:
        # Older versions wrote placeholders as they stand.
        return planned(arguments, current, lambda _path, written, _before: written)


def _started_elsewhere(
    tool: Tool, arguments: WriteArguments, plan: Plan, policy: Digest, started: ToolStarted
) -> bool:
    """Return whether the edit found a file that is in no tree: git ignores it."""
    unknown = any(change.before is None for change in plan.changes)
    return unknown and edit_digest(tool, arguments, plan, policy) != started.action.digest


def _ignored(started: ToolStarted, recorded: TreeId, desk: Desk) -> str:
    """Return the tree before with the paths of the edit as they are recorded after it."""
    desk.counts.edits -= 1
    desk.counts.unseen_edits += 1
    taken = {path: desk.objects.find(recorded, path) for path in started.action.paths}
    return edited_tree(desk.objects, started.tree, taken)


def _current(desk: Desk, tree: TreeId, path: str) -> Current | None:
    found = desk.objects.find(tree, path)
    if found is None:
        return None
    if found.mode not in _MODES:
        raise FileRefusedError(path, "is no regular file")
    return Current(desk.objects.blob(found.object), _MODES[found.mode])


def _is_missing(desk: Desk, tree: TreeId, path: str) -> bool:
    return desk.objects.find(tree, path) is None


def _members(plan: Plan, like: TreeId) -> dict[str, Member | None]:
    mode = next((change.before.mode for change in plan.changes if change.before), 0o644)
    shown = "100755" if mode & _EXECUTABLE else "100644"
    return {
        change.path: None
        if change.after is None
        else Member(shown, object_id("blob", change.after, like))
        for change in plan.changes
    }
