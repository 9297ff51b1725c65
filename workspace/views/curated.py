"""The curated view: all structure and words, and only the bodies that somebody marked."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from tree_sitter import Node, Query, QueryCursor

from workspace.views import grammar as g
from workspace.views.definitions import docstring
from workspace.views.flat import before_comment
from workspace.views.skeleton import DEEPEST
from workspace.views.source import Source, render

HIDDEN: Final = b"... # Hidden"

_MARK: Final = b"[HOT]"
_HOT: Final = re.compile(rb"#+[ \t]*\[HOT\]")
_CORE: Final = b"core_logic"
_REST_OF_LINE: Final = re.compile(rb"[ \t\f]*(?:#[^\r\n]*)?(?=[\r\n])")
_COLON: Final = ord(":")
_LINE_END: Final = re.compile(rb"[\r\n]")
_COMMENTS: Final = Query(g.LANGUAGE, "(comment) @comment")


def get_curated_view(source: bytes) -> bytes:
    """Return the file with all bodies hidden but those that are marked, byte for byte else.

    A function is marked by the decorator ``@core_logic`` (``@x.core_logic``, ``@core_logic(...)``)
    or by a comment ``# [HOT]`` in it; it stays whole. Every other body becomes its docstring and
    ``... # Hidden``; definitions in it stay if they are marked or have a docstring, with the
    statements around them. Never raises; what cannot be parsed becomes an excerpt that says so,
    and a file with syntax errors begins with a remark that names the line of the first.
    """
    return render(source, curated, whole=True).content


def curated(source: Source) -> bytes:
    """Return the curated view as UTF-8."""
    hiding = _Hiding(source)
    hiding.statements(source.root.named_children, 0)
    return hiding.result()


class _Hiding:
    """The cuts that make a curated view, found in the order of the file."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.parts: list[bytes] = []
        self.at = 0
        self.next_class = -1
        """Offset of a ``class`` that is the first from there on; the length of the text if none."""
        self.hot = _hot_comments(source)

    def result(self) -> bytes:
        """Return the text with all cuts made."""
        return b"".join([*self.parts, self.text[self.at :]])

    def cut(self, start: int, end: int, instead: bytes) -> None:
        """Put `instead` in the place of text[start:end]; nothing before it may be cut later."""
        self.parts += (self.text[self.at : start], instead)
        self.at = end
        if self.source.newline == b"\r\n" and self.text[end - 1 : end + 1] == b"\r\n":
            self.at -= 1  # a comment that ends a body reaches over the first half of a CRLF

    def statements(self, nodes: list[Node], depth: int) -> None:
        """Hide the bodies of all functions in `nodes` but the marked ones."""
        for node in nodes:
            kind = node.kind_id
            if kind in g.DEFINITIONS:
                self.definition(node, depth)
            elif kind in g.COMPOUND and depth < DEEPEST:
                for _, block in g.clauses(node):
                    self.statements(block.named_children, depth + 1)

    def definition(self, outer: Node, depth: int) -> None:
        """Hide the body of `outer`, or the bodies in it if it is a class."""
        node = outer.child_by_field_id(g.DEFINITION) if outer.kind_id == g.DECORATED else outer
        body = node and node.child_by_field_id(g.BODY)
        if node is None or body is None:
            return
        if body.start_byte == body.end_byte:
            self.source.blame(body.start_byte)
        elif node.kind_id == g.FUNCTION:
            if not ((self.hot or outer is not node) and self.marked(outer, node, body)):
                self.hide(node, body, depth)
        elif depth < DEEPEST:
            self.statements(body.named_children, depth + 1)

    def marked(self, outer: Node, node: Node, body: Node) -> bool:
        """Return whether the function stays whole."""
        if self.hot:
            at = bisect_left(self.hot, outer.start_byte)
            end = _LINE_END.search(self.text, body.end_byte)
            if at < len(self.hot) and self.hot[at] < (end.start() if end else len(self.text)):
                return True
        decorated = self.text.find(_CORE, outer.start_byte, node.start_byte) >= 0
        return decorated and _is_core(self.text, outer)

    def hide(self, node: Node, body: Node, depth: int) -> None:
        """Hide `body`, the block of the function `node`, after its docstring."""
        said = docstring(self.source, body)
        inner = self.kept_inside(body, said.end_byte if said is not None else body.start_byte)
        if inner:
            self.hide_around(node, body, inner, said, depth)
            return
        opening = self.opening(node, body)
        if opening is None and said is None:
            self.cut(body.start_byte, body.end_byte, HIDDEN)
        elif said is not None:
            self.cut(said.end_byte, body.end_byte, opening[1] if opening else b"; " + HIDDEN)
        elif opening is not None:
            self.cut(opening[0], body.end_byte, opening[1])

    def hide_around(
        self, node: Node, block: Node, inner: list[int], said: Node | None, depth: int
    ) -> None:
        """Hide each run of statements of `block` that holds no definition which starts in `inner`.

        `node` is what the block belongs to, `said` the docstring at its begin.
        """
        opening = self.opening(node, block)
        if opening is None:  # a block on the line of its header holds no definition
            self.cut(block.start_byte, block.end_byte, HIDDEN)
            return
        start, hidden = opening
        if said is not None:
            start = said.end_byte
        end = start
        for child in block.named_children:
            if child.start_byte < start:
                continue
            at = bisect_left(inner, child.start_byte)
            if depth >= DEEPEST or at == len(inner) or inner[at] >= child.end_byte:
                end = child.end_byte
                continue
            if end > start:
                self.cut(start, end, hidden)
            if child.kind_id in g.DEFINITIONS:
                self.definition(child, depth + 1)
            else:
                for clause, within in g.clauses(child):
                    self.hide_around(clause, within, inner, None, depth + 1)
            start = end = child.end_byte
        if end > start:
            self.cut(start, end, hidden)

    def kept_inside(self, body: Node, start: int) -> list[int]:
        """Return where the definitions in `body` from `start` on begin that must stay, in order."""
        end, text = body.end_byte, self.text
        if self.next_class < start:
            at = text.find(b"class ", start)
            self.next_class = len(text) if at < 0 else at
        if self.next_class >= end and text.find(b"def ", start, end) < 0:
            return []
        kept = []
        for at in _begun(text, start, end):
            word = body.descendant_for_byte_range(at, at + 1)
            node = word.parent if word is not None and not word.is_named else None
            inner = node and node.child_by_field_id(g.BODY)
            if node is None or inner is None:  # the word is in a string or a comment
                continue
            around = node.parent
            outer = around if around is not None and around.kind_id == g.DECORATED else node
            if docstring(self.source, inner) is not None or (
                node.kind_id == g.FUNCTION and self.marked(outer, node, inner)
            ):
                kept.append(outer.start_byte)
        return sorted(kept)

    def opening(self, node: Node, block: Node) -> tuple[int, bytes] | None:
        """Return where the line of the header of `block` ends, and the line that stands for it.

        None if the block is on the line of its header.
        """
        text = self.text
        start, body = node.start_byte, block.start_byte
        at = text.rfind(b"\n", start, body)
        if at > 0 and text[at - 1] == _COLON and text.find(b"#", start, at) < 0:
            lead = text[at + 1 : body]
            if lead.isspace():  # nothing but a line end, which is the rule
                return at, self.source.newline + lead + HIDDEN
        colon = before_comment(text, start, body) or next(
            child.end_byte
            for child in reversed(node.children)
            if child.type == ":" and child.end_byte <= body
        )
        rest = _REST_OF_LINE.match(text, colon, body)
        if rest is None:
            return None
        blank = text[rest.end() : body]
        at = max(blank.rfind(b"\n"), blank.rfind(b"\r"))
        return rest.end(), self.source.newline + blank[at + 1 :] + HIDDEN


def _hot_comments(source: Source) -> list[int]:
    """Return the offsets of all ``# [HOT]`` comments, in order; those in strings are none."""
    if _MARK not in source.text:
        return []
    comments = QueryCursor(_COMMENTS).captures(source.root).get("comment", [])
    starts = sorted(comment.start_byte for comment in comments)
    return [start for start in starts if _HOT.match(source.text, start)]


def _begun(text: bytes, start: int, end: int) -> Iterator[int]:
    """Yield the offsets of each ``def`` and ``class`` that may begin a definition, not in order.

    Some of them are in strings. A query of the tree for the same takes five times as long.
    """
    for word in (b"def ", b"class "):
        at = text.find(word, start, end)
        while at >= 0:
            line = text.rfind(b"\n", 0, at) + 1
            lead = text[max(line, text.rfind(b"\r", line, at) + 1) : at].strip()
            if not lead or lead == b"async" or lead.endswith((b":", b" async")):
                yield at
            at = text.find(word, at + 1, end)


def _is_core(text: bytes, decorated: Node) -> bool:
    """Return whether one of the decorators is ``core_logic``, called or not, of any object."""
    for decorator in decorated.named_children:
        if decorator.kind_id != g.DECORATOR:
            continue
        node: Node | None = decorator.named_child(0)
        while node is not None and node.kind_id == g.CALL:
            node = node.child_by_field_id(g.FUNCTION_FIELD)
        if node is not None and node.kind_id == g.ATTRIBUTE:
            node = node.child_by_field_id(g.ATTRIBUTE_NAME)
        if node is not None and text[node.start_byte : node.end_byte] == _CORE:
            return True
    return False
