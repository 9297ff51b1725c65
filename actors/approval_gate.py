"""The ApprovalGate: a mailbox around the questions that wait for a person."""

import threading
from collections.abc import Callable

from actors.mailbox import Mailbox
from actors.messages import (
    Answered,
    ConductorMessage,
    Down,
    GateMessage,
    Give,
    Ping,
    Put,
    Ref,
    Ring,
    Unanswered,
)
from events.approval import (
    Approval,
    ApprovalCommand,
    ApprovalEvent,
    Ask,
    Expire,
    Question,
    Settle,
    amendment_of,
    standing_of,
)
from events.clocks import Clocks
from events.errors import CommandRefusedError
from events.ids import ApprovalId
from store.entity import Entity

QuestionEntity = Entity[Approval, ApprovalCommand, ApprovalEvent]
Questions = Callable[[ApprovalId], QuestionEntity]
"""Opens the stream of a question, from the log."""

LONGEST_S = 3600.0
"""A timer stands still while the machine sleeps, so the clocks are read again after so long."""


class ApprovalGate(Mailbox):
    """Puts questions and takes answers; a question waits in the log, not here."""

    def __init__(
        self,
        questions: Questions,
        conductor: Ref[ConductorMessage],
        clocks: Callable[[], Clocks],
    ) -> None:
        """Take the way to the log, and to the time; nothing happens yet."""
        super().__init__()
        self._questions = questions
        self._conductor = conductor
        self._clocks = clocks
        self._known: dict[ApprovalId, QuestionEntity] = {}
        self._expiring: set[ApprovalId] = set()
        """Questions whose time may run out."""
        self._timer: threading.Timer | None = None
        self._me: Ref[GateMessage] = Ref(self.actor_ref)

    def on_receive(self, message: GateMessage) -> None:
        """Take one message; see `actors.messages`."""
        match message:
            case Ping():
                return
            case Put(question=question):
                self._put(question)
            case Give():
                self._take(message)
            case Ring():
                pass
        self._expire()

    def on_stop(self) -> None:
        """Let no timer outlive the gate."""
        self._cancel_timer()

    def on_death(self, error: BaseException, trace: str) -> None:
        """Tell the Conductor; every question is in the log."""
        self._cancel_timer()
        self._conductor.tell(Down("gate", error, trace))

    def _entity(self, approval: ApprovalId) -> QuestionEntity:
        if approval not in self._known:
            self._known[approval] = self._questions(approval)
        return self._known[approval]

    def _put(self, question: Question) -> None:
        entity = self._entity(question.approval)
        if entity.state.question is None:
            entity.execute(Ask(question, self._clocks()))
        if entity.state.is_open and question.expiry is not None:
            self._expiring.add(question.approval)
        self._tell(entity.state)

    def _take(self, given: Give) -> None:
        """Settle the question: the first answer counts, and that of its policy is one too."""
        entity = self._entity(given.approval)
        try:
            entity.execute(Settle(given.answer, self._clocks()))
        except CommandRefusedError as refusal:
            given.receipt(refusal.reason)
            return
        answer = entity.state.answer
        expired = answer is not None and answer.by_policy
        given.receipt(standing_of(entity.state) if expired else "")
        self._tell(entity.state)

    def _expire(self) -> None:
        """Answer every question whose time is over, and set the timer for the next."""
        self._cancel_timer()
        now, soonest = self._clocks(), LONGEST_S
        for approval in sorted(self._expiring):
            entity = self._entity(approval)
            left_s = entity.state.left_s(now)
            if not entity.state.is_open or left_s is None:
                self._expiring.discard(approval)
            elif left_s > 0:
                soonest = min(soonest, left_s)
            else:
                self._expiring.discard(approval)
                entity.execute(Expire(now))
                self._tell(entity.state)
        if self._expiring:
            self._timer = threading.Timer(soonest, self._me.tell, [Ring()])
            self._timer.daemon = True
            self._timer.start()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()

    def _tell(self, state: Approval) -> None:
        question, answer = state.question, state.answer
        assert question is not None, "a question is told of after it was put"
        attempt, approval = question.attempt, question.approval
        if answer is None:
            self._conductor.tell(Unanswered(attempt, approval))
        else:
            ends = question.action.kind in {"spawn", "merge"} and answer.verdict == "rejected"
            amendment = amendment_of(question, answer)
            self._conductor.tell(Answered(attempt, approval, answer, amendment, goes_on=not ends))
