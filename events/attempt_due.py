"""What an attempt still owes the world: one step at a time, derived from its state alone."""

import msgspec

from events.attempt import Attempt, Gate, owes_setup
from events.attempt_events import (
    ToolStarted,
)
from events.attempt_terms import Call, Onto
from events.hint import Failure
from events.ids import TreeId


class OpenContext(msgspec.Struct, frozen=True):
    """Make the worktree, assemble the context from its base tree."""


class RunSetup(msgspec.Struct, frozen=True):
    """Run the setup command in the new worktree."""

    command: str


class PrepareCall(msgspec.Struct, frozen=True):
    """Build the next prompt and ask for leave to send it."""


class CallModel(msgspec.Struct, frozen=True):
    """Send the prompt, `delay_s` from now."""

    delay_s: float


class ConsiderTool(msgspec.Struct, frozen=True):
    """Validate the next tool call and ask for leave to run it."""

    call: Call


class RunTool(msgspec.Struct, frozen=True):
    """Run the tool call whose intent is on record."""

    call: Call
    started: ToolStarted


class AskApproval(msgspec.Struct, frozen=True):
    """Have a person asked."""

    gate: Gate


class AskForHint(msgspec.Struct, frozen=True):
    """Have QA read a failure."""

    failure: Failure


class RunCheck(msgspec.Struct, frozen=True):
    """Run the check on `tree`."""

    command: str
    tree: TreeId


class MergeTree(msgspec.Struct, frozen=True):
    """Merge the attempt's tree three-way onto the tip."""

    onto: Onto


class MakeCommit(msgspec.Struct, frozen=True):
    """Write the one commit of the ticket."""

    onto: Onto
    tree: TreeId


class Report(msgspec.Struct, frozen=True):
    """Tell the Conductor where the attempt stands: submitted, or over."""


Step = (
    OpenContext
    | RunSetup
    | PrepareCall
    | CallModel
    | ConsiderTool
    | RunTool
    | AskApproval
    | AskForHint
    | RunCheck
    | MergeTree
    | MakeCommit
    | Report
)

OutwardStep = RunSetup | CallModel | RunTool | RunCheck
"""What may reach beyond the run itself, and so waits until all that led to it is safe.

The other steps read, write what nobody refers to yet, or ask an actor that records before it acts:
a run that has forgotten them takes them again.
"""


def due(state: Attempt) -> Step | None:
    """Return the one thing that the attempt owes the world now; None before it is started."""
    if state.stage == "over":
        return Report()
    if state.gate is not None:
        return AskApproval(state.gate)
    if state.failure is not None:
        return AskForHint(state.failure)
    if owes_setup(state):
        return RunSetup(state.bound.setup)
    match state.stage:
        case "new":
            return None
        case "opening":
            return OpenContext()
        case "turns":
            return _due_in_turn(state)
        case "checking":
            return RunCheck(state.bound.check, state.tree)
        case "submitted":
            return Report()
        case "merging" if state.onto is not None:
            return MergeTree(state.onto)
        case "merge_checking" if state.merged is not None:
            return RunCheck(state.bound.check, state.merged)
        case "committing" if state.onto is not None and state.merged is not None:
            return MakeCommit(state.onto, state.merged)
    msg = f"an attempt cannot be {state.stage} without its facts"
    raise AssertionError(msg)


def _due_in_turn(state: Attempt) -> Step:
    if state.running is not None and state.permit is None:
        return RunTool(state.pending[0], state.running)
    if state.pending:
        return ConsiderTool(state.pending[0])
    if state.call is not None:
        return CallModel(state.delay_s)
    return PrepareCall()
