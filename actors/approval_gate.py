"""The ApprovalGate: a mailbox around the questions that wait for a person."""

from collections.abc import Callable

from store.entity import Entity

from actors.mailbox import Mailbox
from actors.messages import (
    Answered,
    ConductorMessage,
    Down,
    GateMessage,
    Ping,
    Put,
    Ref,
    Unanswered,
)
from events.approval import Approval, ApprovalCommand, ApprovalEvent, Ask, Question, Settle
from events.ids import ApprovalId

Questions = Callable[[ApprovalId], "Entity[Approval, ApprovalCommand, ApprovalEvent]"]
"""Opens the stream of a question, from the log."""


class ApprovalGate(Mailbox):
    """Puts questions and takes answers; a question waits in the log, not here."""

    def __init__(self, questions: Questions, conductor: Ref[ConductorMessage]) -> None:
        """Take the way to the log; nothing happens yet."""
        super().__init__()
        self._questions = questions
        self._conductor = conductor
        self._known: dict[ApprovalId, Entity[Approval, ApprovalCommand, ApprovalEvent]] = {}

    def on_receive(self, message: GateMessage) -> None:
        """Take one message; see `actors.messages`."""
        match message:
            case Put(question=question):
                self._put(question)
            case Answered(approval=approval, answer=answer):
                entity = self._entity(approval)
                entity.execute(Settle(answer))
                self._tell(entity.state)
            case Ping():
                return

    def on_death(self, error: BaseException, trace: str) -> None:
        """Tell the Conductor; every question is in the log."""
        self._conductor.tell(Down("gate", error, trace))

    def _entity(self, approval: ApprovalId) -> "Entity[Approval, ApprovalCommand, ApprovalEvent]":
        if approval not in self._known:
            self._known[approval] = self._questions(approval)
        return self._known[approval]

    def _put(self, question: Question) -> None:
        entity = self._entity(question.approval)
        if entity.state.question is None:
            entity.execute(Ask(question))
        self._tell(entity.state)

    def _tell(self, state: Approval) -> None:
        question = state.question
        assert question is not None, "a question is told of after it was put"
        attempt, approval = question.attempt, question.approval
        if state.answer is None:
            self._conductor.tell(Unanswered(attempt, approval))
        else:
            ends = question.action.kind in {"spawn", "merge"} and state.answer.verdict == "rejected"
            self._conductor.tell(Answered(attempt, approval, state.answer, goes_on=not ends))
