"""Text edits and their differences: pure functions from bytes to bytes.

A file keeps its encoding, its byte order mark and its line endings, whatever the edit brings.
"""

import difflib
import re
from bisect import bisect_left
from collections.abc import Sequence

from workspace.encoding import Form, binary_kind, decoded, encoded
from workspace.errors import EditRefusedError

MAX_DIFF_LINES = 5000
"""Longer files are compared from both ends only, since difflib can take quadratic time."""
_PLACES_NAMED = 10
_CONTEXT_LINES = 3


def rewritten(path: str, before: bytes | None, content: str) -> bytes:
    r"""Return the bytes of a file that is to hold `content`, kept in the form it had before.

    A new, empty or binary file takes `content` as it is, in UTF-8.

    Raises:
        EditRefusedError: `content` cannot be written in the file's encoding.

    >>> rewritten("notes.txt", b"one\r\n", "one\ntwo\n")
    b'one\r\ntwo\r\n'
    """
    if not before or binary_kind(before) is not None:
        return encoded(path, content, Form())
    _, form = decoded(path, before)
    return encoded(path, _with_newlines(content, form.newline), form)


def replaced(path: str, before: bytes, old: str, new: str, count: int) -> bytes:
    r"""Return the bytes of a file in which `new` stands at the `count` places of `old`.

    `old` matches character for character; only the kind of line ending does not matter.

    Raises:
        EditRefusedError: the file is binary, `old` does not occur exactly `count` times (without
            overlap, from the start), or `new` cannot be written in the file's encoding.

    >>> replaced("notes.txt", b"one\r\ntwo\r\n", "one\ntwo", "three", 1)
    b'three\r\n'
    """
    kind = binary_kind(before)
    if kind is not None:
        raise EditRefusedError(path, f"it is {kind} of {len(before)} bytes, not text")
    text, form = decoded(path, before)
    endings = [found.start() for found in re.finditer("\r\n", text)]
    unix = text.replace("\r\n", "\n")
    wanted = old.replace("\r\n", "\n")
    places = _places(unix, wanted)
    if len(places) != count:
        raise EditRefusedError(path, _miscounted(unix, places, count))
    # Where the text with "\n" alone has its line endings that are longer in the file.
    shortened = [start - dropped for dropped, start in enumerate(endings)]
    pieces: list[str] = []
    done = 0
    for place in places:
        start = place + bisect_left(shortened, place)
        pieces += [text[done:start], _with_newlines(new, form.newline)]
        end = place + len(wanted)
        done = end + bisect_left(shortened, end)
    return encoded(path, "".join([*pieces, text[done:]]), form)


def unified_diff(path: str, before: bytes | None, after: bytes | None) -> str:
    """Return the difference as people read it; None is no file. Empty if there is none."""
    if before == after:
        return ""
    names = [
        f"--- {'/dev/null' if before is None else f'a/{path}'}\n",
        f"+++ {'/dev/null' if after is None else f'b/{path}'}\n",
    ]
    if any(data is not None and binary_kind(data) is not None for data in (before, after)):
        sizes = f"{len(before or b'')} -> {len(after or b'')} bytes"
        return "".join([*names, f"binary file {path}: {sizes}\n"])
    old, new = _diff_lines(path, before), _diff_lines(path, after)
    if max(len(old), len(new)) > MAX_DIFF_LINES:
        return "".join([*names, *_one_hunk(old, new)])
    return "".join([*names, *list(difflib.unified_diff(old, new, n=_CONTEXT_LINES))[2:]])


def changed_lines(path: str, before: bytes | None, after: bytes | None) -> tuple[int, int]:
    """Return how many lines a change adds and how many it removes."""
    body = unified_diff(path, before, after).split("\n")[2:]
    return sum(line[:1] == "+" for line in body), sum(line[:1] == "-" for line in body)


def _places(text: str, wanted: str) -> list[int]:
    places = []
    place = text.find(wanted)
    while place >= 0:
        places.append(place)
        place = text.find(wanted, place + len(wanted))
    return places


def _miscounted(text: str, places: Sequence[int], count: int) -> str:
    if not places:
        return "`old` does not occur; read the file again and copy the text exactly"
    lines = [str(text.count("\n", 0, place) + 1) for place in places[:_PLACES_NAMED]]
    more = ", ..." if len(places) > _PLACES_NAMED else ""
    where = f"at line{'s' if len(places) > 1 else ''} {', '.join(lines)}{more}"
    return (
        f"`old` occurs {len(places)} times ({where}), not {count}; make it longer, or set `count`"
    )


def _with_newlines(text: str, newline: str) -> str:
    unix = text.replace("\r\n", "\n")
    return unix if newline == "\n" else unix.replace("\n", newline)


def _diff_lines(path: str, data: bytes | None) -> list[str]:
    if not data:
        return []
    *lines, last = decoded(path, data)[0].split("\n")
    ended = [f"{line}\n" for line in lines]
    return [*ended, f"{last}\n\\ No newline at end of file\n"] if last else ended


def _one_hunk(old: Sequence[str], new: Sequence[str]) -> list[str]:
    shorter = min(len(old), len(new))
    head = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    tail = next((i for i in range(shorter - head) if old[-1 - i] != new[-1 - i]), shorter - head)
    gone, come = old[head : len(old) - tail], new[head : len(new) - tail]
    place = f"@@ -{head + 1},{len(gone)} +{head + 1},{len(come)} @@\n"
    return [place, *(f"-{line}" for line in gone), *(f"+{line}" for line in come)]
