"""The skeleton: every definition with its whole signature, no body, and the names around them."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from tree_sitter import Node

from workspace.views import grammar as g
from workspace.views.flat import one_line
from workspace.views.source import Source, render

LONGEST_VALUE: Final = 24
"""Bytes of the value of an annotated name, or of a type alias, that are shown; else ``...``."""

DEEPEST: Final = 100
"""Levels of indentation that Python itself takes."""

_HEADED: Final = re.compile(rb"[ \t]*(?:@|(?:async|class|def|for|if|match|try|while|with)\b)")
_SEVERAL: Final = re.compile(rb"((?:from [^ ]+ )?import )(?!\*)")
"""What two imports must have in common to be written as one."""


def get_skeleton_view(source: bytes) -> bytes:
    """Return the skeleton of a Python file, in its encoding and with its line ends.

    Classes and functions stand in their order with decorators and whole signatures, on one line
    each; an outermost body is ``pass``. Imports stay; of those that follow each other, the ones
    from one module are one. Names that are assigned stand together, once for each module or class,
    where the first of them is: ``A=B=...``; annotated ones keep their line. A compound statement
    stays if definitions or imports are in it. Docstrings, comments and other statements are
    dropped. Never raises; what cannot be parsed becomes an excerpt that says so, and a file with
    syntax errors begins with a remark that names the line of the first.
    """
    return render(source, skeleton).content


get_skeleton = get_skeleton_view


def skeleton(source: Source, whole: frozenset[int] = frozenset()) -> bytes:
    """Return the skeleton as UTF-8, with the definitions that start at an offset of `whole` whole.

    With nothing to be kept whole, a level is indented by one space (a run of them costs a token a
    line); else the indentation of the file is kept, so that whole definitions fit in.
    """
    drawing = _Drawing(source, whole)
    drawing.scope(source.root.named_children, b"", 0)
    lines = drawing.lines
    return source.newline.join([*lines, b""]) if lines else b""


class _Drawing:
    """The lines of one skeleton while they are written."""

    def __init__(self, source: Source, whole: frozenset[int]) -> None:
        self.source = source
        self.text = source.clean
        self.whole = whole
        self.lines: list[bytes] = []

    def scope(self, nodes: Iterable[Node], indent: bytes, depth: int) -> None:
        """Write the statements of a module or class, with its plain names on one line."""
        names: dict[bytes, None] = {}
        lines, self.lines = self.lines, []
        at = self.statements(nodes, indent, depth, names)
        if names:
            self.lines.insert(at, indent + b"=".join([*names, b"..."]))
        lines += self.lines
        self.lines = lines

    def statements(
        self, nodes: Iterable[Node], indent: bytes, depth: int, names: dict[bytes, None]
    ) -> int:
        """Write what a skeleton keeps of `nodes`, and add their plain names to `names`.

        Returns the number of lines that were written when the first name was met.
        """
        lines = self.lines
        at = -1
        run: dict[bytes, int] = {}
        run_end = 0
        for node in nodes:
            kind = node.kind_id
            if kind in g.DEFINITIONS:
                if self.whole and node.start_byte in self.whole:
                    lines.append(indent + self.source.text[node.start_byte : node.end_byte])
                else:
                    self.definition(node, kind, indent, depth)
            elif kind == g.EXPRESSION:
                first = node.named_child(0)
                if first.kind_id == g.ASSIGNMENT:
                    self.assignment(first, indent, names)
            elif kind in g.IMPORTS:
                if len(lines) != run_end:
                    run.clear()
                self.imported(node, indent, run)
                run_end = len(lines)
            elif kind in g.COMPOUND:
                self.compound(node, indent, depth, names)
            elif kind == g.TYPE_ALIAS:
                left = node.child_by_field_id(g.LEFT)
                lines.append(indent + self.shortened(node, left or node))
            if at < 0 and names:
                at = len(lines)
        return at

    def definition(self, node: Node, kind: int, indent: bytes, depth: int) -> None:
        """Write a function or class, with its decorators."""
        if kind == g.DECORATED:
            for child in node.named_children:
                kind = child.kind_id
                if kind == g.DECORATOR:
                    self.lines.append(indent + one_line(self.text, child, child.end_byte))
                elif kind != g.COMMENT:
                    self.definition(child, kind, indent, depth)
            return
        body = node.child_by_field_id(g.BODY)
        if body is None:  # the grammar gives each definition a body, be it an empty one
            return
        start = body.start_byte
        if start == body.end_byte:
            self.source.blame(start)
        header = indent + one_line(self.text, node, start)
        if kind == g.FUNCTION:
            self.lines.append(header + b" pass")
            return
        self.lines.append(header)
        before = len(self.lines)
        if depth < DEEPEST:
            self.scope(body.named_children, self.inner(body, indent), depth + 1)
        else:
            self.source.blame(start)
        self.lines[before - 1 :] = headed(header, self.lines[before:])

    def compound(self, node: Node, indent: bytes, depth: int, names: dict[bytes, None]) -> None:
        """Write an if, try, with, for, while or match, if definitions or imports are in it.

        Names that loops and the guard of a script assign are passing ones, and are not told.
        """
        if depth >= DEEPEST:
            self.source.blame(node.start_byte)
            return
        if node.kind_id in g.LOOPS or self.guards_script(node):
            names = {}
        before = self.lines
        parts: list[list[bytes]] = []
        filled = 0
        if node.kind_id == g.MATCH:
            cases = node.child_by_field_id(g.BODY)
            if cases is None:
                return
            before_cases = indent + one_line(self.text, node, cases.start_byte)
            indent = self.inner(cases, indent)
            parts.append([before_cases])
        for clause, block in g.clauses(node):
            header = indent + one_line(self.text, clause, block.start_byte)
            self.lines = []
            self.statements(block.named_children, self.inner(block, indent), depth + 1, names)
            parts.append(headed(header, self.lines))
            if self.lines:
                filled = len(parts)
        self.lines = before
        if filled:
            least = 2 if node.kind_id == g.TRY else 1
            for part in parts[: max(filled, least)]:
                before += part

    def guards_script(self, node: Node) -> bool:
        """Return whether `node` is an ``if __name__ == ...``."""
        condition = node.child_by_field_id(g.CONDITION)
        return condition is not None and self.text.startswith(b"__name__", condition.start_byte)

    def assignment(self, node: Node, indent: bytes, names: dict[bytes, None]) -> None:
        """Add the plain names that `node` assigns to `names`; write an annotated one as a line."""
        text = self.text
        left = node.child_by_field_id(g.LEFT)
        annotation = node.child_by_field_id(g.TYPE)
        if annotation is not None:
            if left is not None and left.kind_id == g.IDENTIFIER:
                self.lines.append(indent + self.shortened(node, annotation))
            return
        while left is not None:
            if left.kind_id == g.IDENTIFIER:
                names[text[left.start_byte : left.end_byte]] = None
            elif left.kind_id in g.PATTERNS:
                for name in unpacked(left):
                    names[text[name.start_byte : name.end_byte]] = None
            right = node.child_by_field_id(g.RIGHT)
            if right is None or right.kind_id != g.ASSIGNMENT:
                return
            node, left = right, right.child_by_field_id(g.LEFT)

    def shortened(self, node: Node, kept: Node) -> bytes:
        """Return `node` on one line up to `kept`, with its value if that is short."""
        value = node.child_by_field_id(g.RIGHT)
        if value is None or value.end_byte - value.start_byte <= LONGEST_VALUE:
            return one_line(self.text, node, node.end_byte)
        return one_line(self.text, node, kept.end_byte) + b" = ..."

    def imported(self, node: Node, indent: bytes, run: dict[bytes, int]) -> None:
        """Write an import on one line, without parentheses, or add it to one right before it.

        `run` has the lines of those that may be added to, by what must be in common.
        """
        code = one_line(self.text, node, node.end_byte).replace(b"(", b"", 1).rstrip(b",) ")
        common = _SEVERAL.match(code)
        if common is not None and common[1] in run:
            self.lines[run[common[1]]] += b", " + code[common.end() :]
            return
        if common is not None:
            run[common[1]] = len(self.lines)
        self.lines.append(indent + code)

    def inner(self, block: Node, indent: bytes) -> bytes:
        """Return the indentation of the statements of `block`, which belongs to one at `indent`."""
        if not self.whole:
            return indent + b" "
        for child in block.children:
            start = child.start_byte
            lead = self.text[start - child.start_point[1] : start]
            if child.kind_id != g.COMMENT and not lead.strip(b" \t"):
                return lead
        return indent + b"    "


def headed(header: bytes, lines: list[bytes]) -> list[bytes]:
    """Return the lines of a block with its header; a simple statement alone is put beside it."""
    if not lines:
        return [header + b" pass"]
    if len(lines) == 1 and not _HEADED.match(lines[0]):
        return [header + b" " + lines[0].lstrip(b" \t")]
    return [header, *lines]


def unpacked(pattern: Node) -> Iterator[Node]:
    """Yield the plain names of a target such as ``a, (b, [*c])``, in their order."""
    stack = [pattern]
    while stack:
        node = stack.pop()
        if node.kind_id == g.IDENTIFIER:
            yield node
        elif node.kind_id in g.PATTERNS:
            stack.extend(reversed(node.named_children))
