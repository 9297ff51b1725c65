"""Plain data against a type: every problem at once, each with its place.

msgspec stops at the first problem; here the data is walked beside its type, and msgspec judges each
leaf. A type may say more than msgspec knows by what stands in its `Annotated`:

* a function, value -> reason or None, refuses values (see `Check`): of an object as it stands, with
  whatever else is wrong in it; of anything else only values of the right type;
* a `Named` says how the items of a list are called: ``ticket 3 ("T4")`` instead of ``tickets[2]``.

Numbers in words count from one, as people do (``ticket 3`` is the third); numbers in brackets count
from zero, as JSON does (``depends_on[1]`` is the second).
"""

import difflib
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin

import msgspec

from events.documents import DoubledKeys
from events.secret_patterns import without_secrets

T = TypeVar("T")

Check = Callable[[Any], str | None]
"""Returns why a value is refused, or None."""

MAX_PROBLEMS = 1000
"""Nobody reads on beyond; hostile input ends here."""
MAX_QUOTED_CHARS = 80

_WORDS = {
    "str": "a string", "int": "a whole number", "float": "a number", "bool": "true or false",
    "null": "null", "object": "an object", "array": "a list",
}  # fmt: skip
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")


class Named(NamedTuple):
    """How the items of a list are called: a noun, and the key that holds an item's own name."""

    noun: str
    key: str


class Problems:
    """A list of problems that knows when it is long enough."""

    def __init__(self) -> None:
        """Begin with none."""
        self._found: list[str] = []

    def add(self, place: str, text: str) -> None:
        """Take down one problem; the empty place is the document as a whole."""
        self._found.append(f"{place}: {text}" if place else text)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._found)

    @property
    def full(self) -> bool:
        """Whether to stop looking."""
        return len(self) >= MAX_PROBLEMS

    def __iter__(self) -> Iterator[str]:
        """Go through them in the order in which they were found."""
        yield from self._found[:MAX_PROBLEMS]
        if self.full:
            yield f"there may be more; only the first {MAX_PROBLEMS} problems are listed"


def read(data: object, kind: type[T], place: str, problems: Problems) -> T | None:
    """Return `data` as a `kind`; or None, with every reason why not added to `problems`."""
    before = len(problems)
    _walk(data, kind, place, problems)
    return None if len(problems) > before else msgspec.convert(data, kind)


def quoted(text: str) -> str:
    """Return `text` in quotes, on one line, printable anywhere, without secrets, not too long."""
    text = without_secrets(text)
    cut = text if len(text) <= MAX_QUOTED_CHARS else text[:MAX_QUOTED_CHARS] + "..."
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode()
        for char in json.dumps(cut, ensure_ascii=False)
    )


def key_of(place: str, key: str) -> str:
    """Return the place of `key` inside `place`."""
    name = key if _PLAIN_KEY.fullmatch(key) else quoted(key)
    return f"{place}.{name}" if place else name


def place_of(named: Named, number: int, item: object) -> str:
    """Return what the `number`-th item (1, 2, ...) of a list of named things is called."""
    name = item.get(named.key) if isinstance(item, dict) else None
    label = f" ({quoted(name)})" if isinstance(name, str) else ""
    return f"{named.noun} {number}{label}"


def unknown_key(key: str, known: Sequence[str]) -> str:
    """Return the words for a key that means nothing, with the known one that is nearest."""
    near = difflib.get_close_matches(key[:MAX_QUOTED_CHARS], known, n=1)
    return f"unknown key {quoted(key)}" + (f" (did you mean {quoted(near[0])}?)" if near else "")


def _walk(data: object, kind: Any, place: str, problems: Problems) -> None:  # noqa: ANN401 - a type form
    if problems.full:
        return
    bare, notes = _undressed(_member(kind, data))
    before = len(problems)
    match data:
        case dict() if isinstance(bare, type) and issubclass(bare, msgspec.Struct):
            _walk_struct(data, bare, place, problems)
            _ask(notes, data, place, problems)
        case dict() if get_origin(bare) is dict:
            for key, value in data.items():
                _walk(value, get_args(bare)[1], key_of(place, key), problems)
        case list() if get_origin(bare) in {list, tuple}:
            _walk_list(data, get_args(bare)[0], notes, place, problems)
        case _:
            _check_leaf(data, kind, place, problems)
            if len(problems) == before:
                _ask(notes, data, place, problems)


def _walk_list(
    data: Sequence[object],
    kind: Any,  # noqa: ANN401 - a type form
    notes: Sequence[Any],
    place: str,
    problems: Problems,
) -> None:
    before = len(problems)
    named = next((note for note in notes if isinstance(note, Named)), None)
    for number, item in enumerate(data):
        where = place_of(named, number + 1, item) if named else f"{place}[{number}]"
        _walk(item, kind, where, problems)
    if len(problems) == before:
        _ask(notes, data, place, problems)
    bounds = tuple(note for note in notes if isinstance(note, msgspec.Meta))
    if len(problems) == before and bounds:
        _judge(data, Annotated[(list[Any], *bounds)], place, problems)


def _ask(notes: Sequence[Any], data: object, place: str, problems: Problems) -> None:
    reasons = (note(data) for note in notes if callable(note))
    for reason in filter(None, reasons):
        problems.add(place, reason)


def _walk_struct(
    data: Mapping[str, Any], kind: type[msgspec.Struct], place: str, problems: Problems
) -> None:
    fields = _fields(kind)
    if isinstance(data, DoubledKeys):
        for key in data.doubled:
            problems.add(place, f"key {quoted(key)} stands twice")
    for key, value in data.items():
        if problems.full:
            return
        if key in fields:
            _walk(value, fields[key].type, key_of(place, key), problems)
        else:
            problems.add(place, unknown_key(key, tuple(fields)))
    for key, field in fields.items():
        if field.required and key not in data:
            problems.add(place, f"missing key {quoted(key)}")


def _check_leaf(data: object, kind: Any, place: str, problems: Problems) -> None:  # noqa: ANN401 - a type form
    if isinstance(data, str) and (flaw := _flaw(data)):
        problems.add(place, flaw)
    elif isinstance(data, float) and not math.isfinite(data):
        problems.add(place, "expected a number that is finite")
    else:
        _judge(data, kind, place, problems)


def _flaw(text: str) -> str | None:
    if "\0" in text:
        return "holds a NUL character"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "holds half of a character (a lone surrogate)"
    return None


def _judge(data: object, kind: Any, place: str, problems: Problems) -> None:  # noqa: ANN401 - a type form
    try:
        msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        problems.add(place, _choices(data, kind) or _in_words(str(error)))


def _choices(data: object, kind: Any) -> str | None:  # noqa: ANN401 - a type form
    bare, _ = _undressed(_member(kind, data))
    if get_origin(bare) is not Literal or not isinstance(data, str):
        return None
    *words, last = map(quoted, get_args(bare))
    return f"expected {', '.join(words)} or {last}, got {quoted(data)}"


def _in_words(message: str) -> str:
    """Return a message of msgspec without the names of its types.

    >>> _in_words("Expected `str | null`, got `int`")
    'expected a string or null, got a whole number'
    """
    return re.sub(
        r"`([a-z |]+)`",
        lambda found: " or ".join(_WORDS.get(word, word) for word in found[1].split(" | ")),
        message[:1].lower() + message[1:],
    )


def _member(kind: Any, data: object) -> Any:  # noqa: ANN401 - a type form
    """Return the member of a union that `data` is meant for, else `kind` itself."""
    if get_origin(kind) not in {Union, UnionType}:
        return kind
    return next((one for one in get_args(kind) if _takes(_undressed(one)[0], data)), kind)


def _takes(bare: Any, data: object) -> bool:  # noqa: ANN401 - a type form
    match data:
        case dict():
            return isinstance(bare, type) and issubclass(bare, msgspec.Struct)
        case list():
            return get_origin(bare) in {list, tuple}
        case str():
            return bare is str or get_origin(bare) is Literal
        case _:
            return False


def _undressed(kind: Any) -> tuple[Any, tuple[Any, ...]]:  # noqa: ANN401 - a type form
    """Return a type without its `Annotated`, and what stood in it."""
    if get_origin(kind) is not Annotated:
        return kind, ()
    bare, *notes = get_args(kind)
    return bare, tuple(notes)


@lru_cache(maxsize=256)
def _fields(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {field.encode_name: field for field in msgspec.structs.fields(kind)}
