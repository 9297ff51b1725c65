"""Playbooks: what can be written, and what is said of one that cannot be used."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import PlaybookInvalidError
from models.playbook import (
    Playbook,
    ScriptedCall,
    ScriptedHint,
    ScriptedUsage,
    Step,
    Turn,
    parse_playbook,
    read_playbook,
    steps,
)

WHOLE = b"""
{"tickets": {"T1": [[
    {"text": "I look.", "calls": [{"tool": "read_file", "args": {"path": "a"}}, {"tool": "x"}],
     "expect": ["Mend"], "usage": {"input": 5}},
    {"error": "rate_limit", "text": "Done."}
 ], []]},
 "qa": [{"match": "E[0-9]+", "hint": "Mind the gap."}],
 "usage": {"input": 10, "output": 2, "cached": 1, "thinking": 3}}
"""


def problems_of(text: str | bytes) -> tuple[str, ...]:
    with pytest.raises(PlaybookInvalidError) as caught:
        parse_playbook(text.encode() if isinstance(text, str) else text, "demo.json")
    assert all(line.startswith("demo.json: ") for line in str(caught.value).splitlines())
    return caught.value.problems


def test_a_playbook_with_everything_is_read_as_written(tmp_path: Path) -> None:
    path = tmp_path / "demo.json"
    path.write_bytes(WHOLE)
    look = Turn(
        text="I look.",
        calls=(ScriptedCall(tool="read_file", args={"path": "a"}), ScriptedCall(tool="x")),
        expect=("Mend",),
        usage=ScriptedUsage(input=5),
    )
    assert read_playbook(path) == Playbook(
        tickets={"T1": ((look, Turn(text="Done.", error="rate_limit")), ())},
        qa=(ScriptedHint(match="E[0-9]+", hint="Mind the gap."),),
        usage=ScriptedUsage(input=10, output=2, cached=1, thinking=3),
    )


def test_all_problems_are_told_at_once_each_with_its_place() -> None:
    bad = """
    {"tickets": {"T1": [[{"txt": "a"}, {"text": 5}, {}, {"calls": [{"tool": "a"}, {"args": {}}]}],
                        {"text": "a"}],
                 "T2": "nothing"},
     "qa": [{"match": "(", "hint": "a"}, {"match": "a"}, 7],
     "usage": {"input": -1}, "notes": "?"}
    """
    assert problems_of(bad) == (
        "usage.input: Expected `int` >= 0",
        "tickets['T1'][0][0]: Object contains unknown field `txt`",
        "tickets['T1'][0][1].text: Expected `str`, got `int`",
        "tickets['T1'][0][2]: says nothing: give it text, calls or an error",
        "tickets['T1'][0][3].calls[1]: Object missing required field `tool`",
        "tickets['T1'][1]: must be a list of turns",
        "tickets['T2']: must be a list of attempts",
        "qa[0].match: is no regular expression: missing ), unterminated subpattern at position 0",
        "qa[1]: Object missing required field `hint`",
        "qa[2]: Expected `object`, got `int`",
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is not JSON: Input data was truncated"),
        ('{"tickets": {}', "is not JSON: Input data was truncated"),
        (b"\xff", "is not JSON: "),
        ("[" * 200_000, "is not JSON: "),
        ("[]", "must be a JSON object"),
        ("{}", "Object missing required field `tickets`"),
        ('{"tickets": []}', "tickets: Expected `object`, got `array`"),
        ('{"tickets": {}, "qa": {}}', "qa: Expected `array`, got `object`"),
        ('{"tickets": {}, "extra": 1}', "Object contains unknown field `extra`"),
    ],
)
def test_a_playbook_of_another_shape_is_refused(text: str | bytes, problem: str) -> None:
    [told] = problems_of(text)
    assert told.startswith(problem)


def test_a_playbook_that_is_not_there_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(PlaybookInvalidError, match=r"none\.json: cannot be read: No such file"):
        read_playbook(tmp_path / "none.json")


def test_an_error_comes_before_the_answer_of_its_entry() -> None:
    both, down, said = Turn(text="a", error="timeout"), Turn(error="unavailable"), Turn(text="b")
    assert list(steps([both, down, said])) == [
        Step(both, 1, "timeout"),
        Step(both, 1),
        Step(down, 2, "unavailable"),
        Step(said, 3),
    ]


texts, tokens = st.text(), st.integers(0, 9)
usages = st.none() | st.builds(
    ScriptedUsage, input=tokens, output=tokens, cached=tokens, thinking=tokens
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
calls = st.builds(ScriptedCall, tool=texts, args=st.dictionaries(texts, values, max_size=3))
turns = st.builds(
    Turn,
    text=st.text(min_size=1),
    calls=st.lists(calls, max_size=2).map(tuple),
    expect=st.lists(texts, max_size=2).map(tuple),
    usage=usages,
    error=st.none() | st.sampled_from(["rate_limit", "unavailable", "timeout"]),
)
attempts = st.lists(st.lists(turns, max_size=3).map(tuple), max_size=2).map(tuple)
playbooks = st.builds(
    Playbook, tickets=st.dictionaries(texts, attempts, max_size=2), qa=st.just(()), usage=usages
)


@given(playbooks)
def test_a_playbook_that_is_written_is_read_the_same(book: Playbook) -> None:
    assert parse_playbook(msgspec.json.encode(book), "any") == book


@given(playbooks, st.data())
def test_a_playbook_with_anything_changed_is_read_or_refused(
    book: Playbook, data: st.DataObject
) -> None:
    raw = msgspec.json.decode(msgspec.json.encode(book))
    for _ in range(data.draw(st.integers(1, 3))):
        spoil(raw, data)
    with suppress(PlaybookInvalidError):  # and no other error
        parse_playbook(msgspec.json.encode(raw), "any")


def spoil(raw: object, data: st.DataObject) -> None:
    """Put any value at any place inside `raw`."""
    while isinstance(raw, dict | list) and raw:
        places: list[Any] = list(raw) if isinstance(raw, dict) else list(range(len(raw)))
        place = data.draw(st.sampled_from(places))
        if not isinstance(raw[place], dict | list) or data.draw(st.booleans()):
            raw[place] = data.draw(values)
            return
        raw = raw[place]


def test_the_schema_names_every_key_of_a_turn() -> None:
    schema = msgspec.json.schema(Playbook)
    assert set(schema["$defs"]["Turn"]["properties"]) == {
        "text", "calls", "expect", "usage", "error",
    }  # fmt: skip
