"""One question to a person: asked, answered once, used once or void."""

from collections.abc import Sequence
from typing import Literal, assert_never

import msgspec

from events.action import Action
from events.base import Command, Event
from events.decider import Decider
from events.errors import CommandRefusedError
from events.ids import ApprovalId, AttemptId, CallId, Digest, TicketId
from events.payload import Text

Verdict = Literal["approved", "rejected"]


class Question(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to be allowed, as it will really happen."""

    approval: ApprovalId
    ticket: TicketId
    attempt: AttemptId
    action: Action
    call: CallId = CallId("")
    """The tool call it is about; empty for a spawn or a merge."""
    archetype: str = "unassigned"
    arguments: Text = ""
    """The JSON arguments, or the prompt of a spawn: what an edit may change."""
    preview: Text = ""
    """Unified diff, exact command or whole prompt, for a person to read."""
    rule: str = ""
    """The rule of the policy that asks."""


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A person's word, or the verdict of an expiry."""

    verdict: Verdict
    by: str
    """Who: a user name, or ``expiry``."""
    via: str = ""
    """From where: ``terminal``, ``command``, ``policy``."""
    reason: str = ""
    arguments: Text | None = None
    """The edited arguments; None: as they were asked."""
    digest: Digest | None = None
    """The digest that the answer was given for; None: that of the question."""


class Ask(Command, frozen=True, tag="approval.ask"):
    """Put a question."""

    question: Question


class Settle(Command, frozen=True, tag="approval.settle"):
    """Answer it."""

    answer: Answer


class Void(Command, frozen=True, tag="approval.void"):
    """Take the question or its answer back: what it was about has changed."""

    reason: str


ApprovalCommand = Ask | Settle | Void


class ApprovalAsked(Event, frozen=True, tag="approval.asked"):
    """A question waits for an answer."""

    question: Question


class ApprovalAnswered(Event, frozen=True, tag="approval.answered"):
    """The first answer, which is for good."""

    answer: Answer


class ApprovalVoided(Event, frozen=True, tag="approval.voided"):
    """The question is no longer about what would happen."""

    reason: str


ApprovalEvent = ApprovalAsked | ApprovalAnswered | ApprovalVoided


class Approval(msgspec.Struct, frozen=True, omit_defaults=True):
    """A question and what became of it."""

    question: Question | None = None
    answer: Answer | None = None
    voided: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it waits for an answer."""
        return self.question is not None and self.answer is None and self.voided is None


def decide(command: ApprovalCommand, state: Approval) -> Sequence[ApprovalEvent]:
    """Return what happens when `command` meets `state`.

    Raises:
        CommandRefusedError: the question was never put, is settled, or is void.
    """
    match command:
        case Ask(question=question) if state.question is None:
            return [ApprovalAsked(question)]
        case Ask():
            raise CommandRefusedError(command, "it was asked before")
        case Settle(answer=answer) if state.is_open:
            return [ApprovalAnswered(answer)]
        case Void(reason=reason) if state.question is not None and state.voided is None:
            return [ApprovalVoided(reason)]
        case Settle() | Void():
            raise CommandRefusedError(command, _standing(state))
        case _:
            assert_never(command)


def _standing(state: Approval) -> str:
    if state.question is None:
        return "it was never asked"
    if state.voided is not None:
        return f"it is void: {state.voided}"
    assert state.answer is not None, "an open question takes every answer"
    return f"{state.answer.by} has {state.answer.verdict} it"


def evolve(state: Approval, event: ApprovalEvent) -> Approval:
    """Return the question after `event`."""
    match event:
        case ApprovalAsked(question=question):
            return Approval(question)
        case ApprovalAnswered(answer=answer):
            return msgspec.structs.replace(state, answer=answer)
        case ApprovalVoided(reason=reason):
            return msgspec.structs.replace(state, voided=reason)
        case _:
            assert_never(event)


DECIDER: Decider[Approval, ApprovalCommand, ApprovalEvent] = Decider(
    Approval(), decide, evolve, ApprovalCommand
)
