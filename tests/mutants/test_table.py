"""The table of mutations is up to date: each can be made, and names tests that there are."""

import ast
from functools import cache

import pytest

from tests.mutants.table import ROOT, Mutation, mutations
from tests.test_reliability_page import NAMED, PAGE, ROW

TABLE = mutations()
PROMISES = range(1, 41)


@cache
def source(file: str) -> str:
    return (ROOT / file).read_text()


@cache
def names_in(file: str) -> set[str]:
    found = ast.parse(source(file)).body
    return {node.name for node in found if isinstance(node, ast.FunctionDef)}


def test_every_promise_has_mutations_that_all_its_tests_on_the_page_notice() -> None:
    assert {one.item for one in TABLE} == {*PROMISES}
    red = {(one.item, test.partition("[")[0]) for one in TABLE for test in one.red}
    named = {
        (int(row[1]), "::".join(test))
        for row in ROW.finditer(PAGE)
        for test in NAMED.findall(row[0])
    }
    assert named - red == set()


@pytest.mark.parametrize("one", TABLE, ids=lambda one: f"{one.item}-{one.what}")
def test_a_mutation_can_be_made_and_its_tests_are_there(one: Mutation) -> None:
    assert not one.file.startswith("tests/")
    changed = one.applied(source(one.file))
    assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(source(one.file)))
    assert one.red
    for test in one.red:
        file, _, name = test.partition("::")
        assert name.partition("[")[0] in names_in(file), test


def test_the_mutations_are_told_apart_by_their_words() -> None:
    told = [(one.item, one.what) for one in TABLE]
    assert len({*told}) == len(told)


def test_the_page_says_how_many_there_are() -> None:
    assert f"All {len(TABLE)} were seen red" in PAGE


def test_what_stands_nowhere_or_twice_cannot_be_changed() -> None:
    one = Mutation(1, "", "a.py", old="x", new="y", red=())
    assert one.applied("1 x 2") == "1 y 2"
    for text in ("", "x x"):
        with pytest.raises(ValueError, match=f"a.py: 'x' stands there {len(text.split())} times"):
            one.applied(text)
