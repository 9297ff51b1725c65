"""A question to a person: asked, answered once, or void."""

from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import approval
from events.action import Action, Kind
from events.approval import (
    Answer,
    Approval,
    ApprovalAnswered,
    ApprovalAsked,
    ApprovalCommand,
    ApprovalEvent,
    ApprovalVoided,
    Ask,
    Expire,
    Question,
    Settle,
    Verdict,
    Void,
    amendment_of,
)
from events.clocks import Clocks, elapsed_s
from events.ids import ApprovalId
from events.policy import Amendment, Expiry
from tests.histories import ATTEMPT, C1, T1, digest
from tests.scenario import Scenario

QUESTION = Question(
    approval=ApprovalId("T1.1.c1"),
    ticket=T1,
    attempt=ATTEMPT,
    action=Action(kind="tool", tool="run_command", command="make", digest=digest("make")),
    call=C1,
    arguments='{"command": "make"}',
    preview="$ make",
    rule="ask: effects",
)
YES = Answer(verdict="approved", by="ann", via="terminal")
NO = Answer(verdict="rejected", by="bob", reason="not today")

UNASKED: Scenario[Approval, ApprovalCommand, ApprovalEvent] = Scenario.of(approval.DECIDER)
STANDINGS = {
    "unasked": UNASKED,
    "open": UNASKED.after(Ask(QUESTION)),
    "approved": UNASKED.after(Ask(QUESTION), Settle(YES)),
    "rejected": UNASKED.after(Ask(QUESTION), Settle(NO)),
    "void": UNASKED.after(Ask(QUESTION), Void("the file changed")),
    "void answer": UNASKED.after(Ask(QUESTION), Settle(YES), Void("the file changed")),
}
COMMANDS: dict[str, ApprovalCommand] = {
    "ask": Ask(QUESTION),
    "settle": Settle(NO),
    "void": Void("the tree moved"),
    "expire": Expire(Clocks(5000.0)),
}
TABLE: dict[tuple[str, str], type[Any] | str] = {
    ("unasked", "ask"): ApprovalAsked,
    ("unasked", "settle"): "it was never asked",
    ("unasked", "expire"): "it was never asked",
    ("unasked", "void"): "it was never asked",
    ("open", "ask"): "it was asked before",
    ("open", "settle"): ApprovalAnswered,
    ("open", "expire"): "its time is not over",
    ("open", "void"): ApprovalVoided,
    ("approved", "ask"): "it was asked before",
    ("approved", "settle"): "ann has approved it",
    ("approved", "expire"): "ann has approved it",
    ("approved", "void"): ApprovalVoided,
    ("rejected", "ask"): "it was asked before",
    ("rejected", "settle"): "bob has rejected it",
    ("rejected", "expire"): "bob has rejected it",
    ("rejected", "void"): ApprovalVoided,
    ("void", "ask"): "it was asked before",
    ("void", "settle"): "it is void: the file changed",
    ("void", "expire"): "it is void: the file changed",
    ("void", "void"): "it is void: the file changed",
    ("void answer", "ask"): "it was asked before",
    ("void answer", "settle"): "it is void: the file changed",
    ("void answer", "expire"): "it is void: the file changed",
    ("void answer", "void"): "it is void: the file changed",
}


@pytest.mark.parametrize("standing", STANDINGS)
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_at_every_standing(standing: str, name: str) -> None:
    answer, expected = STANDINGS[standing].when(COMMANDS[name]), TABLE[standing, name]
    if isinstance(expected, str):
        answer.refused(expected)
    else:
        answer.then_kinds(expected)


def test_the_first_answer_is_for_good() -> None:
    answered = STANDINGS["open"].when(Settle(YES)).then(ApprovalAnswered(YES))
    assert answered.state.answer == YES
    answered.when(Settle(NO)).refused("ann has approved it")


def test_only_a_question_without_answer_is_open() -> None:
    assert [name for name, held in STANDINGS.items() if held.state.is_open] == ["open"]


def test_a_question_keeps_what_would_really_happen() -> None:
    assert STANDINGS["approved"].refolded() == Approval(QUESTION, YES)


# ------------------------------------------------------------------------------------- edits


@pytest.mark.parametrize("kind", ["merge", "in_doubt"])
def test_only_a_prompt_and_the_arguments_of_a_call_can_be_edited(kind: Kind) -> None:
    about = msgspec.structs.replace(QUESTION, action=Action(kind=kind))
    edited = msgspec.structs.replace(YES, arguments="{}")
    asked = UNASKED.after(Ask(about))
    asked.when(Settle(edited)).refused("there is nothing to edit")
    asked.when(Settle(YES)).then_kinds(ApprovalAnswered)


def test_both_versions_of_an_edited_call_are_on_record() -> None:
    edited = msgspec.structs.replace(YES, arguments='{"command": "make -n"}', digest=digest("n"))
    state = STANDINGS["open"].after(Settle(edited)).state
    assert state.question is not None
    assert state.answer is not None
    assert state.question.arguments == '{"command": "make"}'
    assert (state.answer.arguments, state.answer.by) == ('{"command": "make -n"}', "ann")


def test_a_rejection_edits_nothing() -> None:
    edited = msgspec.structs.replace(NO, arguments="{}")
    STANDINGS["open"].when(Settle(edited)).refused("a rejection edits nothing")


# ------------------------------------------------------------------------------------ expiry

ASKED = Clocks(1000.0, "boot-1", 50.0)


def expiring(
    verdict: Literal["deny", "allow"] = "deny",
) -> Scenario[Approval, ApprovalCommand, ApprovalEvent]:
    question = msgspec.structs.replace(QUESTION, expiry=Expiry(60.0, verdict))
    return UNASKED.after(Ask(question, ASKED))


@pytest.mark.parametrize(("verdict", "expected"), [("deny", "rejected"), ("allow", "approved")])
def test_a_question_that_nobody_answers_in_time_is_answered_by_its_policy(
    verdict: Literal["deny", "allow"], expected: Verdict
) -> None:
    late = Answer(verdict=expected, by="expiry", via="policy", reason="nobody answered within 60 s")
    waiting = expiring(verdict)
    waiting.when(Expire(Clocks(1059.0, "boot-1", 109.0))).refused("its time is not over")
    waiting.when(Expire(Clocks(1060.0, "boot-1", 110.0))).then(ApprovalAnswered(late))


def test_an_answer_that_comes_too_late_has_lost_to_the_policy() -> None:
    late = expiring().when(Settle(YES, Clocks(1061.0, "boot-1", 111.0)))
    answer = late.then_kinds(ApprovalAnswered).state.answer
    assert answer is not None
    assert (answer.by, answer.verdict) == ("expiry", "rejected")


def test_an_answer_in_time_counts() -> None:
    expiring().when(Settle(YES, Clocks(1059.0, "boot-1", 109.0))).then(ApprovalAnswered(YES))


def test_a_wall_clock_that_is_set_back_gains_no_time() -> None:
    assert expiring().state.left_s(Clocks(400.0, "boot-1", 100.0)) == 10.0
    assert expiring().state.left_s(Clocks(400.0, "boot-1", 500.0)) == 0.0


def test_after_a_reboot_the_wall_clock_counts() -> None:
    assert expiring().state.left_s(Clocks(1030.0, "boot-2", 3.0)) == 30.0


def test_a_question_without_an_end_waits_for_ever() -> None:
    assert STANDINGS["open"].state.left_s(Clocks(1e12)) is None
    assert UNASKED.state.left_s(Clocks(1e12)) is None


@given(st.floats(0, 1e10), st.floats(0, 1e10), st.floats(0, 1e7), st.floats(0, 1e7), st.booleans())
def test_no_reading_of_the_clocks_gives_a_question_more_than_its_time(
    wall: float, later_wall: float, up: float, later_up: float, same_boot: bool
) -> None:
    now = Clocks(later_wall, "a" if same_boot else "b", later_up)
    assert elapsed_s(Clocks(wall, "a", up), now) >= 0.0


# -------------------------------------------------------------------------------- ticket-wide


def test_an_answer_for_the_rest_of_the_ticket_amends_the_policy_by_the_rule_that_asked() -> None:
    wide = msgspec.structs.replace(YES, ticket_wide=True)
    expected = Amendment("ask: effects", "tool", ApprovalId("T1.1.c1"), "ann")
    assert amendment_of(QUESTION, wide) == expected
    assert amendment_of(QUESTION, YES) is None
    assert amendment_of(QUESTION, msgspec.structs.replace(NO, ticket_wide=True)) is None
