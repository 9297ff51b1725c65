"""Real failures of real tools: the rules name the first cause of each."""

import pytest

from events.diagnosis import extract, fingerprint, first_cause, places
from events.hint import MAX_CHARS, MAX_WORDS
from tests.events.diagnosis.conftest import NAMED
from tests.events.diagnosis.recorded import FAILURES, FOLDER, ROOT, Recorded

ENOUGH = 55
"""product.md asks for the first cause of 55 in 60; every one that is named today stays named."""

each = pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)


@each
def test_the_first_cause_is_named(failure: Recorded) -> None:
    assert failure.missing(first_cause(failure.output, failure.outcome, ROOT)) == []


@each
def test_a_hint_is_one_short_line(failure: Recorded) -> None:
    for hint in (first_cause(failure.output), first_cause(failure.output, failure.outcome, ROOT)):
        assert hint.isprintable()
        assert 0 < len(hint) <= MAX_CHARS
        assert len(hint.split(" ")) == len(hint.split()) <= MAX_WORDS


@each
def test_an_extract_says_as_much_as_the_whole(failure: Recorded) -> None:
    shown = extract(failure.output, ROOT)
    assert failure.missing(f"{first_cause(shown, failure.outcome, ROOT)}\n{shown}") == []


@each
def test_a_failure_is_the_same_in_another_folder(failure: Recorded) -> None:
    elsewhere = failure.output.replace(ROOT, "/var/tmp/w 7".replace(" ", "-"))
    assert fingerprint(failure.outcome, failure.output) == fingerprint(failure.outcome, elsewhere)


def test_failures_of_one_kind_are_told_apart() -> None:
    said = {fingerprint(one.outcome, one.output) for one in FAILURES.values()}
    assert len(said) > len(FAILURES) * 0.8  # one failure shown in several ways may be one


def test_most_recorded_failures_are_named(pytestconfig: pytest.Config) -> None:
    hints = {f.name: first_cause(f.output, f.outcome, ROOT) for f in FAILURES.values()}
    named = [name for name, hint in hints.items() if not FAILURES[name].missing(hint)]
    pytestconfig.stash[NAMED] = f"first causes named: {len(named)} of {len(FAILURES)} failures"
    assert len(named) >= ENOUGH


def test_every_record_is_in_the_index() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.txt")) == sorted(FAILURES)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("pytest-assertions", ("tests/test_till.py", 13)),
        ("pytest-collection-syntax-error", ("shop/broken.py", 2)),
        ("unittest-failures", ("shop/till.py", 17)),
        ("python-library-frames", ("app.py", 5)),
        ("python-many-syntax-errors", ("shop/part_00.py", 1)),
        ("mypy-errors", ("shop/till.py", 2)),
        ("ruff-concise", ("shop/till.py", 1)),
        ("gcc-include-chain", ("till.h", 1)),
        ("cargo-test", ("src/lib.rs", 12)),
        ("java-caused-by", ("Till.java", 4)),
        ("node-rejection", ("app.js", 2)),
        ("perl-die", ("app.pl", 2)),
        ("make-separator", ("Makefile", 2)),
    ],
)
def test_the_most_telling_place_comes_first(name: str, place: tuple[str, int]) -> None:
    assert places(FAILURES[name].output, ROOT)[0] == place
