"""A run for other programs: its events one by one, and its state in one snapshot."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from events.base import UnknownEvent
from events.ids import ticket_of
from events.payload import BlobRef, Text
from events.ticket import Ticket, TicketState
from events.world import World
from replay.show import planned, usage_of_qa
from store.log import Recorded

Json = dict[str, Any]
Read = Callable[[Text], str]

TIERS = {3: "Tier 3 (Worker)", 4: "Tier 4 (QA)"}
_REF = {"blob", "size"}


class TierTokens(msgspec.Struct, frozen=True):
    """Tokens of one tier."""

    input: int
    output: int
    """Thinking included."""


class TrackFacts(msgspec.Struct, frozen=True):
    """What the track is about."""

    id: str
    title: str
    description: str


class TicketFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket as a board shows it."""

    id: str
    description: str
    status: TicketState
    assigned_to: str
    target_file: str | None
    context_requirements: tuple[str, ...]
    depends_on: tuple[str, ...]
    priority: str
    step_mode: bool
    model_override: str | None
    retry_count: int
    blocked_reason: str | None


class StatePayload(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a run, for a board of tickets."""

    status: str
    """As `show` has it: how the run stands, or how it ended."""
    active_tier: str | None
    """Who is at work, as ``Tier 3 (Worker): T1``; null: nobody."""
    tier_usage: dict[str, TierTokens]
    """By tier, as ``Tier 3``; of a fork its own."""
    track: TrackFacts
    tickets: tuple[TicketFacts, ...]


class StateUpdate(msgspec.Struct, frozen=True, tag="mma_state_update"):
    """What `export --format state` prints."""

    payload: StatePayload


class EventLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of what `export` prints."""

    position: int
    at: str
    stream: str
    version: int
    epoch: int
    commit: int
    event: Json
    """As in the log, with every text in its place."""


def event_of(recorded: Recorded, read: Read) -> EventLine:
    """Return a record as one plain object: every text in its place, also those kept beside the log.

    Raises:
        DamageError: a text is lost.
    """
    event = recorded.event
    if isinstance(event, UnknownEvent):
        said = msgspec.json.decode(event.original)
    else:
        said = msgspec.to_builtins(event)
    return EventLine(
        position=recorded.position,
        at=recorded.at,
        stream=recorded.stream,
        version=recorded.version,
        epoch=recorded.epoch,
        commit=recorded.commit,
        event=_with_texts(said, read),
    )


def _with_texts(value: Any, read: Read) -> Any:  # noqa: ANN401 - plain data of any type
    match value:
        case dict() if value.keys() == _REF:
            return read(BlobRef(value["blob"], value["size"]))
        case dict():
            return {key: _with_texts(item, read) for key, item in value.items()}
        case list() | tuple():
            return [_with_texts(item, read) for item in value]
        case _:
            return value


def state_update(world: World, read: Read) -> StateUpdate:
    """Return the state in the shape of an ``mma_state_update``: what a board of tickets listens to.

    Tiers are named as there; `tier_usage` holds tokens, of a fork its own.

    Raises:
        NotInHistoryError: the run was not planned yet.
        DamageError: a text is lost.
    """
    run = planned(world)
    workers, qa = world.usage - run.workers_before, usage_of_qa(world) - run.qa_before
    usage = {
        f"Tier {tier}": TierTokens(used.input, used.output + used.thinking)
        for tier, used in ((3, workers), (4, qa))
    }
    nothing, track = TierTokens(0, 0), run.facts.track
    return StateUpdate(
        StatePayload(
            status=run.ending or run.standing,
            active_tier=_active_tier(world),
            tier_usage={"Tier 1": nothing, "Tier 2": nothing, **usage},
            track=TrackFacts(track.id, track.title, track.description),
            tickets=tuple(_ticket(ticket, read) for ticket in run.plan),
        )
    )


def _active_tier(world: World) -> str | None:
    """Return who is at work: QA if it reads a failure, else the worker of the first attempt."""
    active = sorted(world.run.active)
    for attempt in active:
        if world.attempt(attempt).failure is not None:
            return f"{TIERS[4]}: {ticket_of(attempt)[0]}"
    return f"{TIERS[3]}: {ticket_of(active[0])[0]}" if active else None


def _ticket(ticket: Ticket, read: Read) -> TicketFacts:
    reason = "" if ticket.block is None else read(ticket.block.reason)
    return TicketFacts(
        id=ticket.id,
        description=ticket.description,
        status=ticket.status,
        assigned_to=ticket.assigned_to,
        target_file=ticket.target_file,
        context_requirements=tuple(file.path for file in ticket.context_requirements),
        depends_on=ticket.depends_on,
        priority=ticket.priority,
        step_mode=ticket.step_mode,
        model_override=ticket.model_override,
        retry_count=max(0, ticket.attempts - 1),
        blocked_reason=None if ticket.block is None else reason or _held(ticket),
    )


def _held(ticket: Ticket) -> str:
    block = ticket.block
    return f"it depends on {block.by}" if block is not None and block.by else "blocked"


def lines_of(records: Iterator[Recorded], read: Read) -> Iterator[str]:
    """Give each record as one line of JSON; raises as `event_of`."""
    for recorded in records:
        yield msgspec.json.encode(event_of(recorded, read)).decode()
