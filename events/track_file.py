"""The track file: bytes in, a validated track out, or every problem it has.

Three forms are read: a flat JSON list of tickets, a JSON object with a list of them, and TOML with
``[track]`` and ``[[ticket]]``. What each key may hold is said by `events.track_shape`, how tickets
relate by `events.track_graph`.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import PurePosixPath
from typing import TypeVar

from msgspec import UnsetType

from events.documents import DocumentError, Format, decode
from events.errors import TrackInvalidError
from events.ids import TicketId
from events.paths import clean_path
from events.reading import Problems, place_of, quoted, read
from events.ticket import ContextFile, Ticket
from events.track import TrackSpec
from events.track_graph import Node, add_relation_problems
from events.track_shape import (
    TICKETS,
    UNASSIGNED,
    ContextEntry,
    TicketEntry,
    TomlTrackFile,
    TrackFile,
)

_JSON_OPENING = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\{|\[\s*[]{\"])")
"""What TOML cannot begin with; ``[`` alone may be a table of it."""

T = TypeVar("T")


def parse_track(
    data: bytes,
    source: str,
    format: Format | None = None,  # noqa: A002 - the word for it
) -> TrackSpec:
    """Return the track that `data` describes, each of its tickets ``locked`` or ``completed``.

    Without a `format`, the ending of `source` decides, else the first bytes do.

    Raises:
        TrackInvalidError: with all problems: what each ticket says first, then how they relate.
    """
    problems = Problems()
    form = format or format_of(data, source)
    try:
        plain = decode(data, form)
    except DocumentError as error:
        raise TrackInvalidError(source, [str(error)]) from error
    document = {"tickets": plain} if isinstance(plain, list) else plain
    if not isinstance(document, dict):
        problem = "expected a list of tickets, or an object with tickets"
        raise TrackInvalidError(source, [problem])
    kind: type[TomlTrackFile | TrackFile] = TomlTrackFile if form == "toml" else TrackFile
    track_file = read(document, kind, "", problems)
    rows = document.get("ticket" if form == "toml" else "tickets")
    add_relation_problems(list(_nodes(rows if isinstance(rows, list) else [])), problems)
    if track_file is None or problems:
        raise TrackInvalidError(source, list(problems))
    return _spec(track_file, PurePosixPath(source).stem)


def format_of(data: bytes, source: str) -> Format:
    """Return the format by the ending of `source`, else by the first characters of `data`."""
    ending = PurePosixPath(source).suffix.lower()
    if ending in {".json", ".toml"}:
        return "json" if ending == ".json" else "toml"
    return "json" if _JSON_OPENING.match(data) else "toml"


def check_archetypes(spec: TrackSpec, names: Collection[str]) -> list[str]:
    """Return a problem for each ticket that names an archetype other than `names`."""
    known = {*names, UNASSIGNED}
    words = ", ".join(sorted(known))
    return [
        f"{_place(number, ticket.id)}.assigned_to: no archetype {quoted(ticket.assigned_to)}"
        f" in the configuration (known: {words})"
        for number, ticket in enumerate(spec.tickets, start=1)
        if ticket.assigned_to not in known
    ]


def _place(number: int, name: str) -> str:
    return place_of(TICKETS, number, {"id": name})


def _nodes(rows: Iterable[object]) -> Iterator[Node]:
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict) or not isinstance(row.get("id"), str):
            continue
        key = "depends_on" if "depends_on" in row else "dependencies"
        names = row.get(key)
        depends_on = names if isinstance(names, list) else []
        yield Node(place_of(TICKETS, number, row), row["id"], key, depends_on)


def _spec(track_file: TrackFile | TomlTrackFile, stem: str) -> TrackSpec:
    head, entries = (
        (track_file.track, track_file.ticket)
        if isinstance(track_file, TomlTrackFile)
        else (track_file, track_file.tickets)
    )
    return TrackSpec(
        id=_given(head.id) or re.sub(r"[^A-Za-z0-9._-]+", "-", stem)[:64].strip(".-") or "track",
        title=head.title or stem,
        description=head.description,
        base=head.base,
        setup=head.setup,
        check=head.check,
        tickets=tuple(map(_ticket, entries)),
    )


def _ticket(entry: TicketEntry) -> Ticket:
    return Ticket(
        id=TicketId(entry.id),
        description=_given(entry.prompt) or _given(entry.description) or "",
        depends_on=tuple(map(TicketId, _given(entry.dependencies) or entry.depends_on)),
        assigned_to=_given(entry.worker_archetype) or entry.assigned_to,
        target_file=None if entry.target_file is None else clean_path(entry.target_file),
        context_requirements=tuple(map(_context_file, entry.context_requirements)),
        step_mode=entry.step_mode,
        priority=entry.priority,
        model_override=entry.model_override,
        check=entry.check,
        max_attempts=entry.max_attempts,
        status="completed" if entry.status == "completed" else "locked",
    )


def _context_file(entry: str | ContextEntry) -> ContextFile:
    if isinstance(entry, str):
        return ContextFile(clean_path(entry))
    return ContextFile(clean_path(entry.path), entry.view)


def _given(value: T | UnsetType) -> T | None:
    return None if isinstance(value, UnsetType) else value
