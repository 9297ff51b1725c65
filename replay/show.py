"""The whole state of a run at one moment, as one value that people and programs can read."""

from collections.abc import Iterable, Iterator

import msgspec

from events.action import Action, Kind
from events.attempt import Attempt, Stage
from events.attempt_terms import Result
from events.conversation import Usage
from events.counted import counted
from events.fork_words import Origin
from events.hint import Hint
from events.ids import (
    ApprovalId,
    AttemptId,
    CallId,
    CommitId,
    Digest,
    RunId,
    TicketId,
    TreeId,
    ticket_of,
)
from events.payload import ReadText
from events.run import Run, Standing
from events.run_terms import Ending
from events.state_digest import state_digest
from events.ticket import Block, Cause, Ticket, TicketState
from events.waiting import waiting
from events.world import World
from replay.answers import Tokens, tokens_of
from replay.errors import NotInHistoryError
from replay.timeline import Frame


class BlockAt(msgspec.Struct, frozen=True, kw_only=True):
    """Why a ticket stood still."""

    cause: Cause
    reason: str
    by: TicketId | None
    """The ticket that held it, if the cause is a dependency."""


class TicketAt(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket as it stood."""

    ticket: TicketId
    title: str
    state: TicketState
    depends_on: tuple[TicketId, ...]
    attempts: int
    """Begun by then."""
    max_attempts: int
    """The number that they may reach; further once a person releases the ticket."""
    waits_for: ApprovalId | None
    block: BlockAt | None
    lesson: str
    """What the next attempt would be told of the last one."""


class AttemptAt(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt as it stood."""

    attempt: AttemptId
    ticket: TicketId
    model: str
    stage: Stage
    turns: int
    calls: tuple[str, ...]
    """Tools of the last answer that had no result yet, in order."""
    base: CommitId
    tree: TreeId
    """Its worktree."""
    merged: TreeId | None
    commit: CommitId | None
    hints: tuple[str, ...]
    usage: Tokens
    result: Result | None
    reason: str


class ActionAt(msgspec.Struct, frozen=True, kw_only=True):
    """What a tool call, a spawn or a merge would do."""

    kind: Kind
    tool: str
    paths: tuple[str, ...]
    command: str


class QuestionAt(msgspec.Struct, frozen=True, kw_only=True):
    """A question that waited for a person."""

    approval: ApprovalId
    attempt: AttemptId
    action: ActionAt
    rule: str
    """The rule of the policy that asks."""


class RunningAt(msgspec.Struct, frozen=True, kw_only=True):
    """A tool call whose start is on record and whose end is not: after a crash it is in doubt."""

    attempt: AttemptId
    call: CallId
    action: ActionAt
    tree: TreeId
    """The worktree before it."""
    allowed_by: str


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What `show` answers: the state of a run right after one position."""

    code: str = "state"
    position: int
    last: int
    """The last position of the log."""
    at: str
    """Time (UTC) of the record at `position`."""
    digest: Digest
    """Of the state of all streams, whatever part of it is shown."""
    run: RunId
    track: str
    title: str
    standing: Standing
    ending: Ending | None
    commit: CommitId
    """The tip: the base with every ticket completed by then."""
    tree: TreeId
    """The code at the tip."""
    queue: tuple[AttemptId, ...]
    """Attempts that asked to be merged, first come first."""
    merging: AttemptId | None
    tickets: tuple[TicketAt, ...]
    attempts: tuple[AttemptAt, ...]
    approvals: tuple[QuestionAt, ...]
    in_doubt: tuple[RunningAt, ...]
    workers: Tokens
    """Of all workers (tier 3)."""
    qa: Tokens
    """Of all hints (tier 4)."""
    inherited: Tokens
    """What the past of a fork took, at its parents' cost; all else is the run's own."""
    lineage: tuple[Origin, ...]
    """Of a fork: where it left its parent, last; and that its own, before."""


def shown_at(frame: Frame, read: ReadText, ticket: TicketId | None = None) -> Shown:
    """Return the state of `frame`, all of it or what is about one ticket.

    Raises:
        NotInHistoryError: the run was not planned yet, or has no such ticket.
        DamageError: a text that is kept beside the log is not what it was.
    """
    world = frame.world
    run = planned(world)
    if ticket is not None:
        require_ticket(run, ticket)
    attempts = [one for one in _attempts(world) if ticket in {None, ticket_of(one.id)[0]}]
    return Shown(
        position=world.position,
        last=frame.last,
        at=frame.at,
        digest=state_digest(world),
        run=run.facts.run,
        track=run.facts.track.id,
        title=run.facts.track.title,
        standing=run.standing,
        ending=run.ending,
        commit=run.commit,
        tree=run.tree,
        queue=run.queue,
        merging=run.grant.attempt if run.grant is not None else None,
        tickets=tuple(_ticket(one, read) for one in run.plan if ticket in {None, one.id}),
        attempts=tuple(map(_attempt, attempts)),
        approvals=tuple(_questions(world, ticket)),
        in_doubt=tuple(_running(one for one in attempts if one.id in run.active)),
        workers=tokens_of(world.usage - run.workers_before),
        qa=tokens_of(usage_of_qa(world) - run.qa_before),
        inherited=tokens_of(run.workers_before + run.qa_before),
        lineage=run.lineage,
    )


def planned(world: World) -> Run:
    """Return the run, once its plan is on record.

    Raises:
        NotInHistoryError: it is not.
    """
    if world.run.track is None:
        raise NotInHistoryError(f"at position {world.position} the run was not planned yet")
    return world.run


def require_ticket(run: Run, ticket: TicketId) -> Ticket:
    """Return a ticket of the run.

    Raises:
        NotInHistoryError: there is none of that name.
    """
    found = run.plan.tickets.get(ticket)
    if found is None:
        raise NotInHistoryError(f'run {run.facts.run} has no ticket "{ticket}"')
    return found


def attempts_at(run: Run, ticket: TicketId) -> int:
    """Return how many attempts there were at a ticket, one or more.

    Raises:
        NotInHistoryError: the run has no such ticket, or nobody has begun to work on it.
    """
    begun = require_ticket(run, ticket).attempts
    if not begun:
        raise NotInHistoryError(f'nobody has begun to work on ticket "{ticket}"')
    return begun


def require_attempt(run: Run, ticket: TicketId, number: int) -> None:
    """Make sure that there was the `number`-th attempt at a ticket.

    Raises:
        NotInHistoryError: there was not, or none at all, or there is no such ticket.
    """
    begun = attempts_at(run, ticket)
    if not 1 <= number <= begun:
        raise NotInHistoryError(
            f'ticket "{ticket}" has had {counted(begun, "attempt")}, so no attempt {number}'
        )


def _attempts(world: World) -> list[Attempt]:
    """Return every attempt that was begun, by ticket in file order, then by number."""
    rank = {ticket: place for place, ticket in enumerate(world.run.plan.plan.order)}

    def place(attempt: Attempt) -> tuple[int, int]:
        ticket, number = ticket_of(attempt.id)
        return rank[ticket], number

    return sorted(world.attempts.values(), key=place)


def _ticket(ticket: Ticket, read: ReadText) -> TicketAt:
    return TicketAt(
        ticket=ticket.id,
        title=ticket.title,
        state=ticket.status,
        depends_on=ticket.depends_on,
        attempts=ticket.attempts,
        max_attempts=ticket.last_attempt,
        waits_for=ticket.waits_for,
        block=None if ticket.block is None else _block(ticket.block, read),
        lesson=read(ticket.lesson),
    )


def _block(block: Block, read: ReadText) -> BlockAt:
    return BlockAt(cause=block.cause, reason=read(block.reason), by=block.by)


def _attempt(attempt: Attempt) -> AttemptAt:
    terms = attempt.bound
    return AttemptAt(
        attempt=attempt.id,
        ticket=terms.ticket.id,
        model=terms.model,
        stage=attempt.stage,
        turns=attempt.answers,
        calls=tuple(call.tool for call in attempt.pending),
        base=terms.base,
        tree=attempt.tree,
        merged=attempt.merged,
        commit=attempt.commit,
        hints=attempt.hints,
        usage=tokens_of(attempt.usage),
        result=attempt.result,
        reason=attempt.reason,
    )


def _questions(world: World, ticket: TicketId | None) -> Iterator[QuestionAt]:
    for question in waiting(world):
        if ticket in {None, question.ticket}:
            yield QuestionAt(
                approval=question.approval,
                attempt=question.attempt,
                action=_action(question.action),
                rule=question.rule,
            )


def _running(attempts: Iterable[Attempt]) -> Iterator[RunningAt]:
    for attempt in attempts:
        started = attempt.running
        if started is not None:
            yield RunningAt(
                attempt=attempt.id,
                call=started.call,
                action=_action(started.action),
                tree=started.tree,
                allowed_by=started.allowed_by,
            )


def _action(action: Action) -> ActionAt:
    return ActionAt(kind=action.kind, tool=action.tool, paths=action.paths, command=action.command)


def usage_of_qa(world: World) -> Usage:
    """Return the tokens of all hints so far, of a fork those of its parents included."""
    hints: dict[str, Hint] = world.of_kind("hint")
    given = (hint.given.usage for hint in hints.values() if hint.given is not None)
    return sum(given, Usage())
