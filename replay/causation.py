"""What led to a record: the table of causes, from each command to the record that it came from."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from events import (
    approval,
    attempt_commands,
    hint,
    journal,
    run_commands,
)
from events.approval import ApprovalAnswered, ApprovalAsked
from events.attempt_events import (
    AttemptEnded,
    AttemptStarted,
    AttemptSubmitted,
    CallBegun,
    CallFailed,
    CheckRan,
    ContextAssembled,
    MergeBegun,
    ReplyRecorded,
    SetupRan,
    ToolFinished,
    ToolGated,
    ToolStarted,
    TreeMerged,
    WorkFinished,
)
from events.base import Command, Event
from events.fork_words import RunForked
from events.hint import HintAsked, HintGiven
from events.ids import TicketId, stream_of
from events.run_events import (
    ActorCrashed,
    BlockerChanged,
    MergeGranted,
    MergeQueued,
    RunCancelled,
    RunEnded,
    TicketAssigned,
    TicketBlocked,
    TicketCompleted,
    TicketReleased,
    TicketRequeued,
    TicketSkipped,
    TicketsPlanned,
    TicketUnlocked,
)
from events.streams import LOG, RUN
from replay.decisions import Decision, command_of
from replay.records import Streams, attempt_in
from store.log import Recorded

ROOTS = (ReplyRecorded, CallFailed, ActorCrashed, TicketsPlanned)
"""Where a chain begins: the model, its provider, a bug, the plan. Persons have no record before
theirs."""


def cause_of(
    records: Streams, recorded: Recorded, *, beyond_roots: bool = False
) -> Recorded | None:
    """Return the record that led to `recorded`; None if the log knows of nothing before it.

    A chain that goes `beyond_roots` goes from an answer on to the call that asked for it.
    """
    if isinstance(recorded.event, ROOTS) and not beyond_roots:
        return None
    if isinstance(recorded.event, BlockerChanged):
        return _blocked(records, recorded.event.by, recorded.position)
    if isinstance(recorded.event, TicketAssigned):
        return _made_ready(records, recorded)
    made = records.decision(recorded)
    place = recorded.position - made[0].position
    if place:
        return _within(made, place)
    command = command_of(Decision((recorded,)))
    finder = _FINDERS.get(type(command))
    return None if finder is None else finder(records, recorded, command)


def _within(made: Sequence[Recorded], place: int) -> Recorded:
    """Return which earlier event of the same decision the event at `place` follows from."""
    match made[place].event:
        case TicketBlocked(block=block) if block.by is not None:
            before = (made[other] for other in range(place - 1, -1, -1))
            return next(
                one
                for one in before
                if isinstance(one.event, TicketBlocked) and one.event.ticket == block.by
            )
        case TicketUnlocked() | TicketReleased():
            return made[0]
    return made[place - 1]


def _blocked(records: Streams, ticket: TicketId, before: int) -> Recorded | None:
    return records.last_about(ticket, before, TicketBlocked)


Finder = Callable[[Streams, Recorded, Any], Recorded | None]


def _made_ready(records: Streams, recorded: Recorded) -> Recorded | None:
    """Return what let a ticket be assigned: its plan, an unlocking, a release, or a new try."""
    before, ticket = recorded.position, getattr(recorded.event, "ticket", None)
    ways = (TicketUnlocked, TicketRequeued, TicketReleased)
    found = [records.last_about(ticket, before, way) for way in ways]
    return _latest([*found, records.last_about(None, before, TicketsPlanned)])


def _latest(found: Iterable[Recorded | None]) -> Recorded | None:
    there = (one for one in found if one is not None)
    return max(there, key=lambda one: one.position, default=None)


def _of_attempt(kind: Any, fits: Callable[[Any, Any], bool] = lambda *_: True) -> Finder:  # noqa: ANN401 - a type of event
    """Return a finder in the stream of the attempt that the command, or its stream, is about."""

    def find(records: Streams, recorded: Recorded, command: Any) -> Recorded | None:  # noqa: ANN401 - likewise
        attempt = getattr(command, "attempt", None) or attempt_in(recorded.stream)
        stream = stream_of("attempt", attempt)
        return records.last(stream, recorded.position, kind, lambda it: fits(it, command))

    return find


def _of_run(kind: Any, fits: Callable[[Any, Any], bool]) -> Finder:  # noqa: ANN401 - a type of event
    """Return a finder in the stream of the run; `fits` gets an event and the attempt."""

    def find(records: Streams, recorded: Recorded, command: Any) -> Recorded | None:  # noqa: ANN401 - likewise
        attempt = getattr(command, "attempt", None) or attempt_in(recorded.stream)
        return records.last(RUN, recorded.position, kind, lambda it: fits(it, attempt))

    return find


def _of_question(kind: Any) -> Finder:  # noqa: ANN401 - a type of event
    """Return a finder in the stream of the question that the command names, else in its own."""

    def find(records: Streams, recorded: Recorded, command: Any) -> Recorded | None:  # noqa: ANN401 - of several types
        approval = getattr(command, "approval", None)
        stream = recorded.stream if approval is None else stream_of("approval", approval)
        return records.last(stream, recorded.position, kind)

    return find


def _answered(
    records: Streams, recorded: Recorded, command: run_commands.UnparkTicket
) -> Recorded | None:
    """Return the last answer to a question of an attempt."""
    gated = _of_attempt(ToolGated)(records, recorded, command)
    if gated is None or not isinstance(gated.event, ToolGated):
        return None
    stream = stream_of("approval", gated.event.approval)
    return records.last(stream, recorded.position, ApprovalAnswered)


def _hinted(
    records: Streams, recorded: Recorded, command: attempt_commands.TakeHint
) -> Recorded | None:
    name = f"{attempt_in(recorded.stream)}.{command.call}"
    return records.last(stream_of("hint", name), recorded.position, HintGiven)


def _failed(records: Streams, recorded: Recorded, command: hint.AskHint) -> Recorded | None:
    """Return the record of what failed: a tool call, a check, or the setup."""
    failure = command.failure
    stream, before = stream_of("attempt", failure.attempt), recorded.position
    if failure.call == "setup":
        return records.last(stream, before, SetupRan)
    if failure.call.startswith(("check", "merge_check")):
        return records.last(stream, before, CheckRan)
    return records.last(stream, before, ToolFinished, lambda one: one.call == failure.call)


def _asked_for(
    records: Streams, recorded: Recorded, command: attempt_commands.RequestTool
) -> Recorded | None:
    """Return the answer of the model that asked for a call."""
    return records.last(
        recorded.stream,
        recorded.position,
        ReplyRecorded,
        lambda one: any(asked.call == command.call for asked in one.calls),
    )


def _finished(records: Streams, recorded: Recorded, _: Command) -> Recorded | None:
    """Return what a check was run for: the merged tree, or the word of the worker."""
    merged = isinstance(recorded.event, CheckRan) and recorded.event.merged
    kind = TreeMerged if merged else WorkFinished
    return records.last(recorded.stream, recorded.position, kind)


def _merging(records: Streams, recorded: Recorded, _: Command) -> Recorded | None:
    """Return the leave to merge; of a conflict, the ticket that had moved the tip."""
    begun = records.last(recorded.stream, recorded.position, MergeBegun)
    if begun is None or not isinstance(recorded.event, AttemptEnded):
        return begun
    tip = begun.event.onto.commit if isinstance(begun.event, MergeBegun) else ""
    moved = records.last(RUN, begun.position, TicketCompleted, lambda one: one.commit == tip)
    return moved or begun


def _mergeable(records: Streams, recorded: Recorded, _: Command) -> Recorded | None:
    """Return the merge; if the merged tree was checked again, the check."""
    stream, before = recorded.stream, recorded.position
    checked = records.last(stream, before, CheckRan, lambda one: one.merged)
    return _latest([records.last(stream, before, TreeMerged), checked])


def _ended(records: Streams, recorded: Recorded, _: Command) -> Recorded | None:
    """Return the last thing that happened to a ticket, or the cancelling of the run."""
    before = recorded.position
    if isinstance(recorded.event, RunEnded) and recorded.event.ending == "blocked":
        return records.last(RUN, before, TicketBlocked, lambda one: one.block.by is None)
    kinds: tuple[type[Event], ...] = (TicketCompleted, TicketSkipped, RunCancelled)
    return _latest(records.last(RUN, before, kind) for kind in kinds)


def _begun(records: Streams, recorded: Recorded, _: Command) -> Recorded | None:
    """Return what came before a call; if a limit forbade it, where the limits stand."""
    if isinstance(recorded.event, AttemptEnded):
        return records.last(recorded.stream, recorded.position, AttemptStarted)
    return records.last(recorded.stream, recorded.position, Event)


def _opened(records: Streams, recorded: Recorded, _: Command) -> Recorded | None:
    return records.last(LOG, recorded.position, journal.LogOpened)


_FINDERS: dict[Any, Finder] = {
    run_commands.ParkTicket: _of_question(ApprovalAsked),
    run_commands.HoldTicket: _of_attempt(CallFailed),
    run_commands.UnparkTicket: _answered,
    run_commands.AmendPolicy: lambda records, recorded, command: records.last(
        stream_of("approval", command.amendment.approval), recorded.position, ApprovalAnswered
    ),
    run_commands.QueueMerge: _of_attempt(AttemptSubmitted),
    run_commands.GrantMerge: lambda records, recorded, _: records.last(
        RUN,
        recorded.position,
        MergeQueued,
        lambda one: one.attempt == getattr(recorded.event, "attempt", None),
    ),
    run_commands.RecordResult: _of_attempt(AttemptEnded),
    run_commands.EndRun: _ended,
    run_commands.RecordDelivery: lambda records, recorded, _: records.last(
        RUN, recorded.position, RunEnded
    ),
    attempt_commands.StartAttempt: _of_run(
        TicketAssigned, lambda one, attempt: one.attempt == attempt
    ),
    attempt_commands.RecordContext: _of_attempt(AttemptStarted),
    attempt_commands.RecordSetup: _of_attempt(ContextAssembled),
    attempt_commands.ReportWorktreeLost: _opened,
    attempt_commands.BeginCall: _begun,
    attempt_commands.RecordReply: _of_attempt(CallBegun),
    attempt_commands.RecordCallFailure: _of_attempt(CallBegun),
    attempt_commands.RequestTool: _asked_for,
    attempt_commands.RecordToolResult: _of_attempt(
        ToolStarted, lambda one, command: one.call == command.call
    ),
    attempt_commands.ReviewDoubt: _opened,
    attempt_commands.RecordAnswer: _of_question(ApprovalAnswered),
    attempt_commands.TakeHint: _hinted,
    attempt_commands.RecordCheck: _finished,
    attempt_commands.BeginMerge: _of_run(MergeGranted, lambda one, attempt: one.attempt == attempt),
    attempt_commands.RecordMerge: _merging,
    attempt_commands.RecordCommit: _mergeable,
    attempt_commands.RebindAttempt: _of_run(RunForked, lambda *_: True),
    attempt_commands.EndAttempt: _of_run(ActorCrashed, lambda one, attempt: one.attempt == attempt),
    hint.AskHint: _failed,
    hint.RecordHint: lambda records, recorded, _: records.last(
        recorded.stream, recorded.position, HintAsked
    ),
    approval.Ask: lambda records, recorded, command: records.last(
        stream_of("attempt", command.question.attempt),
        recorded.position,
        ToolGated,
        lambda one: one.approval == command.question.approval,
    ),
    approval.Settle: _of_question(ApprovalAsked),
    approval.Expire: _of_question(ApprovalAsked),
    approval.Void: _of_question(ApprovalAsked),
}
"""Command -> how to find what it came from. Those that are not here came from a person, or mark the
beginning."""
