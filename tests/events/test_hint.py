"""A failure is put to QA once, and its hint has at most 20 words."""

import pytest

from events import hint
from events.conversation import Usage
from events.hint import (
    MAX_CHARS,
    MAX_WORDS,
    AskHint,
    Failure,
    Hint,
    HintAsked,
    HintCommand,
    HintEvent,
    HintGiven,
    RecordHint,
    cut,
)
from tests.histories import ATTEMPT, C1, RED
from tests.scenario import Scenario

FAILURE = Failure(attempt=ATTEMPT, call=C1, outcome=RED)
GIVEN = RecordHint("one is not two", "model", "flash", Usage(input=9, output=4), "what now?")

NEW: Scenario[Hint, HintCommand, HintEvent] = Scenario.of(hint.DECIDER)
ASKED = NEW.after(AskHint(FAILURE))


def test_a_failure_is_put_to_qa_once() -> None:
    NEW.when(AskHint(FAILURE)).then(HintAsked(FAILURE))
    ASKED.when(AskHint(FAILURE)).refused("it is settled")


def test_a_hint_is_given_once() -> None:
    given = ASKED.when(GIVEN).then(
        HintGiven("one is not two", "model", "flash", Usage(input=9, output=4), "what now?")
    )
    assert given.state.failure == FAILURE
    given.when(GIVEN).refused("it is settled")


def test_nobody_answers_what_was_not_asked() -> None:
    NEW.when(GIVEN).refused("it was never asked")


def test_a_hint_keeps_why_the_rules_stood_in_for_the_model() -> None:
    after = ASKED.after(RecordHint("KeyError", "extract", problem="503"))
    assert after.state.given == HintGiven("KeyError", "extract", problem="503")


def test_a_long_hint_is_cut_when_it_is_taken_down() -> None:
    after = ASKED.after(RecordHint("word " * 50, "model"))
    assert after.state.given is not None
    assert len(after.state.given.words.split()) == MAX_WORDS


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", ""),
        (" \n\t ", ""),
        ("a\nb\u2028c", "a b c"),
        ("w " * 21, ("w " * 20).strip()),
        ("x" * 9000, "x" * MAX_CHARS),
        ("x" * (MAX_CHARS - 1) + " y", "x" * (MAX_CHARS - 1)),
    ],
)
def test_words_are_cut_to_one_short_line(words: str, expected: str) -> None:
    assert cut(words) == expected
