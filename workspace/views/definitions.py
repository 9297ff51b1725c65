"""The definitions of a file, with their names, places and docstrings."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from tree_sitter import Node

from workspace.views import grammar as g
from workspace.views.source import Source

_NO_DOCSTRING: Final = frozenset(b"bBfFtT")
"""Prefixes of strings that are no docstring: bytes, f-strings and t-strings."""

_PREFIXES: Final = b"bBfFtTrRuU"
_LONGEST_PREFIX: Final = 2

_MAY_BEGIN: Final = frozenset(b"\"'(rRuU")
"""The first bytes of what can be a docstring; looking at them first spares most of the work."""


class Definition(NamedTuple):
    """One class, or one function that is in no other function."""

    name: str
    """Qualified by the classes around it: ``Outer.Inner.method``."""
    kind: str
    """``class``, ``function`` or ``method``, the latter two after ``async`` if they are so."""
    outer: Node
    """With its decorators."""
    node: Node
    """Without them."""
    body: Node


def definitions(source: Source) -> Iterator[Definition]:
    """Yield every definition outside of function bodies, in the order of the file."""
    stack = [(child, "", False) for child in reversed(source.root.named_children)]
    while stack:
        node, prefix, in_class = stack.pop()
        kind = node.kind_id
        if kind in g.DEFINITIONS:
            found = definition_of(source, node, prefix, in_class=in_class)
            if found is None:
                continue
            yield found
            if found.node.kind_id == g.CLASS:
                inner = found.body.named_children
                stack.extend((child, found.name + ".", True) for child in reversed(inner))
        elif kind in g.COMPOUND:
            inner = [child for _, block in g.clauses(node) for child in block.named_children]
            stack.extend((child, prefix, in_class) for child in reversed(inner))


def definition_of(
    source: Source, outer: Node, prefix: str = "", *, in_class: bool = False
) -> Definition | None:
    """Return the definition that the (perhaps decorated) node `outer` is, if it is whole."""
    node = outer.child_by_field_id(g.DEFINITION) if outer.kind_id == g.DECORATED else outer
    name = node and node.child_by_field_id(g.NAME)
    body = node and node.child_by_field_id(g.BODY)
    if node is None or name is None or body is None:
        return None
    kind = "class"
    if node.kind_id == g.FUNCTION:
        kind = "method" if in_class else "function"
        if source.text.startswith(b"async", node.start_byte):
            kind = f"async {kind}"
    called = source.text[name.start_byte : name.end_byte].decode()
    return Definition(prefix + called, kind, outer, node, body)


def docstring(source: Source, body: Node) -> Node | None:
    """Return the statement that is the docstring of `body`, as `ast.get_docstring` sees it."""
    start = body.start_byte
    if start == body.end_byte or source.text[start] not in _MAY_BEGIN:
        return None
    statement = body.named_child(0)  # comments before it are outside of the body
    if statement.kind_id != g.EXPRESSION or statement.child_count != 1:
        return None
    node: Node | None = statement.named_child(0)
    while node is not None and node.kind_id == g.PARENTHESIZED:
        inner = [child for child in node.named_children if child.kind_id != g.COMMENT]
        node = inner[0] if inner else None
    if node is None or node.kind_id not in {g.STRING, g.CONCATENATED}:
        return None
    strings = node.named_children if node.kind_id == g.CONCATENATED else [node]
    for string in strings:
        code = source.text[string.start_byte : string.start_byte + _LONGEST_PREFIX]
        prefix = code[: len(code) - len(code.lstrip(_PREFIXES))]
        if not _NO_DOCSTRING.isdisjoint(prefix):
            return None
    return statement


def docstring_line(source: Source, body: Node) -> str:
    """Return the first line of the docstring of `body` that has words, as written, or ``""``."""
    statement = docstring(source, body)
    if statement is None:
        return ""
    code = source.text[statement.start_byte : statement.end_byte].decode()
    words = code.lstrip("(rRuU \t\r\n").lstrip("\"'").rstrip(")").rstrip("\"'")
    return next((line.strip() for line in words.splitlines() if line.strip("\\ \t")), "")
