"""The gate alone: answers with receipts, and questions that run out of time."""

from collections.abc import Iterator
from queue import SimpleQueue
from typing import Any

import msgspec
import pykka
import pytest

from actors import approval_gate
from actors.approval_gate import ApprovalGate
from actors.messages import Answered, Down, Give, Put, Ref, Ring, Unanswered
from events import approval
from events.approval import Answer, Approval, ApprovalCommand, ApprovalEvent, Question
from events.clocks import Clocks
from events.ids import ApprovalId, stream_of
from events.policy import Expiry
from store.entity import Entity
from store.memory import MemoryLog
from tests.histories import ATTEMPT, C1, T1, write

SOON_S = 10.0
A1 = ApprovalId("T1.1.c1")
YES = Answer(verdict="approved", by="ann", via="command")


class Listener(pykka.ThreadingActor):
    """Stands where the Conductor would, and keeps what it hears."""

    use_daemon_thread = True

    def __init__(self, heard: "SimpleQueue[Any]") -> None:
        super().__init__()
        self._heard = heard

    def on_receive(self, message: object) -> None:
        self._heard.put(message)


class Stage:
    """A gate on a log in memory, under a clock that only the test moves."""

    def __init__(self, log: MemoryLog | None = None) -> None:
        self.log = log or MemoryLog("r1")
        self.now = Clocks(1000.0, "boot", 0.0)
        self.heard: SimpleQueue[Any] = SimpleQueue()
        self.receipts: SimpleQueue[str] = SimpleQueue()
        self._listener = Listener.start(self.heard)
        conductor: Ref[Any] = Ref(self._listener)
        self.gate: Ref[Any] = Ref(ApprovalGate.start(self.open, conductor, lambda: self.now))

    def open(self, name: ApprovalId) -> Entity[Approval, ApprovalCommand, ApprovalEvent]:
        return Entity.load(self.log, stream_of("approval", name), approval.DECIDER)

    def put(self, expiry: Expiry | None = None, name: ApprovalId = A1) -> None:
        question = Question(approval=name, ticket=T1, attempt=ATTEMPT, action=write(), call=C1)
        self.gate.tell(Put(msgspec.structs.replace(question, expiry=expiry)))

    def give(self, answer: Answer = YES, name: ApprovalId = A1) -> str:
        self.gate.tell(Give(name, answer, self.receipts.put))
        return self.receipts.get(timeout=SOON_S)

    def pass_s(self, seconds: float) -> None:
        self.now = Clocks(self.now.wall_s, "boot", self.now.up_s + seconds)

    def hear(self) -> Any:  # noqa: ANN401 - any message
        return self.heard.get(timeout=SOON_S)

    def stop(self) -> None:
        self.gate.stop(SOON_S)
        Ref[Any](self._listener).stop(SOON_S)


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage()
    yield made
    made.stop()


def test_the_first_answer_gets_a_receipt_and_the_second_is_told_who_was_first(stage: Stage) -> None:
    stage.put()
    assert stage.hear() == Unanswered(ATTEMPT, A1)
    assert stage.give() == ""
    assert stage.hear() == Answered(ATTEMPT, A1, YES)
    assert stage.give(Answer(verdict="rejected", by="bob")) == "ann has approved it"
    assert stage.heard.empty()


def test_an_answer_to_what_was_never_asked_is_refused_and_harms_nobody(stage: Stage) -> None:
    assert stage.give() == "it was never asked"
    stage.put()
    assert stage.hear() == Unanswered(ATTEMPT, A1)


def test_an_answer_for_the_ticket_brings_its_amendment(stage: Stage) -> None:
    stage.put()
    stage.hear()
    assert stage.give(msgspec.structs.replace(YES, ticket_wide=True)) == ""
    assert stage.hear().amendment.approval == A1


def test_a_question_answers_itself_when_its_time_is_over(stage: Stage) -> None:
    stage.put(Expiry(0.05))
    assert stage.hear() == Unanswered(ATTEMPT, A1)
    stage.pass_s(1.0)
    assert stage.hear().answer.by == "expiry"
    assert stage.give() == "expiry has rejected it"


def test_a_timer_that_rings_too_soon_answers_nothing(stage: Stage) -> None:
    stage.put(Expiry(60.0, "allow"))
    stage.hear()
    stage.pass_s(59.0)
    stage.gate.tell(Ring())
    stage.pass_s(1.0)
    stage.gate.tell(Ring())
    assert stage.hear().answer.verdict == "approved"


def test_an_answer_that_comes_late_has_lost_to_the_policy(stage: Stage) -> None:
    stage.put(Expiry(60.0))
    stage.hear()
    stage.pass_s(61.0)
    assert stage.give() == "expiry has rejected it"
    assert stage.hear().answer.by == "expiry"


def test_a_question_of_an_earlier_process_expires_by_its_recorded_time(stage: Stage) -> None:
    stage.put(Expiry(60.0))
    stage.hear()
    later = Stage(stage.log)
    later.now = Clocks(1061.0, "another boot", 3.0)
    later.put(Expiry(60.0))
    assert later.hear() == Unanswered(ATTEMPT, A1)
    assert later.hear().answer.by == "expiry"
    later.stop()


def test_an_answered_question_needs_no_timer(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approval_gate, "LONGEST_S", 0.01)
    stage.put(Expiry(60.0))
    stage.hear()
    assert stage.give() == ""
    assert stage.hear().answer == YES
    stage.gate.tell(Ring())
    assert stage.give() == "ann has approved it"


def test_a_gate_that_dies_says_so_and_leaves_no_timer(stage: Stage) -> None:
    stage.put(Expiry(60.0))
    stage.hear()

    def fail(_refusal: str) -> None:
        raise ZeroDivisionError

    stage.gate.tell(Give(A1, YES, fail))
    down = stage.hear()
    assert isinstance(down, Down)
    assert (down.actor, type(down.error)) == ("gate", ZeroDivisionError)
