"""The track file as types: what each key may hold. The JSON Schema of the file comes from here.

msgspec knows the types and the bounds; the functions in an `Annotated` know the rest, and are asked
by `events.reading`.
"""

import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from events.paths import LONGEST_PATH, path_problem
from events.reading import Check, Named, quoted
from events.ticket import Priority

UNASSIGNED = "unassigned"
"""The archetype that needs no configuration."""
MOST_ATTEMPTS = 1000

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

TICKETS = Named("ticket", "id")


def _id_problem(text: str) -> str | None:
    if _ID.fullmatch(text) and text not in {".", ".."}:
        return None
    why = "it names a folder" if text in {".", ".."} else "up to 64 letters, digits, `.`, `_`, `-`"
    return f"{quoted(text)} is no id: {why}"


def _blank_problem(text: str) -> str | None:
    return None if text.strip() else "is blank"


def _revision_problem(text: str) -> str | None:
    plain = text.isprintable() and " " not in text and not text.startswith("-")
    return None if text and plain else f"{quoted(text)} is no name of a commit"


def _path_problem(text: str) -> str | None:
    problem = path_problem(text)
    return f"{quoted(text)} {problem}" if problem else None


def _not_both(name: str, alias: str) -> Check:
    def check(ticket: dict[str, Any]) -> str | None:
        both = name in ticket and alias in ticket
        return f'"{name}" and "{alias}" are the same key; give one' if both else None

    return check


def _needs_description(ticket: dict[str, Any]) -> str | None:
    return None if "description" in ticket or "prompt" in ticket else 'missing key "description"'


def _empty_problem(tickets: list[Any]) -> str | None:
    return None if tickets else "a track needs at least one ticket"


Id = Annotated[str, Meta(extra_json_schema={"pattern": f"^{_ID.pattern}$"}), _id_problem]
Words = Annotated[str, Meta(extra_json_schema={"pattern": r"\S"}), _blank_problem]
Revision = Annotated[str, Meta(min_length=1), _revision_problem]
Path = Annotated[str, Meta(min_length=1, max_length=LONGEST_PATH), _path_problem]
Attempts = Annotated[int, Meta(ge=1, le=MOST_ATTEMPTS)]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class ContextEntry(_Part, frozen=True, kw_only=True):
    """A file that the worker should know, and in which view."""

    path: Path
    view: Literal["raw", "curated", "skeleton", "outline"] | None = None


class TicketEntry(_Part, frozen=True, kw_only=True):
    """One ticket as it stands in a track file."""

    id: Id
    description: Words | UnsetType = UNSET
    prompt: Words | UnsetType = UNSET
    """The same as `description`, which one of both must give."""
    status: Literal["todo", "completed"] = "todo"
    depends_on: tuple[str, ...] = ()
    dependencies: tuple[str, ...] | UnsetType = UNSET
    """The same as `depends_on`."""
    assigned_to: Words = UNASSIGNED
    worker_archetype: Words | UnsetType = UNSET
    """The same as `assigned_to`."""
    target_file: Path | None = None
    context_requirements: tuple[Path | ContextEntry, ...] = ()
    step_mode: bool = False
    priority: Priority = "medium"
    model_override: Words | None = None
    check: Words | None = None
    max_attempts: Attempts = 3


_ONE_OF_EACH = {
    "oneOf": [{"required": ["description"]}, {"required": ["prompt"]}],
    "not": {
        "anyOf": [
            {"required": ["depends_on", "dependencies"]},
            {"required": ["assigned_to", "worker_archetype"]},
        ]
    },
}
Entries = Annotated[
    tuple[
        Annotated[
            TicketEntry,
            Meta(extra_json_schema=_ONE_OF_EACH),
            _needs_description,
            _not_both("description", "prompt"),
            _not_both("depends_on", "dependencies"),
            _not_both("assigned_to", "worker_archetype"),
        ],
        ...,
    ],
    Meta(min_length=1),
    TICKETS,
    _empty_problem,
]


class TrackHead(_Part, frozen=True, kw_only=True):
    """What a track file says of the track as a whole."""

    id: Id | UnsetType = UNSET
    """Without it, the name of the file is made into one."""
    title: str = ""
    description: str = ""
    base: Revision | None = None
    setup: Words | None = None
    check: Words | None = None


class TrackFile(TrackHead, frozen=True, kw_only=True):
    """The JSON object."""

    tickets: Entries


class TomlTrackFile(_Part, frozen=True, kw_only=True):
    """The TOML document."""

    track: TrackHead = TrackHead()
    ticket: Entries
