"""Where in the worktree a failure points to, and what stands there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.diagnosis import Place, places, source_excerpt
from events.diagnosis.placing import LINES_AFTER, LINES_BEFORE, MAX_PLACES
from events.paths import path_problem
from tests.events.diagnosis.test_naming import words


@pytest.mark.parametrize(
    ("output", "found"),
    [
        ('File "/w/shop/till.py", line 7, in add', [("shop/till.py", 7)]),
        ("shop/till.py:7:3: error: no", [("shop/till.py", 7)]),
        ("./shop//till.py:7", [("shop/till.py", 7)]),
        (" --> src/main.rs:3:22", [("src/main.rs", 3)]),
        ("at total (/w/app.js:2:3)", [("app.js", 2)]),
        ("file /w/tests/test_db.py, line 1", [("tests/test_db.py", 1)]),
        ("the menu is empty at app.pl line 2.", [("app.pl", 2)]),
        ("a.ts(3,7): error TS2304: no", [("a.ts", 3)]),
        ("make: *** [Makefile:2: check] Error 1", [("Makefile", 2)]),
        ("at 12:30 on localhost:8080, v1.2:3", []),
        ('File "/usr/lib/python3.11/json/decoder.py", line 355', []),
        ('File "/w/.venv/lib/python3.11/site-packages/x.py", line 3', []),
        ('File "<string>", line 3', []),
        ("../other/a.py:3", []),
        ("/elsewhere/a.py:3", []),
        ("/w/.git/config.py:3", []),
        ("a.py:0", []),
        ("", []),
    ],
)
def test_places_are_files_of_the_worktree(output: str, found: list[tuple[str, int]]) -> None:
    assert list(places(output, root="/w")) == found


def test_without_a_root_only_relative_paths_count() -> None:
    assert places('File "/w/a.py", line 1\nb.py:2: error: no') == (Place("b.py", 2),)


def test_the_place_of_the_cause_leads_and_its_callers_follow() -> None:
    frames = [f'  File "{name}.py", line 1, in f\n' for name in "abc"]
    output = f"z.py:9\nTraceback (most recent call last):\n{''.join(frames)}KeyError: 1\n"
    assert [place.path for place in places(output)] == ["c.py", "b.py", "a.py", "z.py"]


def test_an_excerpt_shows_20_lines_around_the_failing_one() -> None:
    shown = source_excerpt("\n".join(f"line {n}" for n in range(1, 101)), 50).split("\n")
    assert len(shown) == LINES_BEFORE + 1 + LINES_AFTER
    assert shown[0] == "  40 | line 40"
    assert shown[LINES_BEFORE] == "> 50 | line 50"
    assert shown[-1] == "  59 | line 59"


@pytest.mark.parametrize(
    ("source", "line", "shown"),
    [
        ("", 3, ""),
        ("a\nb", 9, "  1 | a\n> 2 | b"),
        ("a\nb", -1, "> 1 | a\n  2 | b"),
        ("\tx\x1b[31m\x00", 1, "> 1 |     x"),
        ("x" * 300, 1, "> 1 | " + "x" * 200 + "..."),
    ],
)
def test_an_excerpt_keeps_to_the_file(source: str, line: int, shown: str) -> None:
    assert source_excerpt(source, line) == shown


@given(words, st.sampled_from(["", "/", "/w"]))
def test_places_are_always_few_and_inside(output: str, root: str) -> None:
    found = places(output, root)
    assert len(found) == len(set(found)) <= MAX_PLACES
    assert all(place.line > 0 and path_problem(place.path) is None for place in found)
