"""The JSON of the commands by which people answer and operate; see `cli.answers` for the rules."""

import msgspec

from events.action import Action, Kind, Risk
from events.approval import Question
from events.ids import ApprovalId, AttemptId, CallId, Digest, RunId, TicketId


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One question that waits for a person."""

    run: RunId
    approval: ApprovalId
    ticket: TicketId
    attempt: AttemptId
    kind: Kind
    archetype: str
    risk: Risk
    rule: str
    """The rule of the policy that asks."""
    call: CallId
    """The tool call; empty for a spawn or a merge."""
    action: Action
    arguments: str
    """What an edit may change: the JSON arguments, or the first message of a worker."""
    system: str
    """The system prompt of a worker."""
    preview: str
    """What will really happen: a diff, or a command and its place; whole."""
    environment: tuple[str, ...]
    """Names of the variables that a command would get to see."""
    expires_in_s: float | None
    """Seconds until the policy answers, 0 if its time is over; null: never."""
    on_expiry: str
    """``deny`` or ``allow``; empty if it never expires."""


class RunRequests(msgspec.Struct, frozen=True, kw_only=True):
    """What one run waits for, first asked first."""

    run: RunId
    code: str
    """How the run stands, as in `Summary`."""
    position: int
    digest: Digest
    requests: tuple[Request, ...]


class Requests(msgspec.Struct, frozen=True, kw_only=True):
    """What `approvals` answers. Position and digest stand with each run."""

    code: str = "approvals"
    repository: str
    runs: tuple[RunRequests, ...]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a command answers whose effect on a run is on record."""

    code: str
    """``approved``, ``rejected``, ``paused``, ``cancelled``, ``released``, ``skipped``, ``raised``,
    ``declined``."""
    position: int
    digest: Digest
    run: RunId
    approval: ApprovalId | None = None
    preview: str = ""
    """What will run instead of what was asked about, if it was edited."""
    held_by: int | None
    """The process that works on the run, and goes on with it; null: `resume` does."""
    next: tuple[str, ...]


class BudgetRow(msgspec.Struct, frozen=True, kw_only=True):
    """One limit, and what stands against it."""

    scope: str
    """``run``, ``ticket`` or ``attempt``."""
    unit: str
    """``tokens`` or ``usd``."""
    limit: float | None
    """Null: as much as it takes."""
    used: float
    """Of the run; else the most that one ticket, or one attempt, has used."""
    reserved: float
    """Set aside for calls that are out; for the run alone."""


class BudgetAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What `budget` answers without a change."""

    code: str = "budget"
    position: int
    digest: Digest
    run: RunId
    rows: tuple[BudgetRow, ...]
    waits: tuple[AttemptId, ...]
    """Attempts that wait for more."""


class TrialExample(msgspec.Struct, frozen=True, kw_only=True):
    """One action of a past run that the policy judges in a given way."""

    run: RunId
    position: int
    attempt: AttemptId
    action: str
    rule: str
    """The rule of the policy that is tried."""


class TrialRow(msgspec.Struct, frozen=True, kw_only=True):
    """Actions that were judged alike then, and alike by the policy that is tried."""

    kind: Kind
    was: str
    """``allow``, ``deny`` or ``ask``."""
    would_be: str
    count: int
    examples: tuple[TrialExample, ...]


class PolicyTrial(msgspec.Struct, frozen=True, kw_only=True):
    """What `policy test` answers. It may be about several runs, so it has no one position."""

    code: str = "policy"
    policy: str
    version: Digest
    runs: tuple[RunId, ...]
    actions: int
    changed: int
    """Actions that the policy would judge otherwise."""
    rows: tuple[TrialRow, ...]


def request_of(
    run: RunId, question: Question, texts: tuple[str, str, str], left_s: float | None
) -> Request:
    """Return a question as answers have it; `texts` are its arguments, system prompt, preview."""
    from events.action import risk_of

    arguments, system, preview = texts
    return Request(
        run=run,
        approval=question.approval,
        ticket=question.ticket,
        attempt=question.attempt,
        kind=question.action.kind,
        archetype=question.archetype,
        risk=risk_of(question.action),
        rule=question.rule,
        call=question.call,
        action=question.action,
        arguments=arguments,
        system=system,
        preview=preview,
        environment=question.surroundings.environment if question.surroundings else (),
        expires_in_s=left_s,
        on_expiry=question.expiry.verdict if question.expiry else "",
    )
