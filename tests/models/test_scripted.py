"""The scripted model: a pure function of the playbook, the prompt and its key."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.conversation import (
    CallResult,
    Completion,
    ModelMessage,
    Prompt,
    RequestedCall,
    ResultsMessage,
    Usage,
)
from events.ids import CallId
from models.errors import ModelError, ScriptError
from models.playbook import Playbook, parse_playbook
from models.scripted import ScriptedModel, rendered
from tests.models.asking import key_of, prompt_of

MODEL = "scripted:demo.json"


def book(tickets: object, **more: object) -> Playbook:
    return parse_playbook(json.dumps({"tickets": tickets, **more}).encode(), "demo.json")


def ask(playbook: Playbook, prompt: Prompt) -> Completion:
    return asyncio.run(ScriptedModel(playbook, "demo.json").complete(prompt))


def failure(playbook: Playbook, prompt: Prompt) -> ModelError:
    with pytest.raises(ModelError) as caught:
        ask(playbook, prompt)
    return caught.value


def at(ticket: str = "T1", attempt: int = 1, turn: int = 1, call: int | None = None) -> Prompt:
    return prompt_of(model=MODEL, key=key_of(ticket, attempt, turn, call))


def test_a_turn_is_found_by_ticket_attempt_and_call() -> None:
    playbook = book({
        "T1": [[{"text": "a"}, {"text": "b"}], [{"text": "c"}]],
        "T2": [[{"text": "d"}]],
    })  # fmt: skip
    prompts = (at(), at(turn=2), at(attempt=2), at("T2"))
    assert [ask(playbook, prompt).text for prompt in prompts] == ["a", "b", "c", "d"]


def test_an_answer_carries_text_calls_and_the_model_that_was_asked() -> None:
    calls = [{"tool": "write_file", "args": {"path": "ü", "n": [1, None]}}, {"tool": "finish"}]
    answer = ask(book({"T1": [[{"text": "I write.", "calls": calls}]]}), at())
    assert answer.text == "I write."
    assert answer.calls == (
        RequestedCall("write_file", '{"path":"ü","n":[1,null]}'),
        RequestedCall("finish", "{}"),
    )
    assert (answer.served_by, answer.finish_reason, answer.native) == (MODEL, "stop", "")


def test_usage_is_that_of_the_turn_else_of_the_playbook_else_counted() -> None:
    turns = [
        {"text": "four", "usage": {"input": 7}},
        {"text": "four", "calls": [{"tool": "abcdef"}]},
    ]
    assert ask(book({"T1": [turns]}), at()).usage == Usage(input=7)
    assert ask(book({"T1": [turns]}, usage={"output": 3}), at(turn=2)).usage == Usage(output=3)
    prompt = prompt_of("x" * 39, model=MODEL, system="", key=key_of(turn=2))
    assert ask(book({"T1": [turns]}), prompt).usage == Usage(input=10, output=3)


@pytest.mark.parametrize("error", ["rate_limit", "unavailable", "timeout"])
def test_an_entry_with_an_error_and_an_answer_is_first_the_one_then_the_other(error: str) -> None:
    playbook = book({"T1": [[{"text": "a"}, {"text": "b", "error": error}, {"text": "c"}]]})
    told = failure(playbook, at(turn=2, call=2))
    assert (told.kind, told.retryable, told.model) == (error, True, MODEL)
    assert f'ticket "T1", attempt 1, turn 2: the call fails, as scripted: {error}' in str(told)
    assert ask(playbook, at(turn=2, call=3)).text == "b"
    assert ask(playbook, at(turn=3, call=4)).text == "c"


def test_an_error_alone_fails_one_call() -> None:
    turns = [{"error": "unavailable"}, {"error": "rate_limit"}, {"text": "a"}]
    playbook = book({"T1": [turns]})
    assert [failure(playbook, at(call=call)).kind for call in (1, 2)] == [
        "unavailable",
        "rate_limit",
    ]
    assert ask(playbook, at(call=3)).text == "a"


def test_an_outage_at_the_end_of_an_attempt_lasts() -> None:
    playbook = book({"T1": [[{"text": "a"}, {"error": "unavailable"}]]})
    kinds = {failure(playbook, at(turn=2, call=call)).kind for call in (2, 3, 40)}
    assert kinds == {"unavailable"}


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        (at("T9"), 'playbook demo.json: no ticket "T9"; it has T1'),
        (at(attempt=3), 'playbook demo.json: ticket "T1" has no attempt 3, only 2'),
        (at(turn=2), 'playbook demo.json: ticket "T1", attempt 1 has no turn 2, only 1'),
        (at(attempt=2), 'playbook demo.json: ticket "T1", attempt 2 has no turn 1, only 0'),
    ],
)
def test_what_the_playbook_does_not_say_fails_the_attempt_with_a_clear_word(
    prompt: Prompt, words: str
) -> None:
    told = failure(book({"T1": [[{"text": "a"}], []]}), prompt)
    assert (told.kind, told.retryable, str(told)) == ("script", False, words)


def test_an_empty_playbook_says_that_it_has_none() -> None:
    assert "it has none" in str(failure(book({}), at()))


CONVERSATION = (
    "Mend the shop.",
    ModelMessage("I look.", (RequestedCall("read_file", '{"path":"cart.py"}'),)),
    ResultsMessage((CallResult(CallId("c1"), "read_file", "def total():"),)),
    "The check is red.",
)


@pytest.mark.parametrize(
    "expected",
    ["a worker", "Mend", "I look", "cart.py", "read_file", "def total():", "check is red"],
)
def test_an_expectation_may_name_anything_that_the_model_reads(expected: str) -> None:
    playbook = book({"T1": [[{"text": "ok", "expect": [expected]}]]})
    assert ask(playbook, prompt_of(*CONVERSATION, model=MODEL)).text == "ok"


def test_an_unmet_expectation_fails_the_attempt_with_a_clear_word() -> None:
    turns = [{"text": "a"}, {"text": "b", "expect": ["shop", "cathedral"], "error": "timeout"}]
    playbook = book({"T1": [turns]})
    assert failure(playbook, at(turn=2, call=2)).kind == "timeout"
    told = failure(playbook, prompt_of(*CONVERSATION, model=MODEL, key=key_of(turn=2, call=3)))
    assert isinstance(told, ScriptError)
    assert not told.retryable
    place = 'playbook demo.json: ticket "T1", attempt 1, turn 2'
    assert str(told) == f"{place}: the prompt lacks 'cathedral'"


def test_qa_gets_the_hint_of_the_first_entry_that_matches() -> None:
    hints = [
        {"match": "E404", "hint": "Look elsewhere."},
        {"match": "E\\d+", "hint": 'Say "please".'},
        {"match": ".", "hint": "Never heard."},
    ]
    playbook = book({}, qa=hints, usage={"input": 4})
    answer = ask(playbook, prompt_of("it said E17", model=MODEL, key=key_of("T9", tier=4)))
    assert json.loads(answer.text) == {"hint": 'Say "please".'}
    assert answer.usage == Usage(input=4)


def test_qa_with_no_entry_that_matches_is_told_so() -> None:
    told = failure(book({}, qa=[{"match": "E1", "hint": "a"}]), prompt_of(key=key_of(tier=4)))
    assert (told.kind, told.retryable) == ("script", False)
    assert "no entry of qa matches the failure" in str(told)


@given(st.integers(1, 3), st.integers(1, 6))
def test_the_same_key_and_prompt_give_the_same_answer(attempt: int, call: int) -> None:
    turns = [{"text": "a", "error": "timeout"}, {"error": "rate_limit"}, {"text": "b"}]
    playbook, prompt = book({"T1": [turns, turns[:2]]}), at(attempt=attempt, call=call)

    def outcome() -> str:
        try:
            return repr(ask(playbook, prompt))
        except ModelError as error:
            return str(error)

    assert outcome() == outcome()


def test_a_rendered_prompt_holds_everything_in_order() -> None:
    assert rendered(prompt_of(*CONVERSATION)).splitlines() == [
        "You are a worker.",
        "Mend the shop.",
        "I look.",
        'read_file {"path":"cart.py"}',
        "read_file: def total():",
        "The check is red.",
    ]
