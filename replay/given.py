"""What a person puts in the place of a model's answer: where it may stand, how it is recorded."""

from collections.abc import Sequence

import msgspec

from events.attempt_commands import RecordReply
from events.attempt_events import CallFailed, ReplyRecorded
from events.attempt_terms import Call
from events.base import Command, Event
from events.conversation import RequestedCall
from events.hint import HintGiven, RecordHint
from events.ids import CallId
from events.payload import KeepText
from events.secret_patterns import Redact, without_secrets
from replay.decisions import Decision
from replay.errors import NotInHistoryError

OPENING_CHARS = 400
"""Of a reply, as `events.attempt_commands.RecordReply` has it."""


class GivenReply(msgspec.Struct, frozen=True, kw_only=True):
    """A reply that a person gives in the place of a worker's model."""

    position: int
    """Of the reply, or of the failed call, in the parent's log."""
    text: str
    calls: tuple[RequestedCall, ...] = ()
    by: str
    """Who says so: what `served_by` is in the fork."""


class GivenHint(msgspec.Struct, frozen=True, kw_only=True):
    """A hint that a person gives in the place of QA."""

    position: int
    """Of the hint in the parent's log."""
    words: str


Given = GivenReply | GivenHint


def answered(everything: Sequence[Decision], given: Given) -> Decision:
    """Return the decision that took down what was said in the parent.

    Raises:
        NotInHistoryError: nothing was said at that position, or something of the other kind.
    """
    for decision in everything:
        for recorded in decision.records:
            if recorded.position == given.position:
                _check_kind(recorded.event, given)
                return decision
    raise _no_answer(given)


def _check_kind(said: Event, given: Given) -> None:
    match said, given:
        case ((ReplyRecorded() | CallFailed()), GivenReply()):
            return
        case HintGiven(), GivenHint():
            return
        case HintGiven(), GivenReply():
            wanted = 'is a hint of QA: give it as {"hint": "at most 20 words"}'
        case ((ReplyRecorded() | CallFailed()), GivenHint()):
            wanted = "is a reply of a worker's model: give it as one turn of a playbook"
        case _:
            raise _no_answer(given)
    raise NotInHistoryError(f"position {given.position} {wanted}")


def _no_answer(given: Given) -> NotInHistoryError:
    return NotInHistoryError(f"position {given.position} is no answer of a model")


def left_at(everything: Sequence[Decision], said: Decision, at: int | None) -> int:
    """Return where a fork leaves its parent so that what `said` answers is still out there.

    Raises:
        NotInHistoryError: at position `at` it was not.
    """
    own = (one.end for one in everything if one.stream == said.stream)
    begun = max(end for end in own if end < said.position)
    if at is None:
        return said.position - 1
    if begun <= at < said.position:
        return at
    raise NotInHistoryError(
        f"at position {at} that call was not out: it was from {begun} to {said.position - 1}"
    )


def command_of(given: Given, keep: KeepText, redact: Redact = without_secrets) -> Command:
    """Return what puts the answer on record; `keep` takes its secrets out too."""
    if isinstance(given, GivenHint):
        return RecordHint(redact(given.words), "person")
    calls = (
        Call(CallId(""), call.tool, keep(call.arguments), call.native_id) for call in given.calls
    )
    return RecordReply(
        keep(given.text),
        tuple(calls),
        served_by=given.by,
        opening=redact(given.text)[:OPENING_CHARS],
    )
