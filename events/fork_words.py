"""A fork: how a run begins in the middle of another one, and what is different from there on."""

import msgspec

from events.base import Command, Event
from events.budget import NOTHING, Amount
from events.conversation import Usage
from events.ids import AttemptId, RunId
from events.policy import Policy
from events.settings import Settings
from events.ticket import Ticket


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a fork left its parent."""

    run: RunId
    """The parent."""
    position: int
    """The last one of the parent's log that is part of the fork's past."""
    sum: str
    """The digest of the parent's log up to there: it is the same past, or it is not."""


class Changes(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is not as it was in the parent; None and empty: nothing."""

    settings: Settings | None = None
    policy: Policy | None = None
    tickets: tuple[Ticket, ...] = ()
    """What their author wrote counts; where they are in their lives is the past's word."""
    answer: int | None = None
    """The position of the parent's reply, or hint, that was given differently in the fork."""


class Inherited(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one attempt had used before the fork."""

    attempt: AttemptId
    usage: Usage = Usage()
    spent: Amount = NOTHING


class Rebound(msgspec.Struct, frozen=True):
    """An attempt that goes on under other terms."""

    attempt: AttemptId
    model: str


class ForkRun(Command, frozen=True, tag="run.fork", kw_only=True):
    """Make what has happened so far the past of another run."""

    run: RunId
    """The fork."""
    origin: Origin
    changes: Changes = Changes()
    workers: Usage = Usage()
    """Of all workers' calls so far."""
    qa: Usage = Usage()
    """Of all hints so far."""
    inherited: tuple[Inherited, ...] = ()
    """Of the attempts that are not over."""
    program: str = ""


class RunForked(Event, frozen=True, tag="run.forked", kw_only=True):
    """From here on this is another run: what was used before is its parent's cost."""

    run: RunId
    origin: Origin
    changes: Changes = Changes()
    rebound: tuple[Rebound, ...] = ()
    workers: Usage = Usage()
    qa: Usage = Usage()
    inherited: tuple[Inherited, ...] = ()
    program: str = ""
