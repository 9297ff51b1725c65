"""What QA's model is asked, and how its answer is read."""

import pytest

from events.action import Outcome
from events.conversation import ModelMessage, UserMessage
from events.diagnosis import ANSWER_SCHEMA, asked_again, hint_in, hint_prompt, too_long
from events.hint import MAX_WORDS, Failure
from events.ids import CallId
from tests.histories import ATTEMPT, RED

FAILURE = Failure(attempt=ATTEMPT, call=CallId("c1"), outcome=RED)


def asked(outcome: Outcome, source: str = "") -> str:
    failure = Failure(attempt=ATTEMPT, call=CallId("c1"), outcome=outcome)
    (message,) = hint_prompt(failure, "/w/a.py:3: out", "flash", source, root="/w").messages
    assert isinstance(message, UserMessage)
    return message.text


def test_qa_reads_the_command_how_it_ended_and_its_output() -> None:
    assert asked(RED) == "Command: pytest\nEnded: exit code 1\nOutput:\na.py:3: out"


@pytest.mark.parametrize(
    ("outcome", "ended"),
    [
        (Outcome(ok=False, signal=9, command="x"), "signal 9"),
        (Outcome(ok=False, timed_out=True, duration_s=60.0), "timeout after 60.0 s"),
        (Outcome(ok=True, finding="till.py:7"), "till.py:7"),
    ],
)
def test_qa_reads_how_it_ended(outcome: Outcome, ended: str) -> None:
    assert f"Ended: {ended}\n" in asked(outcome)


def test_qa_reads_the_offending_source_last() -> None:
    assert asked(RED, "a.py\n> 3 | out").endswith("a.py:3: out\nSource:\na.py\n> 3 | out")


def test_a_failure_without_a_command_is_named_by_its_call() -> None:
    assert asked(Outcome(ok=True, finding="till.py:7")).startswith("Command: c1\n")


def test_the_prompt_depends_on_its_arguments_alone() -> None:
    prompt = hint_prompt(FAILURE, "out", "flash")
    assert prompt == hint_prompt(FAILURE, "out", "flash")
    assert (prompt.key.tier, prompt.key.ticket, prompt.key.attempt) == (4, "T1", 1)
    assert prompt.answer_schema == ANSWER_SCHEMA


def test_a_talkative_answer_is_asked_once_more() -> None:
    first = hint_prompt(FAILURE, "out", "flash")
    answer = '{"hint": "' + "word " * 31 + '"}'
    again = asked_again(first, answer)
    *before, said, wish = again.messages
    assert tuple(before) == first.messages
    assert said == ModelMessage(answer)
    assert isinstance(wish, UserMessage)
    assert wish.text.startswith(
        f"That hint has 31 words. Say it again in at most {MAX_WORDS} words"
    )
    assert again.key.call == first.key.call + 1
    assert (again.system, again.answer_schema) == (first.system, first.answer_schema)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        ('{"hint": "one is not two"}', "one is not two"),
        ("one is\nnot two", "one is not two"),
        ('{"hint": "a\\u0007b\\u202e\\nc"}', "a b c"),
        ('{"cause": 1}', '{"cause": 1}'),
        ('{"hint": ""}', None),
        ("", None),
        (" \n", None),
    ],
)
def test_a_hint_is_found_in_an_answer(answer: str, hint: str | None) -> None:
    assert hint_in(answer) == hint


def test_a_hint_is_found_whole_so_that_its_length_can_be_judged() -> None:
    hint = hint_in('{"hint": "' + "word " * 99 + '"}')
    assert hint is not None
    assert too_long(hint)
