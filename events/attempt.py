"""One attempt at a ticket: its state.

What it believes of each event stands in `attempt_fold`, what it owes in `attempt_due`, how a
command is answered in `attempt_rules`. The stages::

    new -> opening -> turns -> checking -> submitted -> merging -> merge_checking -> committing
                        ^_________|  red check, turns left

and from each of them to ``over``. A wait for a person or for QA can lie over any stage.
"""

from typing import Literal

import msgspec
from rpds import HashTrieMap

from events.action import Action
from events.attempt_events import (
    CallBegun,
    ToolStarted,
)
from events.attempt_terms import Call, Onto, Result, Terms
from events.budget import NOTHING, Amount
from events.conversation import Usage, View
from events.hint import Failure
from events.ids import ApprovalId, AttemptId, CallId, CommitId, Digest, TreeId
from events.payload import Text
from events.policy import Amendment, Expiry

Stage = Literal[
    "new", "opening", "turns", "checking", "submitted", "merging", "merge_checking", "committing",
    "over",
]  # fmt: skip


HOLDING = frozenset({"quota", "auth"})
"""Kinds of failed model calls that no attempt can cure: the run holds until a person has acted."""


RATE_LIMIT = "rate_limit"
"""The kind of a call that only came too soon: it is no failed try, see `Limits.rate_wait_s`."""


SETUP = CallId("setup")


MERGE_CHECK = CallId("merge_check")


class Done(msgspec.Struct, gc=False, frozen=True, omit_defaults=True):
    """One tool call with what the model is told of it."""

    call: Call
    text: Text
    ok: bool = True
    note: str = ""
    """What trackside adds to it."""
    edited: Text | None = None
    """The arguments that ran, if a person changed those of the model."""


class Turn(msgspec.Struct, gc=False, frozen=True, omit_defaults=True):
    """One answer of the model and all that came of it."""

    text: Text
    calls: tuple[Call, ...] = ()
    native: Text = ""
    native_model: str = ""
    done: tuple[Done, ...] = ()
    """Results in the order of `calls`; complete before the next turn."""
    note: str = ""
    """Words of trackside after a turn without calls: a red check."""


class Gate(msgspec.Struct, gc=False, frozen=True, omit_defaults=True):
    """An action that waits for a person."""

    approval: ApprovalId
    action: Action
    call: CallId = CallId("")
    rule: str = ""
    expiry: Expiry | None = None


class Permit(msgspec.Struct, gc=False, frozen=True, omit_defaults=True):
    """A person's yes, good for one use of exactly one action."""

    approval: ApprovalId
    digest: Digest | None
    """Of the action that was approved; None: of whatever the edited arguments come to."""
    arguments: Text | None = None
    """The edited arguments, if a person changed them."""


class AttemptDraft(msgspec.Struct, gc=False, omit_defaults=True):
    """All that is known of one attempt, while events change it; see `events.drafts`."""

    terms: Terms | None = None
    stage: Stage = "new"
    tree: TreeId = TreeId("")
    """The worktree as the last recorded effect left it."""
    setup_due: bool = False
    system: Text = ""
    message: Text = ""
    tools: tuple[str, ...] = ()
    views: tuple[View, ...] = ()
    answers: int = 0
    """Turns that the model has answered."""
    turns: tuple[Turn, ...] = ()
    pending: tuple[Call, ...] = ()
    """Calls of the last answer that have no result yet, in order."""
    running: ToolStarted | None = None
    edited: Text | None = None
    """What a person made of the arguments of the first pending call, if it was started so."""
    gate: Gate | None = None
    permit: Permit | None = None
    amendments: tuple[Amendment, ...] = ()
    """What a person allowed for the rest of the ticket, earlier attempts included."""
    failure: Failure | None = None
    """What waits for QA's hint."""
    changed: tuple[str, ...] = ()
    """Paths that finished edits have touched, in order; what commands touched is in the tree."""
    call: CallBegun | None = None
    """The model call that may be out."""
    model_calls: int = 0
    """Model calls with a recorded end, failed ones included."""
    fallen_back: bool = False
    """Whether the fallback is asked instead of the model of the terms."""
    tries: int = 0
    """Failed model calls since the last answer; those that came too soon are not counted."""
    too_soon: int = 0
    """Model calls since the last answer that met a rate limit."""
    rate_waited_s: float = 0.0
    """What those have had to wait."""
    held: str = ""
    """Why the run holds on account of the last model call; empty if it does not."""
    delay_s: float = 0.0
    tool_calls: int = 0
    checks: int = 0
    gates: int = 0
    """How often a person was asked about what is next."""
    usage: Usage = Usage()
    """Of the worker's own calls, failed ones included."""
    spent: Amount = NOTHING
    """Of all calls for this attempt, QA's included; what has no known price counts as free."""
    hints: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    """What failed, with its fingerprint; equal words mean the same failure again."""
    last_result: Digest = Digest("")
    """`sameness` of the last tool call that QA had no part in."""
    repeats: int = 0
    """How often in a row that call was made with that result."""
    outputs: "HashTrieMap[CallId, Text]" = msgspec.field(default_factory=HashTrieMap)
    """Whole outputs, for `read_output`."""
    onto: Onto | None = None
    merged: TreeId | None = None
    commit: CommitId | None = None
    result: Result | None = None
    reason: str = ""
    lesson: str = ""

    @property
    def id(self) -> AttemptId:
        """The id of an attempt that was started."""
        return self.bound.attempt

    @property
    def in_doubt(self) -> ToolStarted | None:
        """The tool call that a worker must have reviewed when it wakes, before anything else.

        None while a person is asked about it, once one has allowed it again, and while QA reads why
        the attempt cannot go on.
        """
        settled = self.gate or self.permit or self.failure
        return None if settled else self.running

    @property
    def model(self) -> str:
        """The model that is asked next."""
        return self.bound.fallback if self.fallen_back else self.bound.model

    @property
    def bound(self) -> Terms:
        """The terms of an attempt that was started."""
        assert self.terms is not None, "the attempt was never started"
        return self.terms


class Attempt(AttemptDraft, frozen=True):  # type: ignore[misc]  # the same fields, for good
    """All that is known of one attempt."""


def owes_setup(state: AttemptDraft) -> bool:
    """Return whether the setup command must run now: something will run in the worktree."""
    return state.setup_due and state.stage in {"turns", "checking", "merge_checking"}


def falls_back(state: AttemptDraft, kind: str) -> bool:
    """Return whether a failed call of this kind makes the attempt go on with its fallback."""
    return kind == "quota" and bool(state.bound.fallback) and not state.fallen_back
