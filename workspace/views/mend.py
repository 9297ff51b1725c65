"""What still parses of a broken Python file.

A syntax error can make the whole tree one error (an unclosed bracket swallows all that follows).
So the file is cut into pieces at the lines that begin a statement, each piece is parsed by itself,
and the smallest pieces that do not parse are blanked: offsets stay, all the rest is kept.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

from tree_sitter import Node

from workspace.views import grammar as g

_DEEPEST: Final = 8
"""Levels of indentation that are cut into pieces; deeper errors cost the whole piece."""

_CONTINUES: Final = re.compile(rb"(?:else|elif|except|finally)\b|[)\]}]")
_LINES: Final = re.compile(rb"[^\s][^\r\n]*")
_INK: Final = re.compile(rb"[^\r\n]")
_COMMENTS_AND_STRINGS: Final = re.compile(
    rb"#[^\n]*"
    rb"|'''(?:[^\\]|\\.)*?'''|\"\"\"(?:[^\\]|\\.)*?\"\"\""
    rb"|'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"",
    re.DOTALL,
)


class Piece(NamedTuple):
    """A part of a file that does not parse, from offset `start` to `end`."""

    start: int
    end: int
    error: int
    """Offset of the error in it."""


class Mended(NamedTuple):
    """The tree of a broken file without its broken pieces."""

    root: Node
    pieces: Sequence[Piece]
    lines_blanked: int


def first_error(root: Node) -> int | None:
    """Return the offset of the first error below `root`, or None.

    The default of a type parameter (PEP 696) is valid Python that the grammar does not know; it
    is no error.
    """
    stack = [(root, False)]
    while stack:
        node, in_type_parameters = stack.pop()
        if node.is_error or node.is_missing:
            if in_type_parameters and b"=" in (node.text or b""):
                continue
            return node.start_byte
        if node.has_error:
            inside = in_type_parameters or node.kind_id == g.TYPE_PARAMETER
            stack.extend((child, inside) for child in reversed(node.children))
    return None


def mend(text: bytes) -> Mended | None:
    """Return the tree of `text` with its broken pieces blanked, or None if that is not enough.

    A quote that is never closed makes strings of code and code of strings. So the lines inside of
    long strings are taken for strings first, and for code the second time, and the better wins.
    """
    found = [_mended(text, _lines_in_strings(text)), _mended(text, frozenset())]
    return min(
        (mended for mended in found if mended is not None),
        key=lambda mended: mended.lines_blanked,
        default=None,
    )


def _mended(text: bytes, in_strings: Collection[int]) -> Mended | None:
    broken = list(_broken(text, 0, len(text), in_strings, 0))
    root = g.parse(blanked(text, 0, len(text), broken))
    if not broken or not _is_whole(root):
        return None
    lines = sum(len(_LINES.findall(text, piece.start, piece.end)) for piece in broken)
    return Mended(root, broken, lines)


def _is_whole(root: Node) -> bool:
    return not root.has_error or first_error(root) is None


def _lines_in_strings(text: bytes) -> frozenset[int]:
    """Return the offsets of all lines that begin inside of a string."""
    found: set[int] = set()
    for token in _COMMENTS_AND_STRINGS.finditer(text):
        at = text.find(b"\n", token.start(), token.end())
        while at >= 0:
            found.add(at + 1)
            at = text.find(b"\n", at + 1, token.end())
    return frozenset(found)


def _broken(
    text: bytes, start: int, end: int, in_strings: Collection[int], depth: int
) -> Iterator[Piece]:
    """Yield the smallest pieces of text[start:end] that do not parse, in their order."""
    for first, last in _pieces(text, start, end, in_strings):
        root = g.parse(text[first:last])
        error = first_error(root) if root.has_error else None
        if error is None:
            continue
        body = _body_start(text, first, last)
        if body is not None and depth < _DEEPEST:
            inner = list(_broken(text, body, last, in_strings, depth + 1))
            if inner and _is_whole(g.parse(blanked(text, first, last, inner))):
                yield from inner
                continue
        yield Piece(first, last, min(first + error, last - 1))


def blanked(text: bytes, first: int, last: int, pieces: Collection[Piece]) -> bytes:
    """Return text[first:last] with spaces in the place of `pieces`; line ends stay."""
    mended = bytearray(text[first:last])
    for start, end, _ in pieces:
        mended[start - first : end - first] = _INK.sub(b" ", text[start:end])
    return bytes(mended)


def _pieces(
    text: bytes, start: int, end: int, in_strings: Collection[int]
) -> Iterator[tuple[int, int]]:
    """Yield the bounds of the statements in text[start:end], found by indentation alone.

    The indentation of the first line that is not blank is the one that begins a statement. A
    decorator goes with what it decorates, an ``else`` with what is before it; one that is indented
    less ends the block, and the line after it begins the next.
    """
    level = -1
    at = start
    begun: int | None = start
    decorated = False
    for line in text[start:end].splitlines(keepends=True):
        rest = line.lstrip(b" \t\f")
        indent = len(line) - len(rest)
        if rest.strip() and not rest.startswith(b"#") and at not in in_strings:
            level = indent if level < 0 else level
            clause = _CONTINUES.match(rest) is not None
            if begun is None:
                begun = at
            elif indent < level or (indent == level and not clause and not decorated):
                if at > begun:
                    yield begun, at
                begun = None if indent < level and clause else at
            if indent <= level:
                decorated = rest.startswith(b"@")
        at += len(line)
    if begun is not None and end > begun:
        yield begun, end


def _body_start(text: bytes, first: int, last: int) -> int | None:
    """Return where the lines after the header of a compound statement begin, if it is one."""
    at = first
    header = -1
    for line in text[first:last].splitlines(keepends=True):
        rest = line.strip()
        indent = len(line) - len(line.lstrip(b" \t\f"))
        if header >= 0 and rest and indent > header:
            return at
        if rest and not rest.startswith((b"@", b"#")):
            header = indent if rest.endswith(b":") else -1
        at += len(line)
    return None
