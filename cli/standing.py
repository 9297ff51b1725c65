"""How a run stands, in one word; and what an attempt is doing just now."""

from typing import Literal

from cli.exit_code import ExitCode
from events.attempt import Attempt
from events.attempt_due import (
    AskApproval,
    AskForHint,
    CallModel,
    ConsiderTool,
    MakeCommit,
    MergeTree,
    OpenContext,
    PrepareCall,
    Report,
    RunCheck,
    RunSetup,
    RunTool,
    due,
)
from events.run import Run
from events.run_events import RunDelivered

Standing = Literal[
    "completed", "blocked", "cancelled", "waiting", "paused", "running", "interrupted"
]

_EXIT_CODES: dict[Standing, ExitCode] = {
    "completed": ExitCode.COMPLETED,
    "blocked": ExitCode.BLOCKED,
    "cancelled": ExitCode.BLOCKED,
    "waiting": ExitCode.WAITING,
    "paused": ExitCode.WAITING,
    "running": ExitCode.COMPLETED,
    "interrupted": ExitCode.INTERRUPTED,
}


def standing_of(run: Run, *, held: bool) -> Standing:
    """Return how a run stands.

    Args:
        run: The run as its log has it.
        held: Whether a live process works on it. Without one a run that neither ended nor rests
            was interrupted.
    """
    if run.standing == "ended" and run.ending is not None:
        return run.ending
    if run.track is not None and not run.track.count("in_progress"):
        if run.standing == "paused":
            return "paused"
        if run.standing == "running" and run.waits:
            return "waiting"
    return "running" if held else "interrupted"


def exit_code_of(standing: Standing, delivery: RunDelivered | None = None) -> ExitCode:
    """Return what a process says that leaves a run so: a refused delivery is no success."""
    if standing == "completed" and delivery is not None and delivery.how == "none":
        return ExitCode.BLOCKED
    return _EXIT_CODES[standing]


def doing(attempt: Attempt) -> str:
    """Return what an attempt does or waits for, in a few words; empty once it is over."""
    step = due(attempt)
    match step:
        case CallModel(delay_s=delay_s):
            return f"asks the model again after {delay_s:g} s" if delay_s else "asks the model"
        case ConsiderTool(call=call) | RunTool(call=call):
            return f"runs {call.tool}"
        case AskApproval(gate=gate):
            return f"waits for approval {gate.approval}"
        case Report():
            return "" if attempt.stage == "over" else "waits for its merge"
        case _:
            return _DOING[type(step)]


_DOING: dict[type, str] = {
    type(None): "starts",
    OpenContext: "reads its context",
    RunSetup: "runs the setup",
    PrepareCall: "prepares a prompt",
    AskForHint: "waits for a hint",
    RunCheck: "runs the check",
    MergeTree: "is merged",
    MakeCommit: "is committed",
}
