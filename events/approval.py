"""One question to a person: asked, answered once, used once or void.

A question may have an end: then its policy answers it, and an answer that comes later has lost.
Time comes with the command, as `Clocks`.
"""

from collections.abc import Sequence
from typing import Literal, assert_never

import msgspec

from events.action import Action, Kind, Surroundings
from events.base import Command, Event
from events.clocks import Clocks, elapsed_s
from events.decider import Decider
from events.errors import CommandRefusedError
from events.ids import ApprovalId, AttemptId, CallId, Digest, TicketId
from events.payload import Text
from events.policy import Amendment, Expiry, amendment_for

Verdict = Literal["approved", "rejected"]

EDITABLE: frozenset[Kind] = frozenset({"spawn", "tool"})
"""What an answer may change: a worker's prompt, and the arguments of a call that never ran."""

EXPIRY = "expiry"
"""Who answers a question that nobody answered in time."""


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
    """The JSON arguments, or the first message of a spawn: what an edit may change."""
    system: Text = ""
    """The system prompt of a spawn, which an edit may change too."""
    preview: Text = ""
    """Unified diff, exact command or whole prompt, for a person to read."""
    surroundings: Surroundings | None = None
    """Of a command: where it would run. An edited one runs there as well, whoever edits it."""
    rule: str = ""
    """The rule of the policy that asks."""
    expiry: Expiry | None = None
    """When and how the policy answers it; None: it waits for ever."""


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
    system: Text | None = None
    """The edited system prompt of a spawn; None: as it was asked."""
    digest: Digest | None = None
    """The digest that the answer was given for; None: that of the question."""
    ticket_wide: bool = False
    """Whether the rule that asks is answered for the rest of the ticket."""
    message: str = ""
    """Names the message that brought it, so that one that comes twice is known again."""

    @property
    def edits(self) -> bool:
        """Whether it changes what was asked about."""
        return self.arguments is not None or self.system is not None

    @property
    def by_policy(self) -> bool:
        """Whether nobody gave it: the question has expired."""
        return self.by == EXPIRY and self.via == "policy"


class Ask(Command, frozen=True, tag="approval.ask"):
    """Put a question."""

    question: Question
    asked: Clocks | None = None
    """When; without it, it waits for ever."""


class Settle(Command, frozen=True, tag="approval.settle"):
    """Answer it."""

    answer: Answer
    now: Clocks | None = None


class Expire(Command, frozen=True, tag="approval.expire"):
    """Answer it by its policy, if its time is over."""

    now: Clocks


class Void(Command, frozen=True, tag="approval.void"):
    """Take the question or its answer back: what it was about has changed."""

    reason: str


ApprovalCommand = Ask | Settle | Expire | Void


class ApprovalAsked(Event, frozen=True, tag="approval.asked"):
    """A question waits for an answer."""

    question: Question
    asked: Clocks | None = None


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
    asked: Clocks | None = None

    @property
    def is_open(self) -> bool:
        """Whether it waits for an answer."""
        return self.question is not None and self.answer is None and self.voided is None

    def left_s(self, now: Clocks) -> float | None:
        """Return how many seconds are left to answer it, 0 if none; None: it does not expire."""
        if self.question is None or self.question.expiry is None or self.asked is None:
            return None
        return max(0.0, self.question.expiry.after_s - elapsed_s(self.asked, now))


def decide(command: ApprovalCommand, state: Approval) -> Sequence[ApprovalEvent]:
    """Return what happens when `command` meets `state`.

    Raises:
        CommandRefusedError: the question was never put, is settled, or is void.
    """
    match command:
        case Ask(question=question, asked=asked) if state.question is None:
            return [ApprovalAsked(question, asked)]
        case Ask():
            raise CommandRefusedError(command, "it was asked before")
        case Settle(answer=answer, now=now) if state.is_open:
            return [_settled(command, answer, now, state)]
        case Expire(now=now) if state.is_open and state.left_s(now) == 0:
            return [ApprovalAnswered(_by_expiry(state))]
        case Expire() if state.is_open:
            raise CommandRefusedError(command, "its time is not over")
        case Void(reason=reason) if state.question is not None and state.voided is None:
            return [ApprovalVoided(reason)]
        case Settle() | Expire() | Void():
            raise CommandRefusedError(command, standing_of(state))
        case _:
            assert_never(command)


def _settled(
    command: Settle, answer: Answer, now: Clocks | None, state: Approval
) -> ApprovalAnswered:
    """Return the answer; that of the policy if it comes too late."""
    kind = _question(state).action.kind
    if answer.edits and answer.verdict == "rejected":
        raise CommandRefusedError(command, "a rejection edits nothing")
    if answer.edits and kind not in EDITABLE:
        raise CommandRefusedError(command, f"there is nothing to edit in {kind.replace('_', ' ')}")
    if now is not None and state.left_s(now) == 0:
        return ApprovalAnswered(_by_expiry(state))
    return ApprovalAnswered(answer)


def _by_expiry(state: Approval) -> Answer:
    expiry = _question(state).expiry
    assert expiry is not None, "only a question with an end expires"
    reason = f"nobody answered within {expiry.after_s:g} s"
    verdict: Verdict = "approved" if expiry.verdict == "allow" else "rejected"
    return Answer(verdict=verdict, by=EXPIRY, via="policy", reason=reason)


def _question(state: Approval) -> Question:
    assert state.question is not None, "an open question was asked"
    return state.question


def standing_of(state: Approval) -> str:
    """Return why a question takes no answer: who was first, and with what."""
    if state.question is None:
        return "it was never asked"
    if state.voided is not None:
        return f"it is void: {state.voided}"
    assert state.answer is not None, "an open question takes every answer"
    return f"{state.answer.by} has {state.answer.verdict} it"


def amendment_of(question: Question, answer: Answer) -> Amendment | None:
    """Return what an answer changes in the policy for the rest of the ticket, if anything."""
    if not answer.ticket_wide or answer.verdict != "approved":
        return None
    return amendment_for(question.action, question.rule, question.approval, answer.by)


def evolve(state: Approval, event: ApprovalEvent) -> Approval:
    """Return the question after `event`."""
    match event:
        case ApprovalAsked(question=question, asked=asked):
            return Approval(question, asked=asked)
        case ApprovalAnswered(answer=answer):
            return msgspec.structs.replace(state, answer=answer)
        case ApprovalVoided(reason=reason):
            return msgspec.structs.replace(state, voided=reason)
        case _:
            assert_never(event)


DECIDER: Decider[Approval, ApprovalCommand, ApprovalEvent] = Decider(
    Approval(), decide, evolve, ApprovalCommand
)
