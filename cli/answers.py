"""The JSON that commands print with `--json`: a documented shape each, one object on one line.

Fields are only ever added. Every answer has a code word; an answer about one run also has the last
position of its log and the digest of its state (see `events.state_digest`), so that two answers can
be compared.
"""

import msgspec

from cli.escape import json_text
from cli.request_answers import BudgetAnswer, PolicyTrial, Request, Requests, Told
from events.conversation import Tier
from events.ids import ApprovalId, AttemptId, CommitId, Digest, RunId, TicketId
from events.ticket import Cause, TicketState


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens and money."""

    calls: int
    """Model calls, those that failed after they had cost something included."""
    input: int
    """Tokens of the prompts, cached ones included."""
    output: int
    cached: int
    thinking: int
    tokens: int
    """All that count against a budget: input, output and thinking."""
    usd: float | None
    """Null if the price of a model is not known; never 0 for that."""
    failed: int
    """Calls that came to nothing and were made again or given up."""
    latency_s: float
    """Seconds that the answered calls took, added up."""


class TierUse(msgspec.Struct, frozen=True, kw_only=True):
    """What one model has used in one tier: 3 is the Worker, 4 is QA."""

    tier: Tier
    model: str
    use: Use


class NamedUse(msgspec.Struct, frozen=True, kw_only=True):
    """What one ticket or attempt has used, its hints included."""

    name: str
    use: Use


class UsageAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`trackside usage`: what a run has used, in all and in its parts."""

    code: str
    """How the run stands."""
    position: int
    digest: str
    run: str
    use: Use
    tiers: tuple[TierUse, ...]
    tickets: tuple[NamedUse, ...]
    attempts: tuple[NamedUse, ...]


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """One link of the chain of causes of a block."""

    ticket: TicketId
    cause: Cause
    reason: str
    by: TicketId | None = None
    """The dependency that holds it: the next link, unless the middle of the chain is left out."""


class Blocked(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket that stands still until a person says otherwise."""

    ticket: TicketId
    title: str
    because: tuple[Reason, ...]
    """From the ticket itself to the first cause."""


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """What a ticket waits for until a person answers."""

    approval: ApprovalId
    kind: str
    """Of the action: ``spawn``, ``tool``, ``merge``, ``in_doubt``; or ``budget``, ``model``."""
    ticket: TicketId
    attempt: AttemptId
    action: str
    """What is to be allowed, in short."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """Where the result is, or why it is not there."""

    commit: CommitId
    how: str
    """``branch``, ``apply``, ``none``."""
    branch: str
    problem: str
    """Empty if all went as asked."""


class TicketRow(msgspec.Struct, frozen=True, kw_only=True):
    """One ticket as it stands."""

    ticket: TicketId
    title: str
    state: TicketState
    attempt: int
    """Attempts begun; 0 if none was."""
    max_attempts: int
    """The number that they may reach; further once a person releases the ticket."""
    model: str
    """Of the last attempt; empty if there was none."""
    turn: int
    """Turns of the last attempt."""
    doing: str
    """What the attempt under way does, or waits for."""
    commit: CommitId | None
    """The commit of a completed ticket; null if this run did not make one."""
    use: Use
    because: tuple[Reason, ...]


class Parent(msgspec.Struct, frozen=True, kw_only=True):
    """Where a fork left the run that it was made of."""

    run: RunId
    position: int
    """The last one of the parent's log that is part of the fork's past."""
    inherited: Use
    """What the past took, at the parent's cost; no other sum holds it."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What `run` and `resume` answer at the end, and the head of `status`."""

    code: str
    """How the run stands: ``completed``, ``blocked``, ``cancelled``, ``waiting``, ``paused``,
    ``running``, ``interrupted``."""
    position: int
    digest: Digest
    run: RunId
    repository: str
    track: str
    title: str
    began: str
    """Time of the first event."""
    at: str
    """Time of the last event."""
    tickets: int
    counts: dict[TicketState, int]
    commit: CommitId
    """The tip: the base with the commits of all completed tickets."""
    delivery: Delivery | None
    blocked: tuple[Blocked, ...]
    waits: tuple[Wait, ...]
    use: Use
    tiers: tuple[TierUse, ...]
    unpriced: tuple[str, ...]
    """Models whose price is not known."""
    next: tuple[str, ...]
    """Commands to type now, the likeliest first."""
    parent: Parent | None = None
    """Of a fork."""
    paused: str = ""
    """By whom the run was paused, and why; empty if it is not."""


class Status(Summary, frozen=True, kw_only=True):
    """What `status` answers."""

    held_by: int | None
    """The process that works on the run."""
    note: str
    """What was wrong with the end of the log, if a record there was cut short; else empty."""
    rows: tuple[TicketRow, ...]


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a repository."""

    run: str
    code: str
    """As in `Summary`; ``damaged`` or ``unusable`` if its log cannot be read."""
    position: int
    digest: str
    """Empty if the log cannot be read."""
    track: str = ""
    title: str = ""
    began: str = ""
    at: str = ""
    tickets: int = 0
    completed: int = 0
    use: Use | None = None
    parent: str = ""
    """Of a fork: the run that it was made of."""
    problem: str = ""


class Runs(msgspec.Struct, frozen=True, kw_only=True):
    """What `runs` answers: the latest run first. Position and digest stand with each run."""

    code: str = "runs"
    repository: str
    runs: tuple[RunRow, ...]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that `doctor` looked at."""

    subject: str
    value: str
    problem: str = ""
    """Why it is not as it should be, and what to do; empty if it is."""
    essential: bool = False
    """Whether nothing can run before the problem is mended."""


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One value that is in force."""

    key: str
    value: object
    origin: str
    """The file, variable or layer that has the last word on it."""


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """What `doctor` answers. It is about no run, so it has no position and no digest."""

    code: str
    """``well`` or ``ill``."""
    findings: tuple[Finding, ...]
    settings: tuple[Setting, ...]


ANSWERS: dict[str, type[msgspec.Struct]] = {
    "run": Summary,
    "resume": Summary,
    "runs": Runs,
    "status": Status,
    "usage": UsageAnswer,
    "approvals": Requests,
    "approvals --follow": Request,
    "approve": Told,
    "reject": Told,
    "pause": Told,
    "cancel": Told,
    "unblock": Told,
    "retry": Told,
    "skip": Told,
    "budget": BudgetAnswer,
    "policy": PolicyTrial,
    "doctor": Diagnosis,
}
"""Command -> the shape of its answer."""


def print_answer(answer: msgspec.Struct) -> None:
    """Print an answer on one line, harmless on a terminal."""
    print(json_text(answer))
