"""What actors say to each other besides the commands of the streams, and how they say it."""

import contextlib
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec
import pykka

from events.approval import Answer, Question
from events.attempt_commands import AttemptCommand
from events.hint import Failure
from events.ids import ApprovalId, AttemptId
from events.policy import Amendment
from events.run_commands import OperatorCommand, ReserveBudget, RunCommand

M = TypeVar("M", contravariant=True)

Receipt = Callable[[str], None]
"""Hears, once its effect is on record, that a message counts: an empty text; else why it does not.

It is called on the thread of the actor that took the message: it must be quick and must not raise.
"""


class Ref(Generic[M]):
    """The address of an actor that takes messages of type `M`; telling never waits.

    The address outlives the actor: who supervises it attaches the one that takes its place.
    """

    def __init__(self, ref: "pykka.ActorRef[Any] | None" = None) -> None:
        """Take the address that pykka gives, if there is one already."""
        self._ref = ref

    def attach(self, ref: "pykka.ActorRef[Any]") -> None:
        """Let the address lead to another actor from now on."""
        self._ref = ref

    def tell(self, message: M) -> None:
        """Put `message` into the inbox; a dead actor gets nothing, as its log knows all it owed."""
        if self._ref is not None:
            with contextlib.suppress(pykka.ActorDeadError):
                self._ref.tell(message)

    def ping(self, timeout_s: float) -> None:
        """Return once the actor has taken a message; pykka does not tell of one that did not start.

        Raises:
            pykka.Timeout, pykka.ActorDeadError: it did not start.
        """
        if self._ref is not None:
            self._ref.ask(Ping(), timeout=timeout_s)

    def stop(self, timeout_s: float) -> bool:
        """Have the actor end after what is in its inbox; return whether it did so in time."""
        if self._ref is None:
            return True
        try:
            self._ref.stop(block=True, timeout=timeout_s)
        except pykka.Timeout:
            return False
        return True


class Ping(msgspec.Struct, frozen=True):
    """Answer, if you are there."""


class GoOn(msgspec.Struct, frozen=True):
    """Do what the state owes."""


class Halt(msgspec.Struct, frozen=True):
    """Let go of everything that is under way; the log knows what is owed."""


class AskAgain(msgspec.Struct, frozen=True):
    """QA or the gate was started anew: what waits for it has to be put to it again."""


class Landed(msgspec.Struct, frozen=True):
    """The effect that was under way has ended, one way or the other."""


class Consult(msgspec.Struct, frozen=True):
    """A worker puts a failure to QA; the answer comes back as `TakeHint`."""

    failure: Failure
    reply_to: Ref[Any]


class Advised(msgspec.Struct, frozen=True):
    """The QA model has answered, or failed, for one failure."""

    call: str
    """The failure, as ``T1.2#c5``."""


class AskLeave(msgspec.Struct, frozen=True):
    """A worker or QA wants to spend; the answer comes back as `Leave`."""

    request: ReserveBudget
    reply_to: Ref[Any]


class Leave(msgspec.Struct, frozen=True):
    """The budget allows a call, or does not."""

    call: str
    granted: bool


class Put(msgspec.Struct, frozen=True):
    """A worker has a question for a person."""

    question: Question


class Give(msgspec.Struct, frozen=True):
    """A person answers a question; `receipt` hears whether the answer counts."""

    approval: ApprovalId
    answer: Answer
    receipt: Receipt


class Operate(msgspec.Struct, frozen=True):
    """A person tells the run what to do; `receipt` hears whether that means anything."""

    command: OperatorCommand
    receipt: Receipt


class Ring(msgspec.Struct, frozen=True):
    """The time of a question may be over."""


class Answered(msgspec.Struct, frozen=True):
    """A question of an attempt has its answer."""

    attempt: AttemptId
    approval: ApprovalId
    answer: Answer
    amendment: Amendment | None = None
    """What the answer changes in the policy for the rest of the ticket."""
    goes_on: bool = True
    """Whether the ticket goes on: not so when its spawn or its merge is rejected."""


class Unanswered(msgspec.Struct, frozen=True):
    """A question of an attempt is put and nobody has answered yet."""

    attempt: AttemptId
    approval: ApprovalId


class Down(msgspec.Struct, frozen=True):
    """An actor has died of an exception."""

    actor: str
    error: BaseException
    trace: str
    attempt: AttemptId | None = None


class Interrupt(msgspec.Struct, frozen=True):
    """The person at the terminal, or the system, wants the process to end soon."""


WorkerMessage = AttemptCommand | GoOn | Landed | Leave | Halt | AskAgain | Ping
ConductorMessage = (
    RunCommand | Operate | GoOn | AskLeave | Answered | Unanswered | Down | Interrupt | Ping
)
QaMessage = Consult | Leave | Advised | Ping
GateMessage = Put | Give | Ring | Ping
