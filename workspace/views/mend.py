"""What still parses of a broken Python file.

A syntax error can make the whole tree one error (an unclosed bracket swallows all that follows).
So the file is cut into pieces at the lines that begin a statement, each piece is parsed by itself,
and the smallest pieces that do not parse are blanked: offsets stay, all the rest is kept.
"""

import re
from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from workspace.views import grammar as g

_DEEPEST: Final = 6
"""Levels of indentation that are cut into pieces; deeper errors cost the whole piece."""

_CONTINUES: Final = re.compile(rb"(?:else|elif|except|finally|case)\b|[\s#)\]}]")
_INK: Final = re.compile(rb"[^\r\n]")
_INDENT: Final = re.compile(rb"[ \t\f]*")


def first_error(root: Node) -> int | None:
    """Return the offset of the first error below `root`, or None.

    The default of a type parameter (PEP 696) is valid Python that the grammar does not know; it
    is no error.
    """
    stack = [root]
    while stack:
        node = stack.pop()
        if node.is_missing:
            return node.start_byte
        if node.is_error:
            if _is_type_default(node):
                continue
            inner = [child for child in node.children if child.is_error or child.is_missing]
            return min([node.start_byte, *(child.start_byte for child in inner)])
        if node.has_error:
            stack.extend(reversed(node.children))
    return None


def mend(text: bytes) -> tuple[Node, int, int] | None:
    """Return the tree of `text` with its broken pieces blanked, or None if that is not enough.

    The second value is the offset of the first error, the third the number of blanked lines.
    """
    broken: list[tuple[int, int, int]] = []
    _find_broken(text, 0, len(text), broken, 0)
    mended = bytearray(text)
    for start, end, _ in broken:
        mended[start:end] = _INK.sub(b" ", text[start:end])
    root = g.parse(bytes(mended))
    if not broken or (root.has_error and first_error(root) is not None):
        return None
    lines = sum(1 for start, end, _ in broken for line in text[start:end].splitlines() if line)
    return root, min(at for _, _, at in broken), lines


def _is_type_default(error: Node) -> bool:
    return (
        error.parent is not None
        and error.parent.kind_id == g.TYPE_PARAMETER
        and (error.text or b"").lstrip().startswith(b"=")
    )


def _find_broken(
    text: bytes, start: int, end: int, broken: list[tuple[int, int, int]], depth: int
) -> None:
    """Add (start, end, offset of the error) for each smallest piece that does not parse."""
    for first, last in _pieces(text, start, end):
        root = g.parse(text[first:last])
        error = first_error(root) if root.has_error else None
        if error is None:
            continue
        body = _body_start(text, first, last)
        if depth < _DEEPEST and body is not None:
            before = len(broken)
            _find_broken(text, body, last, broken, depth + 1)
            if len(broken) > before and _parses_without(text, first, last, broken[before:]):
                continue
            del broken[before:]
        broken.append((first, last, first + min(error, last - first - 1)))


def _parses_without(text: bytes, first: int, last: int, broken: list[tuple[int, int, int]]) -> bool:
    piece = bytearray(text[first:last])
    for start, end, _ in broken:
        piece[start - first : end - first] = _INK.sub(b" ", text[start:end])
    root = g.parse(bytes(piece))
    return not root.has_error or first_error(root) is None


def _pieces(text: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the bounds of the statements in text[start:end], found by indentation alone.

    The indentation of the first line that is not blank is the one that begins a statement.
    """
    level: bytes | None = None
    begun = start
    decorated = False
    at = start
    for line in text[start:end].splitlines(keepends=True):
        indent = _INDENT.match(line)[0]  # type: ignore[index]  # the pattern matches everywhere
        rest = line[len(indent) :]
        if rest.strip() and not rest.startswith(b"#"):
            level = indent if level is None else level
            if len(indent) <= len(level) and not _CONTINUES.match(rest) and not decorated:
                if at > begun:
                    yield begun, at
                begun = at
            decorated = len(indent) <= len(level) and rest.startswith(b"@")
        at += len(line)
    if end > begun:
        yield begun, end


def _body_start(text: bytes, first: int, last: int) -> int | None:
    """Return where the lines after the header of a compound statement begin, if it is one."""
    at = first
    own: int | None = None
    for line in text[first:last].splitlines(keepends=True):
        indent = len(_INDENT.match(line)[0])  # type: ignore[index]  # it matches everywhere
        if line.strip() and not line.lstrip().startswith((b"@", b"#")):
            if own is not None and indent > own:
                return at
            own = indent
            if not line.rstrip().endswith(b":"):
                own = None
        at += len(line)
    return None
