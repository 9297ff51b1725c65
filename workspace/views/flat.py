"""Code brought onto one line: the tokens of a node without comments and line ends."""

import re
from typing import Final

from tree_sitter import Node

from workspace.views import grammar as g

# The common case by patterns, which is several times as fast as a walk over the tokens: code with
# no string, comment or backslash in it, in which the only parentheses are those of the list.
_SEVERAL: Final = 2
_NEEDS_TREE: Final = re.compile(rb"[\"'#\\]")
_AFTER_OPENING: Final = re.compile(rb"([(\[{])\s*[\r\n]\s*")
_BEFORE_CLOSING: Final = re.compile(rb",?\s*[\r\n]\s*(\))|\s*[\r\n]\s*([\]},])")
_LINE_END: Final = re.compile(rb"\s*[\r\n]\s*")

_OPENING: Final = frozenset({b"(", b"[", b"{"})
_CLOSING: Final = frozenset({b")", b"]", b"}", b","})


def flat(text: bytes, node: Node, stop: int) -> bytes:
    """Return the tokens of `node` that begin before offset `stop`, on one line.

    The space between two tokens of one line stays as it is; strings stay whole, so that one of
    several lines keeps them.
    """
    parts: list[bytes] = []
    before = node.start_byte
    stack = [node]
    while stack:
        node = stack.pop()
        start, end, kind = node.start_byte, node.end_byte, node.kind_id
        if start >= stop or start == end or kind == g.CONTINUATION:
            continue
        if kind != g.STRING and node.child_count:
            stack.extend(reversed(_children(node)))
            continue
        token, gap = text[start:end], text[before:start]
        if b"\n" in gap or b"\r" in gap:
            tight = token in _CLOSING or (parts and parts[-1] in _OPENING)
            gap = b"" if tight else b" "
        parts += (gap, token)
        before = end
    return b"".join(parts)


def _children(node: Node) -> list[Node]:
    """Return the children of `node` without comments, and without a comma that ends a call."""
    children = [child for child in node.children if child.kind_id != g.COMMENT]
    if node.kind_id in g.LISTS and children[-2].type == ",":
        del children[-2]
    return children


def one_line(text: bytes, node: Node, stop: int) -> bytes:
    """Return text[node.start:stop] without trailing space, flattened only if it needs to be."""
    code = text[node.start_byte : stop].rstrip()
    if b"\n" not in code and b"#" not in code and b"\r" not in code:
        return code
    if node.kind_id in g.ONE_LIST and code.count(b"(") < _SEVERAL and not _NEEDS_TREE.search(code):
        code = _AFTER_OPENING.sub(rb"\1", code)
        code = _BEFORE_CLOSING.sub(rb"\1\2", code)
        return _LINE_END.sub(b" ", code)
    return flat(text, node, stop)
