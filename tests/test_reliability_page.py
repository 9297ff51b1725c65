"""Every promise of docs/reliability.md names tests that exist."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "reliability.md").read_text()
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
ROW = re.compile(r"^\| (\d+) \|.*$", re.MULTILINE)


def names_in(file: str) -> set[str]:
    """Return the names of the tests of a file."""
    tree = ast.parse((ROOT / file).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_the_forty_promises_are_all_there_and_each_has_a_test() -> None:
    rows = {int(row[1]): row[0] for row in ROW.finditer(PAGE)}
    assert sorted(rows) == list(range(1, 41))
    assert [number for number, row in rows.items() if not NAMED.search(row)] == []


def test_every_test_that_is_named_exists() -> None:
    named = NAMED.findall(PAGE)
    assert len(named) >= 40
    assert [(file, test) for file, test in named if test not in names_in(file)] == []
