"""The plan of a run is put on record: in pieces, of which a kill may leave only the first ones."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from cli.errors import InputUnreadableError, NotPlannedError
from cli.inputs import read_input
from cli.wiring import OpenRun
from events.ids import RunId
from events.run import Run
from events.run_commands import PlanTickets, StartRun
from events.run_rules import DECIDER
from events.run_terms import Start
from events.streams import RUN
from events.ticket import Ticket
from events.track_file import parse_track
from store.entity import Entity
from store.errors import LogPoisonedError

PIECE_BYTES = 200_000
"""Tickets of one record: a record holds them twice, in cause and event, and may have 1 MiB."""

_ANEW = "start the track again, under another name"


def record_plan(this: OpenRun, start: Start, tickets: Sequence[Ticket]) -> None:
    """Put a new run on record, with all of its tickets.

    Raises:
        LogPoisonedError: the disk takes no more. If it did not take the start of the run, nothing
            is on record to go on from.
    """
    try:
        _record(this, plan_of(start, tickets))
    except LogPoisonedError as error:
        if this.world.run.standing == "new":
            raise LogPoisonedError(error.path, 0, error.cause) from error
        raise


def complete_plan(this: OpenRun, tickets: Sequence[Ticket]) -> None:
    """Put `tickets` on record, which a kill left out of the plan."""
    if tickets:
        _record(this, map(PlanTickets, _pieces(tickets)))


def left_out(run: Run, name: RunId) -> Sequence[Ticket]:
    """Return the tickets that a kill left out of the plan, as the track file has them.

    Raises:
        NotPlannedError: the run never began, or the file is not what it began with.
    """
    if run.standing == "new":
        raise NotPlannedError(name)
    if run.standing != "planning":
        return ()
    facts = run.facts
    try:
        data = read_input(facts.source)
    except InputUnreadableError as error:
        raise NotPlannedError(name, f"{error}; {_ANEW}") from error
    same = hashlib.sha256(data).hexdigest() == facts.track_digest
    tickets = parse_track(data, facts.source).tickets if same else ()
    if len(tickets) != facts.tickets:
        raise NotPlannedError(name, f"{facts.source} has changed since; {_ANEW}")
    return tickets[len(run.planned) :]


def plan_of(start: Start, tickets: Sequence[Ticket]) -> Iterator[StartRun | PlanTickets]:
    """Give the commands that put a whole plan on record, each small enough for one record."""
    first, *others = _pieces(tickets)
    yield StartRun(start, first)
    yield from map(PlanTickets, others)


def _record(this: OpenRun, commands: Iterable[StartRun | PlanTickets]) -> None:
    version = this.world.versions.get(RUN, 0)
    planning = Entity(this.log, RUN, DECIDER, this.world.run, version)
    for command in commands:
        planning.enqueue(command)
    planning.flush()


def _pieces(tickets: Sequence[Ticket]) -> Iterator[tuple[Ticket, ...]]:
    piece: list[Ticket] = []
    room = PIECE_BYTES
    for ticket in tickets:
        size = len(msgspec.json.encode(ticket))
        if piece and size > room:
            yield tuple(piece)
            piece, room = [], PIECE_BYTES
        piece.append(ticket)
        room -= size
    yield tuple(piece)
