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
_INLINE = re.compile(
    r"(?:\\+[nrt]|[0-9A-Za-z+/= \t\r]|(?<=[A-Za-z]):(?= )|(?<=[0-9A-Za-z]),(?=[0-9A-Za-z])"
    r"|-(?!-----?(?:BEGIN|END)))+"
)
"""All of a key that stands in one line, up to its end; never more than one string of JSON."""
_CHUNK = re.compile(r"(?<!\\)(?:\\+[nr]|[0-9A-Za-z+/]){16,}={0,2}")
"""A part of such a key that is put together of several strings."""
_TORN = re.compile(r"(?:\\+[nrt]|[0-9A-Za-z+/=\r])+")
"""What is there of such a key if its end is missing."""
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
    """Give the key that begins at `start`, behind BEGIN; if it is `whole`, END is at `until`."""
    inline = _INLINE.match(text, start, until) if whole else None
    if inline is not None and inline.end() == until and _RUN.search(inline[0]):
        yield Span(start, until)
        return
    line = text.find("\n", start, until) + 1
    first = list(_chunks(text, start, line or until)) if whole else _torn(text, start, until)
    yield from first
    begun = whole and bool(first)
    while 0 < line < until:
        following = text.find("\n", line, until) + 1
        found = _LINE.match(text, line)
        least = 1 if begun else SHORTEST
        if found is not None and found.end() <= until and len(found["key"]) >= least:
            yield Span(*found.span("key"))
            begun = whole
        elif begun:
            yield from _chunks(text, line, following or until)
        elif not _HEADER.match(text, line):
            return
        line = following


def _chunks(text: str, start: int, end: int) -> Iterator[Span]:
    return (Span(*chunk.span()) for chunk in _CHUNK.finditer(text, start, end))


def _torn(text: str, start: int, end: int) -> list[Span]:
    torn = _TORN.match(text, start, end)
    return [Span(start, torn.end())] if torn is not None and _RUN.search(torn[0]) else []


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
