"""Bytes that a person wrote, as plain data: JSON or TOML, read more strictly than Python does.

What Python takes in silence is refused here: a key that stands twice, NaN, depth without end.
"""

import json
import re
import tomllib
from typing import Any, Literal

from events.errors import TracksideError

Format = Literal["json", "toml"]

MAX_BYTES = 16 * 1024 * 1024
"""The largest document that is read; ten thousand tickets of 1,600 bytes each."""
MAX_KEY_PARTS = 100
"""The longest dotted key of a TOML document: reading one costs the square of its length."""

_TOML_TEXTS = re.compile(
    r'"""(?:[^\\]|\\.)*?(?:"""|\Z)'
    r"|'''.*?(?:'''|\Z)"
    r'|"(?:[^"\\\n]|\\.)*+"?'
    r"|'[^'\n]*+'?"
    r"|\#[^\n]*+",
    re.DOTALL,
)
_TOML_LONG_KEY = re.compile(rf'(?<![\w"-])(?:[\w"-]++[ \t]*+\.[ \t]*+){{{MAX_KEY_PARTS}}}')


class DocumentError(TracksideError):
    """The bytes are no document of the format; ``str()`` says why and where."""


class DoubledKeys(dict[str, Any]):
    """A JSON object in which keys stand twice; the last one won."""

    doubled: tuple[str, ...]


def decode(data: bytes, format: Format) -> Any:  # noqa: A002, ANN401 - the word; plain data
    """Return `data` as dicts, lists, texts, numbers, booleans and None.

    A byte order mark is passed over. An object in which keys stand twice is a `DoubledKeys`.

    Raises:
        DocumentError: too large, not UTF-8, not of the format, or nested without end.
    """
    if len(data) > MAX_BYTES:
        raise DocumentError(f"{len(data)} bytes are more than the {MAX_BYTES} that are read")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(f"byte {error.start + 1} is not UTF-8") from error
    if not text.strip():
        raise DocumentError("there is nothing in it")
    try:
        return _json(text) if format == "json" else _toml(text)
    except RecursionError as error:
        raise DocumentError("brackets are nested too deep") from error


def _json(text: str) -> Any:  # noqa: ANN401 - plain data
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise DocumentError(
            f"not JSON: {error.msg} (line {error.lineno}, column {error.colno})"
        ) from error
    except ValueError as error:  # Python's limit of 4300 digits
        raise DocumentError("not JSON that can be read: a number has too many digits") from error


def _toml(text: str) -> dict[str, Any]:
    if _TOML_LONG_KEY.search(_TOML_TEXTS.sub('"', text)):
        raise DocumentError(f"a dotted key has more than {MAX_KEY_PARTS} parts")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DocumentError(f"not TOML: {str(error).replace('(at ', '(')}") from error
    except ValueError as error:
        raise DocumentError("not TOML that can be read: a number has too many digits") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    marked, seen, doubled = DoubledKeys(members), set[str](), dict[str, None]()
    for key, _ in pairs:
        if key in seen:
            doubled[key] = None
        seen.add(key)
    marked.doubled = tuple(doubled)
    return marked


def _no_number(name: str) -> None:
    raise DocumentError(f"not JSON: {name} is no number")
