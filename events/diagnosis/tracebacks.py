"""What Python prints when it ends in an exception: tracebacks of all shapes, and syntax errors."""

import re
from collections.abc import Iterator
from itertools import islice, pairwise
from typing import NamedTuple

from events.diagnosis.cause import Cause, is_ours, next_line

MOST_TRACEBACKS = 2000
NOTE = "[... "
"""How a line begins that says what was left out; it may stand in the middle of a traceback."""

_HEADER = re.compile(r"Traceback \(most recent call last\):[^\n]*\n")
_FRAME = re.compile(r'File "(?P<path>[^"\n]+)", line (?P<line>\d+)')
_LINE = re.compile(r"[^\n]+")
_FRAME_LINE = re.compile(r'(?P<margin>[^\n]*?)  File "')
LINK = re.compile(
    r"The above exception was the direct cause|During handling of the above exception"
)
_LEAF = re.compile(r"^[ |]*\+[-+]*-+ 1 -+\n[ |]*\| (?P<what>\S[^\n]*)", re.MULTILINE)
_GROUP = re.compile(r"\(\d+ sub-exceptions?\)$")
_IGNORED = re.compile(r"^Exception ignored (?:in|on)\b[^\n]*\n\Z", re.MULTILINE)
_SYNTAX = re.compile(
    r'^ *File "(?P<path>[^"\n]+)", line (?P<line>\d+)\n(?:[^\n]*\n){0,4}?'
    r" *(?P<what>(?:Syntax|Indentation|Tab)Error: [^\n]+)",
    re.MULTILINE,
)
_FATAL = re.compile(r"^Fatal Python error: (?P<what>[^\n]+)", re.MULTILINE)


class Traceback(NamedTuple):
    """One traceback."""

    at: int
    """Offset of its first line."""
    what: str
    """The exception's line."""
    what_at: int
    where: str
    """The innermost frame of ours as ``path:line``, or empty."""


def python_exception(text: str) -> Cause | None:
    """Return the first cause of the exception that `text` ends with.

    Of exceptions that led to one another it is the first; of a group, its first leaf. If words
    follow the last one, it did not end the program, and the very first one is more telling.
    """
    found = list(_tracebacks(text))
    if not found:
        return None
    chains = _chains(text, found)
    last = chains[-1]
    ended = not _rest_of(text, last[-1].what_at).strip()
    chain = last if ended else chains[0]
    first = next((one for one in chain if not _GROUP.search(one.what)), None)
    if first is None:
        return _first_leaf(text, chain[0])
    where = first.where or next((one.where for one in chain if one.where), "")
    return Cause(first.what_at, first.what, where, more=_final(chain, first))


def _final(chain: list[Traceback], first: Traceback) -> str:
    """Return what the first exception of a chain led to; in a group they stand side by side."""
    final = chain[-1].what
    if final == first.what or _GROUP.search(final):
        return ""
    return f"and {final}" if any(_GROUP.search(one.what) for one in chain) else f"then {final}"


def syntax_error(text: str) -> Cause | None:
    """Return the first syntax error that Python, a compiler run or an import printed."""
    match = _SYNTAX.search(text)
    if match is None:
        return None
    return Cause(match.start("what"), match["what"], f"{match['path']}:{match['line']}")


def fatal_error(text: str) -> Cause | None:
    """Return how the interpreter itself died, and the innermost frame of ours."""
    match = _FATAL.search(text)
    if match is None:
        return None
    frames = [*_FRAME.finditer(text, match.end(), match.end() + 20_000)]
    return Cause(match.start(), match[0], _place(frames))  # the most recent call comes first


def innermost(text: str) -> str:
    """Return the last frame of ours that `text` shows as ``path:line``, or nothing."""
    return _place([*_FRAME.finditer(text)][::-1])


def _tracebacks(text: str) -> Iterator[Traceback]:
    headers = [*islice(_HEADER.finditer(text), MOST_TRACEBACKS)]
    ends = [*(header.start() for header in headers[1:]), len(text)]
    for header, end in zip(headers, ends, strict=False):
        frame = _FRAME_LINE.match(text, header.end())
        margin = len(frame["margin"]) if frame else _indent(text, header.start())
        for line in _LINE.finditer(text, header.end(), end):
            words = line[0][margin:]
            if words and not words.startswith(" ") and not line[0].startswith(NOTE):
                where = innermost(text[header.end() : line.start()])
                what = words.strip()
                if what.endswith(":"):
                    what += next_line(text, line.end())
                yield Traceback(header.start(), what, line.start(), where)
                break


def _indent(text: str, position: int) -> int:
    """Return how far a header without frames is moved in, by blanks or the border of a group."""
    before = text[text.rfind("\n", 0, position) + 1 : position]
    return 0 if before.strip(" |") else len(before)


def _chains(text: str, found: list[Traceback]) -> list[list[Traceback]]:
    """Return the tracebacks, those together that led to one another or make up a group."""
    chains = [[found[0]]]
    for before, after in pairwise(found):
        between = text[before.what_at : after.at]
        if (
            LINK.search(between)
            or _GROUP.search(before.what)
            or "\n+---" in between.replace(" ", "")
        ):
            chains[-1].append(after)
        elif _IGNORED.search(between) is None:
            chains.append([after])
    return chains


def _first_leaf(text: str, group: Traceback) -> Cause:
    leaf = _LEAF.search(text, group.what_at)
    if leaf is None:
        return Cause(group.what_at, group.what, group.where)
    return Cause(leaf.start("what"), leaf["what"], group.where, more=f"in {group.what}")


def _rest_of(text: str, position: int) -> str:
    """Return what follows the exception's line: more of its message, or more output."""
    return "".join(text[position : position + 2000].partition("\n")[2])


def _place(frames: list[re.Match[str]]) -> str:
    """Return the first of `frames` that is ours."""
    ours = (f"{frame['path']}:{frame['line']}" for frame in frames if is_ours(frame["path"]))
    return next(ours, "")
