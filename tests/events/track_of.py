"""Tracks in one line: names and what they depend on."""

from collections.abc import Iterable, Mapping
from typing import Any

from events.ids import TicketId
from events.ticket import Ticket
from events.track import Track, TrackSpec


def ticket(name: str, *depends_on: str, **fields: Any) -> Ticket:  # noqa: ANN401 - any field
    """Return a ticket that begins its life."""
    needs = tuple(map(TicketId, depends_on))
    return Ticket(id=TicketId(name), description=f"do {name}", depends_on=needs, **fields)


def track_of(plan: Mapping[str, Iterable[str]] | Iterable[Ticket]) -> Track:
    """Return the track of ``{"T2": ["T1"], ...}``, or of tickets, at its beginning."""
    tickets = (
        [ticket(name, *needs) for name, needs in plan.items()]
        if isinstance(plan, Mapping)
        else list(plan)
    )
    return Track.of(TrackSpec(id="track", tickets=tuple(tickets)))
