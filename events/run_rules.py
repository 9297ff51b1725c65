"""How a run answers its commands: every decision of the Conductor, as a table of small rules."""

from collections.abc import Sequence
from functools import reduce

from events.assignment import assign
from events.attempt_terms import Onto
from events.decider import Decider
from events.errors import CommandRefusedError
from events.fork_rules import fork
from events.fork_words import ForkRun
from events.ids import AttemptId, TicketId, attempt_id
from events.run import Active, Run, budget_wait, model_wait
from events.run_commands import (
    AmendPolicy,
    AssignTickets,
    BlockTicket,
    CancelRun,
    ContinueRun,
    DeclineBudget,
    EndRun,
    GrantMerge,
    HoldTicket,
    ParkTicket,
    PauseRun,
    PlanTickets,
    QueueMerge,
    RaiseBudget,
    RecordCrash,
    RecordDelivery,
    RecordResult,
    RecordSandbox,
    RecordWait,
    ReleaseTicket,
    ReserveBudget,
    RunCommand,
    SettleBudget,
    SkipTicket,
    StartRun,
    UnparkTicket,
)
from events.run_events import (
    ActorCrashed,
    BlockerChanged,
    BudgetExceeded,
    BudgetRaised,
    BudgetReserved,
    BudgetSettled,
    MergeGranted,
    MergeQueued,
    ModelWaited,
    PolicyAmended,
    RunCancelled,
    RunContinued,
    RunDelivered,
    RunEnded,
    RunEvent,
    RunPaused,
    RunSandboxed,
    RunStarted,
    TicketBlocked,
    TicketCompleted,
    TicketParked,
    TicketReleased,
    TicketRequeued,
    TicketSkipped,
    TicketsPlanned,
    TicketUnlocked,
    TicketUnparked,
)
from events.run_fold import DRAFTS, evolve
from events.run_terms import Ending
from events.ticket import OPEN, Block, Cause, Ticket
from events.track import is_over

_CAUSES: dict[str, Cause] = {
    "failed": "failed",
    "gave_up": "gave_up",
    "stuck": "stuck",
    "budget": "budget",
    "rejected": "rejected",
    "cancelled": "manual",
}
"""What an attempt's result means as the cause of a block."""


def decide(command: RunCommand, state: Run) -> Sequence[RunEvent]:
    """Return what happens when `command` meets `state`.

    Raises:
        CommandRefusedError: the run, or the ticket that the command names, is not at that step.
    """
    match command:
        case StartRun(start=start, tickets=tickets) if state.standing == "new":
            return [RunStarted(start), TicketsPlanned(tickets)]
        case PlanTickets(tickets=tickets) if state.standing == "planning":
            return [TicketsPlanned(tickets)]
        case RecordCrash(actor=actor, error=error, attempt=attempt) if state.standing != "new":
            return [ActorCrashed(actor, error, attempt)]
        case RecordDelivery() if state.standing == "ended":
            return [RunDelivered(command.commit, command.how, command.branch, command.problem)]
        case RecordWait() if state.standing != "new":
            return [ModelWaited(command.attempt, command.model, command.reason, command.seconds)]
        case RecordSandbox(level=level, description=words) if state.standing != "new":
            return [] if level == state.sandbox else [RunSandboxed(level, words)]
        case ReleaseTicket() if _can_go_on(state):
            return _release(command, state)
        case SettleBudget(attempt=attempt, total=total, out=out) if state.track is not None:
            settled = state.ledger.is_settled(attempt, total, out)
            return [] if settled else [BudgetSettled(attempt, command.call, total, out)]
        case ForkRun() if state.track is not None:
            return _fork(command, state)
        case EndRun() if state.standing == "cancelling":
            return [RunEnded("cancelled", state.commit, state.tree)]
        case ContinueRun(by=by) if state.standing == "paused":
            return [RunContinued(by), *_freed(state)]
        case _ if state.standing not in {"running", "paused"}:
            pass
        case AssignTickets() if state.standing == "running":
            return assign(state)
        case ReserveBudget(attempt=attempt):
            return _reserve(command, _active(command, state, attempt), state)
        case RaiseBudget(limits=limits, by=by):
            _refuse_if_outdated(command, state)
            return [BudgetRaised(limits, by)]
        case DeclineBudget():
            return _decline(command, state)
        case AmendPolicy(attempt=attempt):
            return _amend(command, _active(command, state, attempt), state)
        case ParkTicket(attempt=attempt):
            return _park(command, _active(command, state, attempt), state)
        case HoldTicket(attempt=attempt):
            return _hold(command, _active(command, state, attempt), state)
        case UnparkTicket(attempt=attempt):
            return _unpark(_active(command, state, attempt), state)
        case QueueMerge(attempt=attempt):
            return _queue(_active(command, state, attempt), state)
        case GrantMerge() if state.queue and state.grant is None:
            onto = Onto(state.commit, state.tree, command.at_s, command.position)
            return [MergeGranted(state.queue[0], onto)]
        case RecordResult(attempt=attempt):
            return _result(command, _active(command, state, attempt), state)
        case BlockTicket(ticket=ticket, by=by, reason=reason):
            words = f"{by}: {reason}" if reason else f"blocked by {by}"
            return _block(state, _open_ticket(command, state, ticket), Block("manual", words))
        case SkipTicket():
            return _skip(command, state)
        case PauseRun(by=by, reason=reason) if state.standing == "running":
            return [RunPaused(by, reason)]
        case CancelRun(by=by, reason=reason):
            return [RunCancelled(by, reason)]
        case EndRun() if is_over(state.plan):
            return [RunEnded(_ending(state), state.commit, state.tree)]
        case _:
            pass
    raise CommandRefusedError(command, f"the run is {state.standing}")


def _can_go_on(state: Run) -> bool:
    """Return whether a release means anything: a run that was cancelled is over for good."""
    return state.standing in {"running", "paused"} or state.ending in {"completed", "blocked"}


def _active(command: RunCommand, state: Run, attempt: AttemptId) -> Active:
    active = state.active.get(attempt)
    if active is None:
        raise CommandRefusedError(command, f"attempt {attempt} is over or was never assigned")
    return active


def _open_ticket(command: RunCommand, state: Run, name: TicketId) -> Ticket:
    ticket = state.plan[name]
    if ticket.status not in OPEN:
        raise CommandRefusedError(command, f'ticket "{name}" is {ticket.status}')
    return ticket


def _reserve(command: ReserveBudget, active: Active, state: Run) -> list[RunEvent]:
    """Return the reservation, or the wait for more; nothing if QA is to go without a model."""
    if command.park:
        _refuse_if_merging(command, active, state)
    attempt, call = active.attempt, command.call
    shortfall = state.ledger.shortfall(attempt, call, command.amount)
    if shortfall is None:
        reserved = BudgetReserved(attempt, call, command.amount)
        return [*_unpark(active, state), reserved] if command.park else [reserved]
    waits = state.plan[active.ticket].waits_for == budget_wait(attempt)
    return [BudgetExceeded(attempt, call, shortfall)] if command.park and not waits else []


def _refuse_if_outdated(command: RaiseBudget, state: Run) -> None:
    """Refuse limits that were made from others than those in force: they would undo a raise."""
    if command.before is not None and command.before != state.ledger.limits:
        reason = "the budget has changed since it was looked at: look again, then raise it"
        raise CommandRefusedError(command, reason)


def _decline(command: DeclineBudget, state: Run) -> list[RunEvent]:
    events: list[RunEvent] = []
    after = state  # what one block holds, no other one blocks again
    for active in sorted(state.active.values(), key=lambda one: one.attempt):
        ticket = state.plan[active.ticket]
        if ticket.waits_for == budget_wait(active.attempt):
            block = Block("budget", f"{command.by} did not raise the budget")
            blocked = _block(after, ticket, block)
            after = DRAFTS.fold(after, blocked)
            events += blocked
    if not events:
        raise CommandRefusedError(command, "no ticket waits for budget")
    return events


def _amend(command: AmendPolicy, active: Active, state: Run) -> list[RunEvent]:
    """Return the amendment, once: the answer behind it may be told again after a crash."""
    known = command.amendment in state.amendments.get(active.ticket, ())
    return [] if known else [PolicyAmended(active.ticket, command.amendment)]


def _park(command: ParkTicket, active: Active, state: Run) -> list[RunEvent]:
    _refuse_if_merging(command, active, state)
    known = state.plan[active.ticket].waits_for == command.approval
    return [] if known else [TicketParked(active.ticket, command.approval)]


def _refuse_if_merging(command: RunCommand, active: Active, state: Run) -> None:
    if _is_merging(state, active.attempt):
        raise CommandRefusedError(command, f"attempt {active.attempt} asks to be merged")


def _hold(command: HoldTicket, active: Active, state: Run) -> list[RunEvent]:
    """Park the ticket and pause the run: every other call would meet the same refusal."""
    _refuse_if_merging(command, active, state)
    parked = TicketParked(active.ticket, model_wait(active.attempt))
    known = state.plan[active.ticket].waits_for == parked.approval
    paused = RunPaused("trackside", command.reason)
    pause: list[RunEvent] = [paused] if state.standing == "running" else []
    return pause if known else [parked, *pause]


def _freed(state: Run) -> list[RunEvent]:
    """Return the tickets that a model's refusal has parked: they may try again."""
    return [
        TicketUnparked(active.ticket)
        for active in sorted(state.active.values(), key=lambda one: one.attempt)
        if state.plan[active.ticket].waits_for == model_wait(active.attempt)
    ]


def _unpark(active: Active, state: Run) -> list[RunEvent]:
    parked = state.plan[active.ticket].status == "step_paused"
    return [TicketUnparked(active.ticket)] if parked else []


def _queue(active: Active, state: Run) -> list[RunEvent]:
    if _is_merging(state, active.attempt):
        return []
    return [*_unpark(active, state), MergeQueued(active.ticket, active.attempt)]


def _is_merging(state: Run, attempt: AttemptId) -> bool:
    return attempt in state.queue or _may_merge(state, attempt)


def _may_merge(state: Run, attempt: AttemptId) -> bool:
    return state.grant is not None and state.grant.attempt == attempt


def _result(command: RecordResult, active: Active, state: Run) -> list[RunEvent]:
    ticket = state.plan[active.ticket]
    if command.result == "completed":
        return _complete(command, active, state)
    cause = _CAUSES[command.result]
    if cause not in {"rejected", "manual"} and ticket.tries < ticket.max_attempts:
        return [
            TicketRequeued(
                ticket.id,
                active.attempt,
                command.result,
                command.reason,
                command.lesson,
                command.usage,
            )
        ]
    block = Block(cause, command.reason)
    blocked = TicketBlocked(ticket.id, block, active.attempt, command.lesson, command.usage)
    return [blocked, *_held(state, ticket)]


def _complete(command: RecordResult, active: Active, state: Run) -> list[RunEvent]:
    if not (command.commit and command.tree and _may_merge(state, active.attempt)):
        raise CommandRefusedError(command, f"attempt {active.attempt} was not let merge")
    completed = TicketCompleted(
        active.ticket, active.attempt, command.commit, command.tree, command.usage
    )
    return [completed, *_unlocked(state, active.ticket)]


def _unlocked(state: Run, ticket: TicketId) -> list[RunEvent]:
    return [TicketUnlocked(free, ticket) for free in state.plan.unlocked_by(ticket)]


def _block(state: Run, ticket: Ticket, block: Block) -> list[RunEvent]:
    attempt = attempt_id(ticket.id, ticket.attempts)
    owner = attempt if attempt in state.active else None
    return [TicketBlocked(ticket.id, block, owner), *_held(state, ticket)]


def _held(state: Run, ticket: Ticket) -> list[RunEvent]:
    return [
        TicketBlocked(dependent, Block("dependency", by=by))
        for dependent, by in state.plan.held_by(ticket.id)
    ]


def _skip(command: SkipTicket, state: Run) -> list[RunEvent]:
    ticket = _open_ticket(command, state, command.ticket)
    skipped = TicketSkipped(ticket.id, command.by, command.reason)
    return [skipped, *_unlocked(state, ticket.id)]


def _release(command: ReleaseTicket, state: Run) -> list[RunEvent]:
    ticket = state.plan[command.ticket]
    if ticket.status != "blocked" or ticket.block is None:
        raise CommandRefusedError(command, f'ticket "{ticket.id}" is {ticket.status}')
    if ticket.block.cause == "dependency":
        by = ticket.block.by
        reason = f'ticket "{ticket.id}" is blocked only because "{by}" is: release "{by}"'
        raise CommandRefusedError(command, reason)
    events: list[RunEvent] = [
        BlockerChanged(release.ticket, release.by)
        if release.by is not None
        else TicketReleased(release.ticket, release.to, command.by)
        for release in state.plan.released_with(ticket.id)
    ]
    return [RunContinued(command.by), *events] if state.standing == "ended" else events


def _fork(command: ForkRun, state: Run) -> list[RunEvent]:
    """Return the fork; an edited ticket that stands still for a reason of its own is released."""
    events = fork(command, state)
    after = reduce(evolve, events, state)
    for edited in command.changes.tickets:
        block = after.plan[edited.id].block
        if block is not None and block.cause != "dependency" and _can_go_on(after):
            released = _release(ReleaseTicket(edited.id, "the fork"), after)
            after = reduce(evolve, released, after)
            events += released
    return events


def _ending(state: Run) -> Ending:
    return "blocked" if state.plan.count("blocked") else "completed"


DECIDER: Decider[Run, RunCommand, RunEvent] = Decider(Run(), decide, evolve, RunCommand, DRAFTS)
