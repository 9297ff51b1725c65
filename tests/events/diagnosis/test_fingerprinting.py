"""The same failure is recognised wherever it happens, and no other is taken for it."""

import string
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from events.action import Outcome
from events.diagnosis import fingerprint
from events.diagnosis.fingerprinting import normalised

RED = Outcome(ok=False, exit_code=1, command="pytest")

names = st.text(string.ascii_lowercase + "_", min_size=1, max_size=12).map("test_{}".format)
messages = st.lists(st.text(string.ascii_letters, min_size=1, max_size=8), min_size=1, max_size=6)
worlds = st.fixed_dictionaries(
    {
        "root": st.sampled_from(["/tmp/tmpab12cd34", "/home/u/.cache/trackside/w-7", "/w"]),
        "temp": st.from_regex(r"tmp[a-z0-9_]{8}", fullmatch=True),
        "pid": st.integers(2, 4_000_000),
        "address": st.integers(0x1000, 2**48).map(hex),
        "seconds": st.floats(0.01, 900).map("{:.2f}".format),
        "line": st.integers(1, 5000),
        "day": st.dates().map(str),
    }
)


def report(tests: dict[str, str], world: dict[str, object]) -> str:
    """Return a report of pytest on failing `tests` and their messages, as one world shows it."""
    sections = "".join(
        f"____ {name} ____\n\nE   ValueError: {message} in {world['root']}/shop/till.py, "
        f"<Till object at {world['address']}> of {world['temp']} (pid {world['pid']})\n\n"
        f"{world['root']}/tests/test_till.py:{world['line']}: ValueError\n"
        for name, message in tests.items()
    )
    summary = "".join(
        f"FAILED tests/test_till.py::{n} - ValueError: {m}...\n" for n, m in tests.items()
    )
    return (
        f"started {world['day']} 10:11:12\n=== FAILURES ===\n{sections}"
        f"=== short test summary info ===\n{summary}=== failed in {world['seconds']}s ===\n"
    )


failing = st.dictionaries(names, messages.map(" ".join), min_size=1, max_size=4)


@given(failing, worlds, worlds, st.randoms(use_true_random=False))
def test_a_failure_is_the_same_in_every_world_and_order(
    tests: dict[str, str], one: dict[str, object], other: dict[str, object], chance: Random
) -> None:
    items = list(tests.items())
    chance.shuffle(items)
    assert fingerprint(RED, report(tests, one)) == fingerprint(RED, report(dict(items), other))


@given(failing, failing, worlds)
def test_other_tests_or_messages_are_another_failure(
    tests: dict[str, str], others: dict[str, str], world: dict[str, object]
) -> None:
    assume(set(tests) != set(others) or set(tests.values()) != set(others.values()))
    assert fingerprint(RED, report(tests, world)) != fingerprint(RED, report(others, world))


@pytest.mark.parametrize(
    ("line", "same"),
    [
        ("/tmp/x8/till.py:13: no", "till.py:<n>: no"),
        ("no /tmp/pytest-of-dev/pytest-12/test_a0 there", "no <path> there"),
        ("../../w/till.py and ~/till.py", "till.py and till.py"),
        ("shop/till.py stays", "shop/till.py stays"),
        ("http://host:8080/menu", "http://host:<n>/menu"),
        ("took 0.25s of 1.5 GB at 99%", "took <n> of <n> at <n>"),
        ("2026-11-22T04:55:25.123Z died", "<time> died"),
        ("123e4567-e89b-12d3-a456-426614174000", "<id>"),
        ("commit 9d921fbc", "commit <hash>"),
        ("<Till at 0x7fa61c2c0350>", "<Till at <address>>"),
        ("tmpab12cd34/x and tmp.Ab12Cd34Ef", "<tmp>/x and <tmp>"),
        ("E0308 in test_1 of python3.11", "E0308 in test_1 of python3.11"),
        ("assert 7 == -10", "assert <n> == <n>"),
    ],
)
def test_what_always_changes_is_left_out(line: str, same: str) -> None:
    assert normalised(line) == same


def test_how_it_ended_belongs_to_a_failure() -> None:
    endings = [
        Outcome(ok=False, exit_code=1),
        Outcome(ok=False, exit_code=2),
        Outcome(ok=False, signal=9),
        Outcome(ok=False, timed_out=True),
        Outcome(ok=True, finding="till.py:7"),
        Outcome(ok=True, finding="menu.py:7"),
    ]
    assert len({fingerprint(outcome, "error: no") for outcome in endings}) == len(endings)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Outcome(ok=False, signal=11), Outcome(ok=False, exit_code=139)),
        (Outcome(ok=True, finding="till.py:7"), Outcome(ok=True, finding="till.py:9")),
        (
            Outcome(ok=False, timed_out=True, duration_s=1.0, signal=15),
            Outcome(ok=False, timed_out=True, duration_s=2.0, exit_code=1),
        ),
        (
            Outcome(ok=False, exit_code=1, command="pytest"),
            Outcome(ok=False, exit_code=1, command="pytest -x"),
        ),
    ],
)
def test_an_ending_may_show_in_several_ways(one: Outcome, other: Outcome) -> None:
    assert fingerprint(one, "error: no") == fingerprint(other, "error: no")


def test_where_nothing_tells_the_command_does() -> None:
    grep, test = (
        Outcome(ok=False, exit_code=1, command=command) for command in ("grep x", "false")
    )
    assert fingerprint(grep, "") != fingerprint(test, "")
    assert fingerprint(grep, "") == fingerprint(grep, "\n")
    assert fingerprint(grep, "3 lines") == fingerprint(grep, "4 lines")
    assert fingerprint(grep, "3 lines") != fingerprint(grep, "3 words")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a.c:3: error: no x", "a.c:9: error: no x"),
        ("F401 `os` unused\n --> a.py:1:8", "F401 `os` unused\n --> a.py:4:8"),
        ("FAIL: test_a (t.T)\nFAIL: test_b (t.T)", "FAIL: test_b (t.T)\nFAIL: test_a (t.T)"),
        ("test a ... FAILED\ntest b ... FAILED", "test b ... FAILED\ntest a ... FAILED"),
        ("not ok 1 - a\nnot ok 2 - b", "not ok 1 - b\nnot ok 2 - a"),
        (
            "thread 'a' (7) panicked at a.rs:1:2:\nno\n",
            "thread 'a' (8) panicked at a.rs:3:2:\nno\n",
        ),
    ],
)
def test_reports_of_all_tools_are_compared_without_place_and_order(one: str, other: str) -> None:
    assert fingerprint(RED, one) == fingerprint(RED, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a.c:3: error: no x", "b.c:3: error: no x"),
        ("a.c:3: error: no x", "a.c:3: error: no y"),
        ("F401 `os` unused\n --> a.py:1:8", "F401 `os` unused\n --> b.py:1:8"),
        ("FAIL: test_a (t.T)", "FAIL: test_b (t.T)"),
        ("test a ... FAILED", "test b ... FAILED"),
        ("not ok 1 - a", "not ok 1 - b"),
        ("FAILED t.py::a[1]", "FAILED t.py::a[2]"),
        ("KeyError: 'tea'", "KeyError: 'cake'"),
    ],
)
def test_reports_of_all_tools_are_told_apart(one: str, other: str) -> None:
    assert fingerprint(RED, one) != fingerprint(RED, other)
