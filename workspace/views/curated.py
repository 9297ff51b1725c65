"""The curated view: all structure and words, and only the bodies that somebody marked."""

import re
from bisect import bisect_left
from typing import Final

from tree_sitter import Node, Query, QueryCursor

from workspace.views import grammar as g
from workspace.views.definitions import docstring
from workspace.views.skeleton import DEEPEST
from workspace.views.source import Source, render

HIDDEN: Final = b"... # Hidden"

_MARK: Final = b"[HOT]"
_HOT: Final = re.compile(rb"#+[ \t]*\[HOT\]")
_CORE: Final = b"core_logic"
_REST_OF_LINE: Final = re.compile(rb"[ \t\f]*(?:#[^\r\n]*)?(?=[\r\n])")
_LINE_END: Final = re.compile(rb"[\r\n]")
_INNER: Final = Query(
    g.LANGUAGE,
    "[(function_definition) (class_definition)] @inner (decorated_definition) @decorated",
)
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
        self.hot = _hot_comments(source)
        self.core = _CORE in source.text

    def result(self) -> bytes:
        """Return the text with all cuts made."""
        return b"".join([*self.parts, self.text[self.at :]])

    def cut(self, start: int, end: int, instead: bytes) -> None:
        """Put `instead` in the place of text[start:end]; nothing before it may be cut later."""
        self.parts += (self.text[self.at : start], instead)
        # A comment that ends a body reaches over the first half of a CRLF.
        self.at = end - 1 if self.text[end - 1 : end + 1] == b"\r\n" else end

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
            if not self.marked(outer, body):
                self.hide(node, body, depth)
        elif depth < DEEPEST:
            self.statements(body.named_children, depth + 1)

    def marked(self, outer: Node, body: Node) -> bool:
        """Return whether the function stays whole."""
        if self.hot:
            at = bisect_left(self.hot, outer.start_byte)
            end = _LINE_END.search(self.text, body.end_byte)
            if at < len(self.hot) and self.hot[at] < (end.start() if end else len(self.text)):
                return True
        return self.core and outer.kind_id == g.DECORATED and _is_core(self.text, outer)

    def hide(self, node: Node, body: Node, depth: int) -> None:
        """Hide `body`, the block of the function `node`, after its docstring."""
        said = docstring(self.source, body)
        inner = self.kept_inside(body)
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

    def kept_inside(self, body: Node) -> list[int]:
        """Return where the definitions inside of a function start that must stay, in order."""
        within = body.start_byte, body.end_byte
        if self.text.find(b"def ", *within) < 0 and self.text.find(b"class ", *within) < 0:
            return []
        captured = QueryCursor(_INNER).captures(body)
        decorated = {
            outer.named_children[-1].start_byte: outer for outer in captured.get("decorated", [])
        }
        kept = []
        for node in captured.get("inner", []):
            inner = node.child_by_field_id(g.BODY)
            outer = decorated.get(node.start_byte, node)
            if inner is not None and (
                docstring(self.source, inner) is not None
                or (node.kind_id == g.FUNCTION and self.marked(outer, inner))
            ):
                kept.append(outer.start_byte)
        return sorted(kept)

    def opening(self, node: Node, block: Node) -> tuple[int, bytes] | None:
        """Return where the line of the header of `block` ends, and the line that stands for it.

        None if the block is on the line of its header.
        """
        start = node.start_byte
        header = self.text[start : block.start_byte]
        bare = header.rstrip()
        if bare.endswith(b":") and b"#" not in bare:
            end = start + len(bare)
        else:
            colon = next(
                child.end_byte
                for child in reversed(node.children)
                if child.type == ":" and child.end_byte <= block.start_byte
            )
            rest = _REST_OF_LINE.match(self.text, colon, block.start_byte)
            if rest is None:
                return None
            end = rest.end()
        blank = header[end - start :]
        at = max(blank.rfind(b"\n"), blank.rfind(b"\r"))
        return (end, self.source.newline + blank[at + 1 :] + HIDDEN) if at >= 0 else None


def _hot_comments(source: Source) -> list[int]:
    """Return the offsets of all ``# [HOT]`` comments, in order; those in strings are none."""
    if _MARK not in source.text:
        return []
    comments = QueryCursor(_COMMENTS).captures(source.root).get("comment", [])
    starts = sorted(comment.start_byte for comment in comments)
    return [start for start in starts if _HOT.match(source.text, start)]


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
