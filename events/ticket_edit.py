"""An edited ticket: the keys of a file in place of what its author wrote before."""

import json
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from events.documents import DocumentError, decode
from events.errors import TrackInvalidError
from events.ticket import Ticket
from events.track_file import format_of, parse_track

_ALIASES = {"prompt": "description", "worker_archetype": "assigned_to"}
_FIXED = {
    "depends_on": "the dependencies of a ticket stay in a fork",
    "dependencies": "the dependencies of a ticket stay in a fork",
    "status": "where a ticket is in its life is what its past made of it",
}


def edited_ticket(ticket: Ticket, data: bytes, source: str) -> Ticket:
    """Return `ticket` with the keys that `data`, JSON or TOML, gives; those it leaves out stay.

    >>> from events.ids import TicketId
    >>> before = Ticket(id=TicketId("T1"), description="Mend it.", check="make test")
    >>> after = edited_ticket(before, b'{"prompt": "Mend it well."}', "T1.json")
    >>> after.description, after.check
    ('Mend it well.', 'make test')

    Raises:
        TrackInvalidError: it is no object of a ticket's keys; all its problems.
    """
    try:
        given = decode(data, format_of(data, source))
    except DocumentError as error:
        raise TrackInvalidError(source, [str(error)]) from error
    if not isinstance(given, dict):
        raise TrackInvalidError(source, ["expected an object with the keys to change"])
    problems = list(_problems(ticket, given))
    if problems:
        raise TrackInvalidError(source, problems)
    kept = _written(ticket)
    for alias, name in _ALIASES.items():
        if alias in given:
            del kept[name]
    whole = json.dumps([kept | given]).encode()
    (edited,) = parse_track(whole, source, "json").tickets
    return replace(edited, depends_on=ticket.depends_on)


def _problems(ticket: Ticket, given: dict[str, Any]) -> Iterator[str]:
    if given.get("id", ticket.id) != ticket.id:
        yield f'id: this edits ticket "{ticket.id}", which keeps its id'
    for key, reason in _FIXED.items():
        if key in given:
            yield f"{key}: {reason}"


def _written(ticket: Ticket) -> dict[str, Any]:
    """Return what the author of a ticket wrote, as a track file has it."""
    files = [{"path": file.path, "view": file.view} for file in ticket.context_requirements]
    return {
        "id": ticket.id,
        "description": ticket.description,
        "assigned_to": ticket.assigned_to,
        "target_file": ticket.target_file,
        "context_requirements": files,
        "step_mode": ticket.step_mode,
        "priority": ticket.priority,
        "model_override": ticket.model_override,
        "check": ticket.check,
        "max_attempts": ticket.max_attempts,
    }
