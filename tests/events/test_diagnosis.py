"""What QA reads of a failure, and what it says without a model."""

import pytest

from events.action import Outcome
from events.conversation import UserMessage
from events.diagnosis import (
    ANSWER_SCHEMA,
    HEAD_LINES,
    LINE_CHARS,
    TAIL_LINES,
    extract,
    first_cause,
    hint_in,
    hint_prompt,
)
from events.hint import MAX_CHARS, MAX_WORDS, Failure
from events.ids import CallId
from tests.histories import ATTEMPT, RED


def asked(outcome: Outcome, call: str = "c1", output: str = "out") -> str:
    failure = Failure(attempt=ATTEMPT, call=CallId(call), outcome=outcome)
    (message,) = hint_prompt(failure, output, "flash").messages
    assert isinstance(message, UserMessage)
    return message.text


def test_qa_reads_the_command_how_it_ended_and_its_output() -> None:
    assert asked(RED) == "Command: pytest\nEnded: exit code 1, signal None\nOutput:\nout"


@pytest.mark.parametrize(
    ("outcome", "ended"),
    [
        (Outcome(ok=False, signal=9, command="x"), "exit code None, signal 9"),
        (Outcome(ok=False, timed_out=True, duration_s=60.0), "timeout after 60.0 s"),
        (Outcome(ok=True, finding="till.py:7"), "till.py:7"),
    ],
)
def test_qa_reads_how_it_ended(outcome: Outcome, ended: str) -> None:
    assert f"Ended: {ended}\n" in asked(outcome)


def test_a_failure_without_a_command_is_named_by_its_call() -> None:
    assert asked(Outcome(ok=True, finding="till.py:7")).startswith("Command: c1\n")


def test_the_prompt_depends_on_the_failure_alone() -> None:
    failure = Failure(attempt=ATTEMPT, call=CallId("c1"), outcome=RED)
    prompt = hint_prompt(failure, "out", "flash")
    assert prompt == hint_prompt(failure, "out", "flash")
    assert (prompt.key.tier, prompt.key.ticket, prompt.key.attempt) == (4, "T1", 1)
    assert prompt.answer_schema == ANSWER_SCHEMA


def test_a_long_output_is_read_at_its_head_and_its_tail() -> None:
    lines = [f"line {number}" for number in range(HEAD_LINES + TAIL_LINES + 5)]
    read = extract("\n".join(lines)).split("\n")
    assert read[:HEAD_LINES] == lines[:HEAD_LINES]
    assert read[HEAD_LINES] == "[... 5 lines left out ...]"
    assert read[HEAD_LINES + 1 :] == lines[-TAIL_LINES:]


def test_a_short_output_is_read_whole_but_for_its_long_lines() -> None:
    lines = ["x" * (LINE_CHARS + 1)] * (HEAD_LINES + TAIL_LINES)
    assert extract("\n".join(lines)) == "\n".join(["x" * LINE_CHARS] * len(lines))


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        ('{"hint": "one is not two"}', "one is not two"),
        ("one is\nnot two", "one is not two"),
        ('{"cause": 1}', '{"cause": 1}'),
        ('{"hint": ""}', None),
        ("", None),
        (" \n", None),
    ],
)
def test_a_hint_is_found_in_an_answer(answer: str, hint: str | None) -> None:
    assert hint_in(answer) == hint


def test_a_talkative_answer_is_cut() -> None:
    hint = hint_in('{"hint": "' + "word " * 99 + '"}')
    assert hint is not None
    assert len(hint.split()) == MAX_WORDS


@pytest.mark.parametrize(
    ("output", "cause"),
    [
        ("Traceback\n  at x\nKeyError: 'a'\nexit\n", "KeyError: 'a'"),
        ("FAILED test_a\nFAILED test_b\n1 failed", "FAILED test_b"),
        ("main.c:3: error: no semicolon\nmake: stop", "main.c:3: error: no semicolon"),
        ("nothing\nsaid", "said"),
        ("", "no output"),
        ("\n \n", "no output"),
    ],
)
def test_the_rules_find_a_first_cause(output: str, cause: str) -> None:
    assert first_cause(output) == cause


def test_a_line_without_spaces_makes_no_endless_hint() -> None:
    assert len(first_cause("Error" + "x" * 1_000_000)) == MAX_CHARS
