"""Plain data against a type: what msgspec would say first, said for everything."""

from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.reading import Problems, quoted, read
from events.track_shape import TrackFile


class Till(msgspec.Struct):
    coins: Annotated[int, msgspec.Meta(ge=0)]
    rate: float = 1.0
    owner: str | None = None


class Shop(msgspec.Struct):
    tills: dict[str, Till] = {}
    names: Annotated[tuple[str, ...], msgspec.Meta(max_length=2)] = ()


def problems(data: object, kind: Any = Shop) -> list[str]:  # noqa: ANN401 - a type form
    found = Problems()
    value = read(data, kind, "", found)
    assert (value is None) == bool(found)
    return list(found)


def test_data_that_is_right_becomes_the_type() -> None:
    found = Problems()
    assert read({"tills": {"a": {"coins": 1}}}, Shop, "", found) == Shop({"a": Till(1)})
    assert not list(found)


def test_names_of_a_table_that_hold_dots_are_quoted_in_places() -> None:
    assert problems({"tills": {"a.b": {"coins": -1}, "c": {"coins": "x", "x": 1}, "d": 3}}) == [
        'tills."a.b".coins: expected a whole number >= 0',
        "tills.c.coins: expected a whole number, got a string",
        'tills.c: unknown key "x"',
        "tills.d: expected an object, got a whole number",
    ]


def test_the_length_of_a_list_is_judged_after_its_items() -> None:
    assert problems({"names": ["a", "b", "c"]}) == ["names: expected a list of length <= 2"]
    assert problems({"names": ["a", "b", 3]}) == ["names[2]: expected a string, got a whole number"]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_no_record_can_hold_are_refused(number: float) -> None:
    assert problems({"tills": {"a": {"coins": 1, "rate": number}}}) == [
        "tills.a.rate: expected a number that is finite"
    ]


def test_a_whole_number_will_do_where_a_number_is_due() -> None:
    assert problems({"tills": {"a": {"coins": 1, "rate": 2, "owner": None}}}) == []


@pytest.mark.parametrize("data", [None, 3, "x", [], True])
def test_what_is_no_object_is_one_problem(data: object) -> None:
    (found,) = problems(data)
    assert found.startswith("expected an object, got ")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("T1", '"T1"'),
        ('a"b', r'"a\"b"'),
        ("büro", '"büro"'),
        ("\x1b[2J\u202e\ud800", r'"\u001b[2J\u202e\ud800"'),
        ("x" * 90, '"' + "x" * 80 + '..."'),
    ],
)
def test_quoted_words_show_what_they_hold_and_do_nothing(text: str, shown: str) -> None:
    assert quoted(text) == shown


KEYS = st.sampled_from([*TrackFile.__struct_fields__, "x"])
DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner),
    max_leaves=10,
)


@given(DATA)
def test_whatever_comes_is_read_or_refused_with_reasons(data: object) -> None:
    for problem in problems(data, TrackFile):
        assert problem.isprintable()
