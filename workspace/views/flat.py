"""Code brought onto one line: the tokens of a node without comments and line ends."""

import re
from typing import Final

from tree_sitter import Node

from workspace.views import grammar as g

# The common case goes line by line, many times as fast as a walk over the tokens: code with no
# comment, no line that ends in a backslash and no string that may go over several lines.
_NEEDS_TREE: Final = re.compile(rb"#|\\[\r\n]|\"\"\"|'''|[fFtT][rR]?[\"']")
_BEFORE_COMMENT: Final = re.compile(rb"[^#\"'\[{]*:(?=[ \t]*(?:[\r\n]\s*)?#)")
"""A header without strings and brackets, up to the comment on its line or on the one after it."""
_COMMA_AT_END: Final = re.compile(rb",\s*[\r\n]\s*\)")
_SEVERAL: Final = 2

_OPENING: Final = (b"(", b"[", b"{")
_CLOSING: Final = (b")", b"]", b"}", b",")


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


def before_comment(text: bytes, start: int, stop: int) -> int | None:
    """Return where a header ends that a comment follows, if that can be seen at a glance."""
    bare = _BEFORE_COMMENT.match(text, start, stop)
    if bare is None or bare[0].count(b"(") != bare[0].count(b")"):
        return None
    return bare.end()


def one_line(text: bytes, node: Node, stop: int) -> bytes:
    """Return text[node.start:stop] without trailing space, flattened only if it needs to be."""
    code = text[node.start_byte : stop].rstrip()
    if b"#" in code:
        end = before_comment(text, node.start_byte, stop)
        code = code if end is None else text[node.start_byte : end]
    if b"\n" not in code and b"#" not in code and b"\r" not in code:
        return code
    if _NEEDS_TREE.search(code):
        return flat(text, node, stop)
    if _COMMA_AT_END.search(code) and (
        node.kind_id not in g.ONE_LIST or code.count(b"(") >= _SEVERAL
    ):
        return flat(text, node, stop)  # the comma may be what makes a tuple
    return _joined(code)


def _joined(code: bytes) -> bytes:
    """Return `code` on one line, without a comma and a space that would stand before a ``)``."""
    first, *others = code.splitlines()
    joined = first.rstrip()
    for other in others:
        line = other.strip()
        if line.startswith(b")"):
            joined = joined.removesuffix(b",") + line
        elif not line or line.startswith(_CLOSING) or joined.endswith(_OPENING):
            joined += line
        else:
            joined += b" " + line
    return joined
