r"""Private keys in a text: the lines between BEGIN and END, however they are quoted or numbered.

Forms: RFC 7468 (PEM), RFC 1421 (its headers, as ``DEK-Info``), RFC 9580 (OpenPGP), and the one line
with ``\n`` in it that JSON makes of them. Lines stay lines, so that their numbers stay right.
"""

import re
import string
from collections.abc import Iterator
from typing import Final, NamedTuple

_BEGIN = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(r"-----END (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_INLINE = re.compile(r"(?:\\+[nrtu\"']|[0-9A-Za-z+/=_.,:\"' \t\r]|-(?!-----?(?:BEGIN|END)))+")
"""All of a key that stands in one line, up to its end."""
_TORN = re.compile(r"(?:\\+[nrt]|[0-9A-Za-z+/=\r])+")
"""The same of a key whose end is missing."""
_INSIDE: Final = string.ascii_letters + string.digits + "+/=\\"
_RUN = re.compile(r"[0-9A-Za-z+/]{16}")
_LINE = re.compile(
    r"""[ \t>|\#*"'`+-]*+                              # quotes, comments, diffs, indents
        (?:(?:[\w.@/-]{1,200}[:-])?[0-9]{1,7}[:|\t -][ \t|>]*+)?   # path and number of a line
        ["'`+ -]{0,4}
        (?P<key>[0-9A-Za-z+/]++={0,2}|=[0-9A-Za-z+/]{4})
        (?:\\+[nrt]|["'`,;+\ \t\r)\\])*$""",
    re.VERBOSE | re.ASCII | re.MULTILINE,
)
_HEADER = re.compile(
    r"(?:\\[nrt]|[^0-9A-Za-z\n]){0,80}"
    r"(?:(?:[\w.@/-]{1,200}[:-])?[0-9]{1,7}[:|\t -](?:\\[nrt]|[^0-9A-Za-z\n]){0,80})?"
    r"(?:[A-Za-z][A-Za-z-]{1,30}: [^\n]{0,200})?$",
    re.MULTILINE | re.ASCII,
)
"""A header of a key, or a line with nothing in it."""
SHORTEST: Final = 16
"""Characters of a line of a key; the last one may be shorter."""


class Span(NamedTuple):
    """A part of a text."""

    start: int
    end: int


def key_spans(text: str) -> Iterator[Span]:
    """Give the parts of `text` that are private keys or lines of them, in order; in linear time."""
    begins = list(_BEGIN.finditer(text))
    ends = list(_END.finditer(text))
    done = at = 0
    for number, begin in enumerate(begins):
        following = begins[number + 1].start() if number + 1 < len(begins) else len(text)
        while at < len(ends) and ends[at].start() < begin.end():
            yield from _before(text, done, ends[at].start())
            done = ends[at].end()
            at += 1
        if at < len(ends) and ends[at].start() < following:
            place = (begin.end(), ends[at].start())
            yield from list(_after(text, *place, whole=True)) or _before(text, *place)
            done = ends[at].end()
            at += 1
        else:
            yield from _after(text, begin.end(), following, whole=False)
            done = begin.end()
    for end in ends[at:]:
        yield from _before(text, done, end.start())
        done = end.end()


def _after(text: str, start: int, until: int, *, whole: bool) -> Iterator[Span]:
    """Give the key that begins at `start`, behind BEGIN."""
    inline = (_INLINE if whole else _TORN).match(text, start, until)
    if inline is not None and (not whole or inline.end() == until) and _RUN.search(inline[0]):
        yield Span(start, inline.end())
        return
    line = text.find("\n", start, until) + 1
    shortest = SHORTEST
    while 0 < line < until:
        found = _LINE.match(text, line)
        if found is not None and found.end() <= until and len(found["key"]) >= shortest:
            yield Span(*found.span("key"))
            shortest = 1 if whole else SHORTEST
        elif not _HEADER.match(text, line):
            return
        line = text.find("\n", line, until) + 1


def _before(text: str, start: int, end: int) -> Iterator[Span]:
    """Give the lines of a key whose beginning is missing, before END."""
    found: list[Span] = []
    inline = text[text.rfind("\n", start, end) + 1 or start : end]
    torn = len(inline) - len(inline.rstrip(_INSIDE))
    if _RUN.search(inline, len(inline) - torn):
        yield Span(end - torn, end)
        return
    stop = text.rfind("\n", start, end)
    while stop >= 0:
        line = text.rfind("\n", start, stop) + 1 or start
        key = _LINE.match(text, line)
        if key is None or key.end() != stop or (found and len(key["key"]) < SHORTEST):
            break
        found.append(Span(*key.span("key")))
        stop = line - 1 if line > start else -1
    if found and (len(found) > 1 or found[0].end - found[0].start >= SHORTEST):
        yield from reversed(found)
