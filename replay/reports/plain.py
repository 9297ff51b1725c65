"""A run for other programs: its events one by one, and its state in one snapshot."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from events.base import UnknownEvent
from events.ids import ticket_of
from events.payload import BlobRef, Text
from events.ticket import Ticket
from events.world import World
from replay.show import planned, usage_of_qa
from store.log import Recorded

Json = dict[str, Any]
Read = Callable[[Text], str]

TIERS = {3: "Tier 3 (Worker)", 4: "Tier 4 (QA)"}
_REF = {"blob", "size"}


def event_of(recorded: Recorded, read: Read) -> Json:
    """Return a record as one plain object: every text in its place, also those kept beside the log.

    Raises:
        DamageError: a text is lost.
    """
    event = recorded.event
    if isinstance(event, UnknownEvent):
        said = msgspec.json.decode(event.original)
    else:
        said = msgspec.to_builtins(event)
    return {
        "position": recorded.position,
        "at": recorded.at,
        "stream": recorded.stream,
        "version": recorded.version,
        "epoch": recorded.epoch,
        "commit": recorded.commit,
        "event": _with_texts(said, read),
    }


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


def state_update(world: World, read: Read) -> Json:
    """Return the state in the shape of an ``mma_state_update``: what a board of tickets listens to.

    Tiers are named as there; `tier_usage` holds tokens, of a fork its own.

    Raises:
        NotInHistoryError: the run was not planned yet.
        DamageError: a text is lost.
    """
    run = planned(world)
    workers, qa = world.usage - run.workers_before, usage_of_qa(world) - run.qa_before
    usage = {
        f"Tier {tier}": {"input": used.input, "output": used.output + used.thinking}
        for tier, used in ((3, workers), (4, qa))
    }
    nothing = {"input": 0, "output": 0}
    return {
        "type": "mma_state_update",
        "payload": {
            "status": run.ending or run.standing,
            "active_tier": _active_tier(world),
            "tier_usage": {"Tier 1": nothing, "Tier 2": nothing, **usage},
            "track": {
                "id": run.facts.track.id,
                "title": run.facts.track.title,
                "description": run.facts.track.description,
            },
            "tickets": [_ticket(ticket, read) for ticket in run.plan],
        },
    }


def _active_tier(world: World) -> str | None:
    """Return who is at work: QA if it reads a failure, else the worker of the first attempt."""
    active = sorted(world.run.active)
    for attempt in active:
        if world.attempt(attempt).failure is not None:
            return f"{TIERS[4]}: {ticket_of(attempt)[0]}"
    return f"{TIERS[3]}: {ticket_of(active[0])[0]}" if active else None


def _ticket(ticket: Ticket, read: Read) -> Json:
    reason = "" if ticket.block is None else read(ticket.block.reason)
    return {
        "id": ticket.id,
        "description": ticket.description,
        "status": ticket.status,
        "assigned_to": ticket.assigned_to,
        "target_file": ticket.target_file,
        "context_requirements": [file.path for file in ticket.context_requirements],
        "depends_on": list(ticket.depends_on),
        "priority": ticket.priority,
        "step_mode": ticket.step_mode,
        "model_override": ticket.model_override,
        "retry_count": max(0, ticket.attempts - 1),
        "blocked_reason": None if ticket.block is None else reason or _held(ticket),
    }


def _held(ticket: Ticket) -> str:
    block = ticket.block
    return f"it depends on {block.by}" if block is not None and block.by else "blocked"


def lines_of(records: Iterator[Recorded], read: Read) -> Iterator[str]:
    """Give each record as one line of JSON; raises as `event_of`."""
    for recorded in records:
        yield msgspec.json.encode(event_of(recorded, read)).decode()
