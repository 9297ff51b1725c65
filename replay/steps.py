"""The steps of an attempt that two runs can be compared by: what was said and done, and no clock.

Left out is what differs between any two runs of the same track: times, durations, the order of
merges, ids of trees and commits that follow from it, prompts that hold those, and what a crash
adds; and the name of the model, since what counts is what it said. Of a tool that changes files
the change counts, not the tree around it.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from events.action import Action, Outcome
from events.attempt_events import (
    AnswerTaken,
    AttemptEnded,
    AttemptStarted,
    CallFailed,
    CheckRan,
    ContextAssembled,
    HintTaken,
    ReplyRecorded,
    SetupRan,
    ToolFinished,
    ToolGated,
    WorkFinished,
)
from events.base import Event
from events.conversation import digest_of
from events.ids import Digest
from workspace.objects import Member


class Step(NamedTuple):
    """One step of an attempt."""

    position: int
    key: Digest
    """Equal for equal steps."""


Change = tuple[str, Member | None]
"""A path, and what it holds afterwards."""


def key_of(event: Event, changes: Sequence[Change] = ()) -> Digest | None:
    """Return what tells a step from another one; None if the event is no step.

    Args:
        event: of the record.
        changes: what it changed in the worktree.
    """
    facts = _facts(event)
    if facts is None:
        return None
    return digest_of(type(event).__struct_config__.tag, facts, list(changes))


def _facts(event: Event) -> Any:  # noqa: ANN401 - whatever tells steps of a kind apart
    match event:
        case AttemptStarted():
            return "started"
        case ContextAssembled(digest=digest, tools=tools):
            return digest, tools
        case ReplyRecorded(text=text, calls=calls):
            return text, [(call.tool, call.arguments) for call in calls]
        case CallFailed(kind=kind):
            return kind
        case ToolGated(action=action):
            return _action(action)
        case AnswerTaken(answer=answer):
            return answer.verdict, answer.arguments
        case ToolFinished(call=call, outcome=outcome):
            return call, _outcome(outcome)
        case SetupRan(outcome=outcome):
            return _outcome(outcome)
        case CheckRan(outcome=outcome, merged=False):
            return _outcome(outcome)
        case HintTaken(call=call, words=words):
            return call, words
        case WorkFinished(summary=summary):
            return summary
        case AttemptEnded(result=result, reason=reason):
            return result, reason
    return None


def _action(action: Action) -> Any:  # noqa: ANN401 - likewise
    return action.kind, action.tool, action.paths, action.command


def _outcome(outcome: Outcome) -> Any:  # noqa: ANN401 - likewise
    """Return an outcome without its clock; a command prints times, so its words are left out."""
    words = "" if outcome.command else outcome.text
    return outcome.ok, outcome.exit_code, outcome.signal, outcome.timed_out, outcome.finding, words
