"""Spans and how OTLP writes them as JSON: ids in hex, times in nanoseconds, attributes by type."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

import msgspec

Json = dict[str, Any]
Attributes = dict[str, object]

INTERNAL, CLIENT = 1, 3
"""Kinds of spans, as OTLP numbers them."""
UNSET, OK, ERROR = 0, 1, 2
SCOPE = "trackside"
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_TRACE_BYTES, _SPAN_BYTES = 16, 8


class Note(msgspec.Struct, frozen=True):
    """Something that happened within a span."""

    name: str
    at: str
    attributes: Attributes


class Span(msgspec.Struct, kw_only=True):
    """A span as it grows."""

    about: str
    """What it is about, unique in its trace: its id is the digest of that."""
    parent: str
    """What its parent is about; empty for the root."""
    name: str
    kind: int
    began: str
    ended: str = ""
    attributes: Attributes
    status: int = UNSET
    words: str = ""
    notes: list[Note] = msgspec.field(default_factory=list)


def document(run: str, salt: str, program: str, spans: list[Span]) -> Json:
    """Return one trace in the form that OTLP's endpoint takes and collectors read from files.

    `run` and the `salt` of its log name the trace: no two runs have both in common.
    """
    resource: Attributes = {
        "service.name": SCOPE, "service.version": program, "trackside.run.id": run,
    }  # fmt: skip
    scope = {"name": SCOPE, "version": program}
    seed = f"{run}\0{salt}"
    trace = _digest(seed, _TRACE_BYTES)
    written = [_written(span, trace, seed) for span in spans]
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _pairs(resource)},
                "scopeSpans": [{"scope": scope, "spans": written}],
            }
        ]
    }


def earlier(at: str, seconds: float) -> str:
    """Return a time so many seconds before another one."""
    return (datetime.fromisoformat(at) - timedelta(seconds=seconds)).isoformat()


def _written(span: Span, trace: str, seed: str) -> Json:
    form: Json = {
        "traceId": trace,
        "spanId": _id(seed, span.about),
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": _nanoseconds(span.began),
        "endTimeUnixNano": _nanoseconds(span.ended),
        "attributes": _pairs(span.attributes),
        "events": [
            {
                "name": note.name,
                "timeUnixNano": _nanoseconds(note.at),
                "attributes": _pairs(note.attributes),
            }
            for note in span.notes
        ],
        "status": {"code": span.status, **({"message": span.words} if span.words else {})},
    }
    return form | ({"parentSpanId": _id(seed, span.parent)} if span.parent else {})


def _id(seed: str, about: str) -> str:
    return _digest(f"{seed}\0{about}", _SPAN_BYTES)


def _digest(text: str, size_bytes: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[: 2 * size_bytes]


def _nanoseconds(at: str) -> str:
    return str((datetime.fromisoformat(at) - _EPOCH) // timedelta(microseconds=1) * 1000)


def _pairs(attributes: Attributes) -> list[Json]:
    return [
        {"key": key, "value": _value(value)}
        for key, value in attributes.items()
        if value not in (None, "")
    ]


def _value(value: object) -> Json:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case list():
            return {"arrayValue": {"values": [_value(item) for item in value]}}
        case _:
            return {"stringValue": str(value)}
