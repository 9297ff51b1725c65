"""The Python grammar of tree-sitter: its kinds by number, and one parser a thread."""

import threading
from collections.abc import Iterator
from typing import Final, cast

import tree_sitter_python
from tree_sitter import Language, Node, Parser

LANGUAGE: Final = Language(tree_sitter_python.language())


def _kind(name: str) -> int:
    number = LANGUAGE.id_for_node_kind(name, True)  # noqa: FBT003 - the C function takes no keyword
    if number is None:
        msg = f"this version of tree-sitter-python has no node kind {name!r}"
        raise LookupError(msg)
    return number


def _field(name: str) -> int:
    return cast("int", LANGUAGE.field_id_for_name(name))


# Numbers, because comparing them costs a tenth of comparing the names of the kinds.
ASSIGNMENT: Final = _kind("assignment")
ATTRIBUTE: Final = _kind("attribute")
BLOCK: Final = _kind("block")
CALL: Final = _kind("call")
CLASS: Final = _kind("class_definition")
COMMENT: Final = _kind("comment")
CONCATENATED: Final = _kind("concatenated_string")
CONTINUATION: Final = _kind("line_continuation")
DECORATED: Final = _kind("decorated_definition")
DECORATOR: Final = _kind("decorator")
EXPRESSION: Final = _kind("expression_statement")
FROM_IMPORT: Final = _kind("import_from_statement")
FUNCTION: Final = _kind("function_definition")
FUTURE_IMPORT: Final = _kind("future_import_statement")
IDENTIFIER: Final = _kind("identifier")
IMPORT: Final = _kind("import_statement")
PARENTHESIZED: Final = _kind("parenthesized_expression")
STRING: Final = _kind("string")
TYPE_ALIAS: Final = _kind("type_alias_statement")
TYPE_PARAMETER: Final = _kind("type_parameter")

MATCH: Final = _kind("match_statement")
TRY: Final = _kind("try_statement")

DEFINITIONS: Final = frozenset({FUNCTION, CLASS, DECORATED})
LISTS: Final = frozenset({_kind("parameters"), _kind("argument_list")})
ONE_LIST: Final = frozenset({CLASS, FUNCTION, FROM_IMPORT, FUTURE_IMPORT})
LOOPS: Final = frozenset({_kind("for_statement"), _kind("while_statement")})
IMPORTS: Final = frozenset({IMPORT, FROM_IMPORT, FUTURE_IMPORT})
COMPOUND: Final = frozenset(
    _kind(f"{name}_statement") for name in ("if", "try", "for", "while", "with", "match")
)
CLAUSES: Final = frozenset(
    _kind(f"{name}_clause") for name in ("elif", "else", "except", "finally", "case")
)
PATTERNS: Final = frozenset(
    _kind(f"{name}_pattern") for name in ("tuple", "list", "list_splat")
) | {_kind("pattern_list")}

ATTRIBUTE_NAME: Final = _field("attribute")
BODY: Final = _field("body")
CONDITION: Final = _field("condition")
DEFINITION: Final = _field("definition")
FUNCTION_FIELD: Final = _field("function")
LEFT: Final = _field("left")
NAME: Final = _field("name")
RIGHT: Final = _field("right")
TYPE: Final = _field("type")

_own = threading.local()


def parse(utf8: bytes) -> Node:
    """Return the root of the syntax tree of `utf8`; offsets in it are bytes, rows start at 0.

    Never raises on any input. Each thread has its own parser; the tree may be read from any thread.
    """
    parser: Parser | None = getattr(_own, "parser", None)
    if parser is None:
        parser = _own.parser = Parser(LANGUAGE)
    return parser.parse(utf8).root_node


def clauses(node: Node) -> Iterator[tuple[Node, Node]]:
    """Yield each clause of a compound statement, itself first, with its block."""
    body = node.child_by_field_id(BODY)
    for child in (body if node.kind_id == MATCH and body is not None else node).named_children:
        if child.kind_id == BLOCK:
            yield node, child
        elif child.kind_id in CLAUSES:
            for block in child.named_children:
                if block.kind_id == BLOCK:
                    yield child, block
