"""Events and commands as JSON: what comes back from disk is what was handed in, or it is refused.

msgspec writes an infinite float as null and stops at a lone surrogate (a half of a character, as
file names and cut replies hold them). The first would be read as something else, so it is refused;
the second is replaced by U+FFFD. And this is where secrets end: what is known to be one is replaced
before anything is written, or hashed, or believed.
"""

import math
import re
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from events.base import Command, Event, UnknownEvent
from events.secret_patterns import Redact, may_span_lines
from store.errors import EventUnwritableError

REPLACEMENT = "\ufffd"
_NULL = b"null"
_SURROGATE = re.compile("[\ud800-\udfff]")
_ENCODER = msgspec.json.Encoder()

M = TypeVar("M", Event, Command)


def as_it_is(text: str) -> str:
    """Return `text`: there is no secret."""
    return text


def encoded(message: M, redact: Redact = as_it_is) -> tuple[M, bytes]:
    """Return `message` as it will be read back, and its JSON: one line, no line end.

    `redact` also meets the whole JSON, to see whether there is anything to do.

    Raises:
        EventUnwritableError: it holds inf or nan, or an integer beyond 64 bits.
    """
    return _all_encoded([message], redact)[0]


def decision_encoded(
    events: Sequence[Event], cause: Command | None, redact: Redact = as_it_is
) -> tuple[list[tuple[Event, bytes]], bytes]:
    """Return the events of one decision, and the JSON of its cause; raises as `encoded`."""
    if cause is None:
        return _all_encoded(events, redact), _NULL
    (_, command), *written = _all_encoded([cause, *events], redact)
    return written, command


def _all_encoded(messages: Sequence[Any], redact: Redact) -> list[tuple[Any, bytes]]:
    """Encode all; as a rule there is no secret, and one look at all of them shows that."""
    found = [_faithful(message) for message in messages]
    text = b"\n".join([data for _, data in found]).decode()
    if redact(text) == text and not may_span_lines(text):
        return found
    return [_redacted(message, data, redact) for message, data in found]


def _faithful(message: M) -> tuple[M, bytes]:
    if isinstance(message, UnknownEvent):
        return message, _original(message)
    try:
        data = _ENCODER.encode(message)
    except UnicodeEncodeError:
        plain = clean(msgspec.to_builtins(message))
        return _faithful(msgspec.convert(plain, type(message)))
    # Every inf and nan shows as null; few messages hold one, so few are looked at again.
    if b"null" in data and not _comes_back(message, data) and _holds_infinity(message):
        raise EventUnwritableError(name_of(message), "it holds inf or nan")
    return message, data


def _redacted(message: M, data: bytes, redact: Redact) -> tuple[M, bytes]:
    if isinstance(message, UnknownEvent):
        return message, data
    held = msgspec.to_builtins(message)
    plain = texts_changed(held, redact)
    if plain == held:
        return message, data
    message = msgspec.convert(plain, type(message))
    return message, _ENCODER.encode(message)


def clean(value: Any) -> Any:  # noqa: ANN401  # plain data is of any type
    r"""Return `value`, plain data of any depth, with U+FFFD for each lone surrogate.

    >>> clean({"name": ["a\udc80"]})
    {'name': ['a�']}
    """
    return texts_changed(value, lambda text: _SURROGATE.sub(REPLACEMENT, text))


def texts_changed(value: Any, change: Redact) -> Any:  # noqa: ANN401  # plain data is of any type
    """Return `value`, plain data of any depth, with every text in it changed."""
    match value:
        case str():
            return change(value)
        case dict():
            return {
                texts_changed(key, change): texts_changed(item, change)
                for key, item in value.items()
            }
        case list() | tuple():
            return [texts_changed(item, change) for item in value]
        case _:
            return value


def name_of(message: Event | Command) -> str:
    """Return the tag of `message`."""
    return f"`{type(message).__struct_config__.tag}`"


def _original(event: UnknownEvent) -> bytes:
    data = event.original.encode()
    if b"\n" in data:
        raise EventUnwritableError(name_of(event), "its original is more than one line")
    try:
        msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except (ValueError, RecursionError) as error:
        raise EventUnwritableError(name_of(event), f"its original is no object: {error}") from None
    return data


def _comes_back(message: Event | Command, data: bytes) -> bool:
    try:
        return msgspec.json.decode(data, type=type(message)) == message
    except msgspec.MsgspecError:
        return False


def _holds_infinity(message: Event | Command) -> bool:
    return _is_infinite(msgspec.to_builtins(message))


def _is_infinite(value: Any) -> bool:  # noqa: ANN401  # plain data is of any type
    match value:
        case float():
            return not math.isfinite(value)
        case dict():
            return any(map(_is_infinite, value.values()))
        case list() | tuple():
            return any(map(_is_infinite, value))
        case _:
            return False
