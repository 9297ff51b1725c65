"""`trackside schema`: the JSON Schemas of what people and programs write, made from the types."""

import argparse
import json
from collections.abc import Callable
from typing import Any, Union

import msgspec

from cli.exit_code import ExitCode

Schema = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"

_RECORD: dict[str, Schema] = {
    "v": {"type": "integer", "description": "Major version of the format."},
    "position": {"type": "integer", "minimum": 1, "description": "1, 2, 3 ... over the log."},
    "epoch": {
        "type": "integer",
        "minimum": 1,
        "description": "Rises each time the log is opened for writing.",
    },
    "stream": {"type": "string", "description": "run, attempt/T1.2, approval/T1.2.c5 ..."},
    "version": {"type": "integer", "minimum": 1, "description": "1, 2, 3 ... in its stream."},
    "at": {"type": "string", "format": "date-time", "description": "Wall clock, UTC."},
    "commit": {
        "type": "integer",
        "minimum": 1,
        "description": "Position of the last event of the same decision.",
    },
    "synced": {
        "type": "integer",
        "minimum": 0,
        "description": "The last position that was safe by then; left out if it is the one before.",
    },
    "cause": {
        "type": ["object", "null"],
        "description": "The command, on the first event of its decision.",
    },
    "sum": {
        "type": "string",
        "pattern": "^[0-9a-f]{32}$",
        "description": "Running sha256 of the log up to here: its first 16 bytes, in hex. "
        "On the last line of a decision, and on no other.",
    },
}
"""What stands around each event of the log."""
_OPTIONAL = {"synced", "sum"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument(
        "what",
        nargs="?",
        choices=tuple(SCHEMAS),
        help="which schema to print; without it, one object with all of them",
    )


def run(args: argparse.Namespace) -> int:
    """Print the schema that was asked for, as JSON; return the exit code."""
    schema = SCHEMAS[args.what]() if args.what else {name: make() for name, make in SCHEMAS.items()}
    print(json.dumps(schema, indent=2))
    return ExitCode.COMPLETED


def track_schema() -> Schema:
    """Return the schema of a track file: a list, an object, or what a TOML file says."""
    from events.track_shape import Entries, TomlTrackFile, TrackFile

    forms, parts = _components(Entries, TrackFile, TomlTrackFile)
    return _schema("A track of trackside", {"anyOf": forms, "$defs": parts})


def config_schema() -> Schema:
    """Return the schema of trackside.toml, and of [tool.trackside] in pyproject.toml."""
    from events.settings import Settings

    (form,), parts = _components(Settings)
    return _schema("The configuration of trackside", form | {"$defs": parts})


def playbook_schema() -> Schema:
    """Return the schema of the file of a scripted model."""
    from models.playbook import Playbook

    (form,), parts = _components(Playbook)
    return _schema("A playbook of trackside", form | {"$defs": parts})


def log_schema() -> Schema:
    """Return the schema of one line of events.jsonl."""
    from events.streams import EVENT_TYPES

    (event,), parts = _components(Union[EVENT_TYPES])  # noqa: UP007 - made at run time
    line: Schema = {
        "type": "object",
        "properties": _RECORD | {"event": event},
        "required": [*(name for name in _RECORD if name not in _OPTIONAL), "event"],
        "$defs": parts,
    }
    return _schema("One line of the event log of trackside", line)


def answers_schema() -> Schema:
    """Return the schema of what each command prints with ``--json``, by command.

    What stands under ``failure`` is what any of them prints if it cannot answer. `log` prints the
    records as they stand in the log, and `export --format otel` OTLP in JSON.
    """
    from cli.answers import ANSWERS
    from cli.check import Checked
    from cli.failure import Failure
    from cli.past_answers import ANSWERS as OF_THE_PAST
    from cli.view import ViewAnswer

    others: dict[str, type[msgspec.Struct]] = {
        "check": Checked,
        "view": ViewAnswer,
        "failure": Failure,
    }
    kinds = ANSWERS | OF_THE_PAST | others
    forms, parts = _components(*kinds.values())
    for kind in kinds.values():
        part = parts[kind.__name__]
        part["required"] = [name for name in part["properties"] if name not in _left_out(kind)]
    body: Schema = {"type": "object", "properties": dict(zip(kinds, forms, strict=True))}
    return _schema("What commands of trackside answer", body | {"$defs": parts})


SCHEMAS: dict[str, Callable[[], Schema]] = {
    "track": track_schema,
    "config": config_schema,
    "playbook": playbook_schema,
    "log": log_schema,
    "answers": answers_schema,
}


def _components(*kinds: Any) -> tuple[list[Schema], Schema]:  # noqa: ANN401 - type forms
    forms, parts = msgspec.json.schema_components(
        kinds, schema_hook=_any, ref_template="#/$defs/{name}"
    )
    return list(forms), parts


def _left_out(kind: type[msgspec.Struct]) -> set[str]:
    """Return the fields of an answer that may be missing; all others are always printed."""
    fields = msgspec.structs.fields(kind)
    return {field.encode_name for field in fields if field.default is msgspec.UNSET}


def _any(kind: type) -> Schema:
    """Return the schema of what may be anything."""
    if kind is object:
        return {"description": "Any JSON."}
    raise NotImplementedError(kind)


def _schema(title: str, body: Schema) -> Schema:
    return {"$schema": _DIALECT, "title": title} | body
