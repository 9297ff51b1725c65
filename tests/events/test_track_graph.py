"""Tickets among themselves: ids that are taken, dependencies that are missing, cycles."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.errors import TrackInvalidError
from tests.events.track_problems import ONE, parse, problems


def linked(**plan: str) -> list[dict[str, Any]]:
    """Return tickets of one-letter names: ``linked(A="BC")`` makes A depend on B and C."""
    return [{"id": name, "prompt": "x", "depends_on": [*needs]} for name, needs in plan.items()]


def test_an_id_that_is_taken_is_named_at_both_places() -> None:
    assert problems([ONE, ONE | {"id": "T2"}, ONE]) == [
        'ticket 3 ("T1").id: already taken by ticket 1 ("T1")'
    ]


def test_ids_that_differ_only_in_case_are_refused() -> None:
    assert problems([ONE, ONE | {"id": "t1"}]) == [
        'ticket 2 ("t1").id: differs only in case from ticket 1 ("T1")'
    ]


def test_a_dependency_in_the_wrong_case_is_told_of_the_right_one() -> None:
    assert problems([ONE, ONE | {"id": "T2", "depends_on": ["t1"]}]) == [
        'ticket 2 ("T2").depends_on[0]: no ticket "t1" (did you mean "T1"?)'
    ]


def test_a_dependency_that_stands_twice_is_refused() -> None:
    assert problems(linked(A="", B="AA")) == [
        'ticket 2 ("B").depends_on[1]: "A" stands already at depends_on[0]'
    ]


def test_the_place_of_a_dependency_counts_tickets_from_one_and_items_from_zero() -> None:
    tickets = [ONE, ONE | {"id": "T2"}, ONE | {"id": "T4", "depends_on": ["T1", "T9"]}]
    assert problems(tickets) == ['ticket 3 ("T4").depends_on[1]: no ticket "T9"']


@pytest.mark.parametrize(
    ("plan", "cycles"),
    [
        ({"A": "B", "B": "A"}, ['ticket 1 ("A").depends_on: a cycle: A -> B -> A']),
        (
            {"X": "A", "A": "B", "B": "C", "C": "A"},
            ['ticket 2 ("A").depends_on: a cycle: A -> B -> C -> A'],
        ),
        (
            {"A": "B", "B": "AC", "C": "D", "D": "C"},
            [
                'ticket 1 ("A").depends_on: a cycle: A -> B -> A',
                'ticket 3 ("C").depends_on: a cycle: C -> D -> C',
            ],
        ),
        (
            {"C": "D", "D": "C", "A": "B", "B": "CA"},
            [
                'ticket 1 ("C").depends_on: a cycle: C -> D -> C',
                'ticket 3 ("A").depends_on: a cycle: A -> B -> A',
            ],
        ),
    ],
)
def test_every_independent_cycle_is_printed(plan: dict[str, str], cycles: list[str]) -> None:
    assert problems(linked(**plan)) == cycles


def test_a_cycle_of_ten_thousand_tickets_is_printed_by_its_ends() -> None:
    size = 10_000
    tickets = [
        {"id": f"T{n}", "prompt": "x", "depends_on": [f"T{(n + 1) % size}"]} for n in range(size)
    ]
    (found,) = problems(tickets)
    assert found.startswith('ticket 1 ("T0").depends_on: a cycle: T0 -> T1 -> ')
    assert "-> (9981 more) ->" in found
    assert found.endswith("-> T9999 -> T0")


def test_ten_thousand_tickets_that_all_depend_on_the_one_before_are_a_track() -> None:
    tickets = [
        {"id": f"T{n}", "prompt": "x", "depends_on": [f"T{n - 1}"] if n else []}
        for n in range(10_000)
    ]
    assert len(parse(tickets[::-1]).tickets) == 10_000


@given(st.dictionaries(st.sampled_from("ABCDEF"), st.sets(st.sampled_from("ABCDEF")), min_size=1))
def test_a_cycle_is_reported_exactly_when_no_order_of_the_tickets_exists(
    plan: dict[str, set[str]],
) -> None:
    clean = {name: sorted(needs & plan.keys() - {name}) for name, needs in plan.items()}
    left = dict(clean)
    while free := [name for name, needs in left.items() if not set(needs) & left.keys()]:
        for name in free:
            del left[name]
    try:
        parse(linked(**{name: "".join(needs) for name, needs in clean.items()}))
        found = []
    except TrackInvalidError as refused:
        found = list(refused.problems)
    assert bool(found) == bool(left)
    reported: set[str] = set()
    for problem in found:
        path = problem.rpartition(": ")[2].split(" -> ")
        assert path[0] == path[-1]
        assert all(b in clean[a] for a, b in itertools.pairwise(path))
        assert not reported & set(path)
        reported |= set(path)
