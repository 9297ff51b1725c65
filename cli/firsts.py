"""Who was first: what a refusal adds if somebody has done already what is asked for."""

import msgspec

from cli.history import History, fold_log
from events.approval import ApprovalAnswered
from events.base import Command
from events.ids import ApprovalId, stream_of
from events.run_commands import (
    CancelRun,
    ContinueRun,
    DeclineBudget,
    OperatorCommand,
    PauseRun,
    RaiseBudget,
    ReleaseTicket,
    SkipTicket,
)
from store.log import Recorded

_DID: dict[type[Command], tuple[str, str]] = {
    CancelRun: ("run", "cancelled the run"),
    ContinueRun: ("run", "went on with the run"),
    DeclineBudget: ("budget", "ended the wait for more budget"),
    PauseRun: ("run", "paused the run"),
    RaiseBudget: ("budget", "raised the budget"),
    ReleaseTicket: ("ticket", 'released ticket "{}"'),
    SkipTicket: ("ticket", 'skipped ticket "{}"'),
}
"""Command -> what it is about, and what has been done then, with a place for the ticket."""


class _Cause(msgspec.Struct, frozen=True):
    """What is looked at of the command that caused an event."""

    type: str = ""
    by: str = ""
    ticket: str = ""


def answered_before(history: History, approval: ApprovalId) -> str:
    """Return when and from where a question was answered, to be put behind who did it.

    Empty if it was not answered.
    """
    found: list[str] = []
    stream = stream_of("approval", approval)

    def take(recorded: Recorded) -> None:
        if recorded.stream == stream and isinstance(recorded.event, ApprovalAnswered):
            found.append(f" by {recorded.event.answer.via}, at {recorded.at}")

    fold_log(history.folder.log, take)
    return "".join(found)


def done_before(history: History, command: OperatorCommand) -> str:
    """Return who did the same and when, if it is the last thing that a person did about it.

    Empty if it is not. Each ticket is a thing, and so are the budget and the run as a whole.
    """
    if type(command) not in _DID:
        return ""
    topic, did = _DID[type(command)]
    ticket = getattr(command, "ticket", "")
    found: list[str] = []

    def take(recorded: Recorded) -> None:
        cause = msgspec.json.decode(recorded.cause, type=_Cause | None)
        if cause is not None and (_TOPICS.get(cause.type), cause.ticket) == (topic, ticket):
            same = cause.type == _tag(type(command))
            found[:] = [f"; {cause.by} {did.format(ticket)} at {recorded.at}"] if same else []

    fold_log(history.folder.log, take)
    return "".join(found)


def _tag(kind: type[Command]) -> str:
    return str(kind.__struct_config__.tag)


_TOPICS = {_tag(kind): topic for kind, (topic, _) in _DID.items()}
