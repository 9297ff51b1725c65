"""A question to a person: asked, answered once, or void."""

from typing import Any

import pytest

from events import approval
from events.action import Action
from events.approval import (
    Answer,
    Approval,
    ApprovalAnswered,
    ApprovalAsked,
    ApprovalCommand,
    ApprovalEvent,
    ApprovalVoided,
    Ask,
    Question,
    Settle,
    Void,
)
from events.ids import ApprovalId
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
}
TABLE: dict[tuple[str, str], type[Any] | str] = {
    ("unasked", "ask"): ApprovalAsked,
    ("unasked", "settle"): "it was never asked",
    ("unasked", "void"): "it was never asked",
    ("open", "ask"): "it was asked before",
    ("open", "settle"): ApprovalAnswered,
    ("open", "void"): ApprovalVoided,
    ("approved", "ask"): "it was asked before",
    ("approved", "settle"): "ann has approved it",
    ("approved", "void"): ApprovalVoided,
    ("rejected", "ask"): "it was asked before",
    ("rejected", "settle"): "bob has rejected it",
    ("rejected", "void"): ApprovalVoided,
    ("void", "ask"): "it was asked before",
    ("void", "settle"): "it is void: the file changed",
    ("void", "void"): "it is void: the file changed",
    ("void answer", "ask"): "it was asked before",
    ("void answer", "settle"): "it is void: the file changed",
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
