"""Mutations are tried in a copy: what runs there is the copy, and each outcome has its word."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.mutants.__main__ import tried, try_all
from tests.mutants.bench import Bench
from tests.mutants.table import ROOT, Mutation

ADDING = "def add(one, other):\n    return one + other  # a sum\n"
TESTS = """
import time
import pytest
from events.adding import add

@pytest.fixture
def sum_of_two():
    assert add(1, 1) == 2

@pytest.fixture
def sum_of_none():
    return {0: "nothing"}[add(1, -1)]

def test_a_fixture(sum_of_two):
    pass

def test_another_fixture(sum_of_none):
    pass

def test_sums():
    assert add(2, 3) == 5

def test_nothing():
    assert add(0, 0) == 0

def test_that_fails():
    assert add(1, 1) == 3

def test_in_time():
    if add(1, 1) != 2:
        time.sleep(60)
"""


@pytest.fixture
def small(tmp_path: Path) -> Bench:
    """A bench for sources of one function and three tests."""
    sources = tmp_path / "sources"
    for name, text in {"events/adding.py": ADDING, "tests/test_adding.py": TESTS}.items():
        (sources / name).parent.mkdir(parents=True)
        (sources / name).write_text(text)
    return Bench(tmp_path, sources)


def mutation(old: str, new: str, *tests: str, hangs: bool = False, limit_s: float = 30) -> Mutation:
    red = tuple(f"tests/test_adding.py::{test}" for test in tests)
    return Mutation(1, "", "events/adding.py", old, new, red, limit_s, hangs)


@pytest.mark.parametrize(
    ("one", "verdict"),
    [
        (mutation("+", "-", "test_sums", "test_nothing"), "SURVIVED: of .*::test_nothing none"),
        (mutation("+", "-", "test_a_fixture"), "red"),
        (mutation("+", "-", "test_another_fixture"), "SURVIVED: of .* none failed: 1 error"),
        (mutation("def add", "def sum", "test_sums"), "SURVIVED: of .* none failed: 1 error"),
        (mutation("+", "-", "test_in_time", limit_s=0.3), "SURVIVED: late"),
        (mutation("+", "-", "test_in_time", limit_s=0.3, hangs=True), "red"),
    ],
)
def test_only_a_test_that_fails_itself_has_noticed_a_mutation(
    small: Bench, one: Mutation, verdict: str
) -> None:
    assert re.match(verdict, tried(small, one))


def test_one_that_survives_is_named_and_counted(small: Bench) -> None:
    said: list[str] = []
    noticed = mutation("+", "-", "test_sums")
    assert try_all(small, [noticed, mutation("a sum", "sum", "test_nothing")], said.append) == 1
    assert said == ["  1    red", "  1    SURVIVED: green", "mutations 2, red 1, survived 1"]
    assert try_all(small, [noticed], said.append) == 0
    assert try_all(small, [mutation("+", "-", "test_that_fails")], said.append) == 1
    assert said[-1].startswith("without any mutation the tests are not green: red")


def test_every_process_of_a_copy_runs_the_copy(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.copy(Mutation(1, "", "cli/main.py", "def main(", "def other(", ()))
    where = "import sys, workspace.search as it; print(it.__file__, *sys.path)"
    for words in (["-P", "-c"], ["-I", "-c"]):  # in the second no variable counts
        said = subprocess.run(
            [bench.python, *words, where], cwd="/", capture_output=True, text=True, check=True
        ).stdout.split()
        assert said[0] == str(bench.tree / "workspace" / "search.py")
        assert str(bench.tree) in said
        assert str(ROOT) not in said
    done = subprocess.run([bench.script], cwd="/", capture_output=True, text=True, check=False)
    assert "cannot import name 'main'" in done.stderr
