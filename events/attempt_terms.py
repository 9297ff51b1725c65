"""What binds an attempt, and the values that its commands and events share."""

from typing import Literal

import msgspec

from events.ids import AttemptId, CallId, CommitId, TreeId
from events.payload import Text
from events.policy import Amendment, Policy
from events.settings import Archetype, Limits
from events.ticket import Ticket

Result = Literal["completed", "failed", "gave_up", "stuck", "budget", "rejected", "cancelled"]


class Terms(msgspec.Struct, gc=False, frozen=True, kw_only=True, omit_defaults=True):
    """What an attempt is about and what binds it; fixed when it starts."""

    attempt: AttemptId
    number: int
    """1, 2, ... within the ticket."""
    ticket: Ticket
    model: str
    base: CommitId
    """The run's tip when the attempt was assigned."""
    base_tree: TreeId
    title: str = ""
    goal: Text = ""
    """The description of the track."""
    setup: str = ""
    check: str = ""
    lesson: Text = ""
    """What the attempt before hands over."""
    limits: Limits = Limits()
    raw_max_tokens: int = 8000
    max_output_tokens: int = 8192
    policy: Policy
    amendments: tuple[Amendment, ...] = ()
    """What earlier attempts at the ticket were allowed for the rest of it."""
    archetype: Archetype = Archetype()
    fallback: str = ""
    """The model to go on with when the day's quota of `model` is used up; empty: none."""
    budgeted: bool = False
    """Whether each model call needs leave to spend."""

    @property
    def step(self) -> bool:
        """Whether every effect asks at the gate, whatever the policy allows."""
        return self.ticket.step_mode or self.archetype.trust == "step"


_NOTHING = Policy("over", ())
"""What an attempt that is over may do."""


def outline_of(terms: Terms) -> Terms:
    """Return what is kept of the terms of an attempt that is over: who worked on what, from where.

    A run keeps every attempt that it ever made, and by far the most of them are over.
    """
    return Terms(
        attempt=terms.attempt,
        number=terms.number,
        ticket=Ticket(id=terms.ticket.id, description=""),
        model=terms.model,
        base=terms.base,
        base_tree=terms.base_tree,
        policy=_NOTHING,
        fallback=terms.fallback,
        budgeted=terms.budgeted,
    )


class Call(msgspec.Struct, gc=False, frozen=True, omit_defaults=True):
    """A tool call that the model asked for, as it is kept on record."""

    call: CallId
    tool: str
    arguments: Text
    native_id: str = ""


class Onto(msgspec.Struct, gc=False, frozen=True):
    """Where a merge goes."""

    commit: CommitId
    tree: TreeId
    at_s: int
    """The commit's date: seconds since 1970, taken down once, so that a merge done again after a
    crash makes the same commit."""
    position: int = 0
    """How far the log had come: the history behind the commit ends there."""
