"""Why something is as it is: the chain of causes, back to who or what began it."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from events.attempt_commands import RequestTool
from events.base import Event
from events.ids import CallId, Digest, RunId, StreamId, TicketId
from events.payload import ReadText
from events.run import Run
from events.run_events import (
    BlockerChanged,
    BudgetExceeded,
    RunCancelled,
    TicketAssigned,
    TicketBlocked,
    TicketCompleted,
    TicketParked,
    TicketReleased,
    TicketRequeued,
    TicketSkipped,
    TicketsPlanned,
    TicketUnlocked,
    TicketUnparked,
)
from events.state_digest import state_digest
from events.streams import RUN
from events.ticket import DONE, OPEN, Ticket, TicketState
from replay.causation import cause_of
from replay.decisions import Decision, command_of
from replay.errors import MomentUnknownError
from replay.evidence import evidence_of
from replay.records import Records, attempt_in
from replay.show import planned, require_ticket
from replay.worktrees import as_seen_from_within
from store.log import Recorded

Describe = Callable[[Event], str]
"""Says in a few words what an event is about."""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """One record of a chain of causes."""

    position: int
    at: str
    stream: StreamId
    type: str
    """Of the event, as its record spells it."""
    what: str
    evidence: str
    """The words, the command, the rule or the output that it rests on; often empty."""


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """What `why` answers."""

    code: str = "why"
    position: int
    """The last one of the log."""
    digest: Digest
    """Of the state there."""
    run: RunId
    about: str
    """The ticket, or the position."""
    standing: str
    """One sentence: how it stands."""
    links: tuple[Link, ...]
    """From what is to be explained to the first cause; each was caused by the next."""
    earlier: tuple[Link, ...]
    """Attempts at the ticket that came to nothing before, the first ones first."""


def why_ticket(records: Records, name: TicketId, describe: Describe) -> Why:
    """Return why a ticket stands as it does at the end of the log.

    Raises:
        NotInHistoryError: the run has no such ticket.
        DamageError: a kept text is lost.
    """
    run = planned(records.world)
    ticket = require_ticket(run, name)
    start = _moved(records, ticket)
    chain = list(_chain(records, start))
    tries = [one.event for one in chain if isinstance(one.event, TicketRequeued)]
    earlier = [
        one
        for one in records.of(RUN)
        if isinstance(one.event, TicketRequeued)
        and one.event.ticket in _roots(chain, name)
        and one.event not in tries
    ]
    return Why(
        position=records.world.position,
        digest=state_digest(records.world),
        run=run.facts.run,
        about=name,
        standing=_standing(run, ticket),
        links=tuple(_links(records, chain, describe)),
        earlier=tuple(_links(records, earlier, describe)),
    )


def why_position(records: Records, position: int, describe: Describe) -> Why:
    """Return why the record at a position was written; it is the one that `records` is about.

    Raises:
        MomentUnknownError: the log has no such position.
        DamageError: a kept text is lost.
    """
    start = records.about
    run = records.world.run
    if start is None:
        last = records.world.position
        raise MomentUnknownError(f"there is no position {position}: the log goes from 1 to {last}")
    chain = list(_chain(records, start))
    return Why(
        position=records.world.position,
        digest=state_digest(records.world),
        run=run.facts.run,
        about=str(position),
        standing=f"{start.stream}: {describe(start.event)}",
        links=tuple(_links(records, chain, describe)),
        earlier=(),
    )


_MOVES: dict[TicketState, tuple[type[Event], ...]] = {
    "blocked": (TicketBlocked, BlockerChanged),
    "completed": (TicketCompleted,),
    "skipped": (TicketSkipped,),
    "step_paused": (TicketParked, TicketAssigned, BudgetExceeded),
    "in_progress": (TicketAssigned, TicketUnparked),
    "pending": (TicketUnlocked, TicketRequeued, TicketReleased),
    "locked": (TicketReleased,),
}
"""Which events leave a ticket in a state."""


def _moved(records: Records, ticket: Ticket) -> Recorded:
    """Return what brought a ticket where it is; of a locked one, what holds it up."""
    if _is_called_off(records.world.run, ticket):
        called_off = records.last(RUN, records.world.position + 1, RunCancelled)
        assert called_off is not None, "no run is cancelled without a word"
        return called_off
    while ticket.status == "locked":
        ticket = _open_dependencies(records.world.run, ticket)[0]
    kinds = _MOVES[ticket.status]
    for recorded in reversed(records.of(RUN)):
        if isinstance(recorded.event, kinds) and _is_about(recorded.event, ticket):
            return recorded
    found = records.last(RUN, records.world.position + 1, TicketsPlanned)
    assert found is not None, "a ticket that never moved is as it was planned"
    return found


def _is_called_off(run: Run, ticket: Ticket) -> bool:
    return run.ending == "cancelled" and ticket.status in OPEN


def _is_about(event: Event, ticket: Ticket) -> bool:
    if isinstance(event, BudgetExceeded):
        return event.attempt.rpartition(".")[0] == ticket.id
    return bool(getattr(event, "ticket", None) == ticket.id)


def _open_dependencies(run: Run, ticket: Ticket) -> list[Ticket]:
    needed = (run.plan[name] for name in ticket.depends_on)
    return [one for one in needed if one.status not in DONE]


def _standing(run: Run, ticket: Ticket) -> str:
    if _is_called_off(run, ticket):
        return f"{ticket.id} was called off: the run was cancelled"
    words = f"{ticket.id} is {ticket.status.replace('_', ' ')}"
    if ticket.status == "locked":
        needed = ", ".join(
            f"{one.id} ({one.status.replace('_', ' ')})" for one in _open_dependencies(run, ticket)
        )
        return f"{words}: it needs {needed}"
    if ticket.status == "pending" and run.standing != "running":
        return f"{words}: it is ready, and the run is {run.standing}"
    if ticket.status == "pending":
        return f"{words}: it is ready and waits for a free worker"
    if ticket.waits_for is not None:
        return f"{words}: it waits for {ticket.waits_for}"
    return words


def _chain(records: Records, start: Recorded) -> Iterator[Recorded]:
    """Give a record, what led to it, what led to that ...; positions only fall, so it ends."""
    link: Recorded | None = start
    while link is not None:
        yield link
        link = cause_of(records, link)


def _roots(chain: list[Recorded], name: TicketId) -> set[Any]:
    """Return the tickets whose attempts the chain is about."""
    named = {getattr(one.event, "ticket", None) for one in chain}
    return {name, *named}


def _reader(records: Records, recorded: Recorded) -> ReadText:
    """Return what reads the texts of a record, with the paths of its worktree cut short."""
    attempt = attempt_in(recorded.stream)
    if not attempt:
        return records.text
    return lambda text: as_seen_from_within(records.text(text), attempt)


def _links(records: Records, chain: list[Recorded], describe: Describe) -> Iterator[Link]:
    call: CallId | None = None
    for recorded in chain:
        event = recorded.event
        yield Link(
            position=recorded.position,
            at=recorded.at,
            stream=recorded.stream,
            type=str(type(event).__struct_config__.tag),
            what=describe(event),
            evidence=evidence_of(event, _reader(records, recorded), call),
        )
        command = command_of(Decision((records.decision(recorded)[0],)))
        call = command.call if isinstance(command, RequestTool) else None
