"""Long texts, put back into records that only name them: `trackside log --full`."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from cli.escape import shown
from events.base import Event, UnknownEvent
from events.payload import BlobRef, Text

SHORT_CHARS = 72
"""A text of one line that is no longer is left to the line of its record; digests are shorter."""

Read = Callable[[Text], str]


def texts_of(event: Event, read: Read) -> Iterator[str]:
    """Give every long text of an event as escaped, indented lines, each below its name.

    Raises:
        DamageError: a text is not what was kept.
    """
    for name, text in _long_texts("", _resolved(_facts(event), read)):
        yield f"        {shown(name)}:"
        yield from (f"        | {shown(line)}" for line in text.split("\n"))


def record_json(line: bytes, read: Read) -> bytes:
    """Return the JSON of a record with its texts in place; raises as `texts_of`."""
    return msgspec.json.encode(_resolved(msgspec.json.decode(line), read))


def _facts(event: Event) -> Any:  # noqa: ANN401 - plain data
    if isinstance(event, UnknownEvent):
        return msgspec.json.decode(event.original)
    return msgspec.to_builtins(event)


def _resolved(value: Any, read: Read) -> Any:  # noqa: ANN401 - plain data
    match value:
        case {"blob": str(blob), "size": int(size)} if len(value) == len(BlobRef.__struct_fields__):
            return read(msgspec.convert({"blob": blob, "size": size}, BlobRef))
        case dict():
            return {key: _resolved(item, read) for key, item in value.items()}
        case list() | tuple():
            return [_resolved(item, read) for item in value]
    return value


def _long_texts(name: str, value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - plain data
    match value:
        case dict():
            for key, item in value.items():
                yield from _long_texts(f"{name}.{key}" if name else key, item)
        case list():
            for number, item in enumerate(value):
                yield from _long_texts(f"{name}[{number}]", item)
        case str() if "\n" in value or len(value) > SHORT_CHARS:
            yield name, value
