"""What a run believes of each event: rules that change its draft in place."""

import msgspec
from rpds import HashTrieMap

from events.budget import Ledger
from events.conversation import Usage
from events.drafts import Drafts, nothing
from events.fork_words import Changes, RunForked
from events.ids import AttemptId, attempt_id
from events.run import Active, Grant, Run, RunDraft, budget_wait
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
    TicketAssigned,
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
from events.ticket import Block, Ticket
from events.track import Track

_replace = msgspec.structs.replace


def evolve(state: Run, event: RunEvent) -> Run:
    """Return the run after `event`."""
    return DRAFTS.evolve(state, event)


def changed(state: Run, changes: Changes) -> Run:
    """Return the run under other settings, another policy, and with tickets edited."""
    draft = DRAFTS.open(state)
    _change(draft, changes)
    return DRAFTS.close(draft)


def _started(draft: RunDraft, event: RunStarted) -> None:
    start = event.start
    draft.standing = "planning"
    draft.start = start
    draft.commit = start.base
    draft.tree = start.base_tree
    draft.ledger = Ledger(start.settings.budget)


def _planned(draft: RunDraft, event: TicketsPlanned) -> None:
    facts, tickets = draft.facts, (*draft.planned, *event.tickets)
    if len(tickets) < facts.tickets:
        draft.planned = tickets
        return
    draft.planned = ()
    draft.track = Track.of(_replace(facts.track, tickets=tickets))
    draft.standing = "running"


def _unlocked(draft: RunDraft, event: TicketUnlocked) -> None:
    track = draft.tickets
    track[event.ticket] = track[event.ticket].move("unlock")


def _assigned(draft: RunDraft, event: TicketAssigned) -> None:
    name, number, attempt = event.ticket, event.number, event.attempt
    draft.workers[attempt] = Active(attempt, name, number, event.model, event.base, event.base_tree)
    track = draft.tickets
    ticket = track[name].move("park" if event.gated else "assign")
    track[name] = _replace(ticket, attempts=number, tries=ticket.tries + 1)


def _parked(draft: RunDraft, event: TicketParked) -> None:
    track, name = draft.tickets, event.ticket
    track[name] = _replace(_parked_one(track[name]), waits_for=event.approval)


def _parked_one(ticket: Ticket) -> Ticket:
    return ticket if ticket.status == "step_paused" else ticket.move("park")


def _unparked(draft: RunDraft, event: TicketUnparked) -> None:
    track, name = draft.tickets, event.ticket
    track[name] = _replace(track[name].move("unpark"), waits_for=None)


def _merge_queued(draft: RunDraft, event: MergeQueued) -> None:
    draft.queue = (*draft.queue, event.attempt)


def _merge_granted(draft: RunDraft, event: MergeGranted) -> None:
    _unqueue(draft, event.attempt)
    draft.grant = Grant(event.attempt, event.onto)


def _completed(draft: RunDraft, event: TicketCompleted) -> None:
    _without(draft, event.attempt, event.usage)
    track, name = draft.tickets, event.ticket
    track[name] = track[name].mark_complete()
    draft.commit = event.commit
    draft.tree = event.tree


def _requeued(draft: RunDraft, event: TicketRequeued) -> None:
    _without(draft, event.attempt, event.usage)
    track, name = draft.tickets, event.ticket
    again = _replace(track[name].move("requeue"), lesson=event.lesson, waits_for=None)
    track[name] = _spared(again) if event.result == "cancelled" else again


def _spared(ticket: Ticket) -> Ticket:
    """Return the ticket as if its last attempt had not counted."""
    return _replace(ticket, tries=ticket.tries - 1, begun_anew=ticket.begun_anew + 1)


def _blocked(draft: RunDraft, event: TicketBlocked) -> None:
    _without(draft, event.attempt, event.usage)
    track, name, block = draft.tickets, event.ticket, event.block
    held = track[name].mark_blocked(block.reason, block.cause, block.by)
    track[name] = _replace(held, lesson=event.lesson or held.lesson)


def _blocker_changed(draft: RunDraft, event: BlockerChanged) -> None:
    track, name = draft.tickets, event.ticket
    track[name] = _replace(track[name], block=Block("dependency", by=event.by))


def _released(draft: RunDraft, event: TicketReleased) -> None:
    track, name = draft.tickets, event.ticket
    released = track[name].move("release" if event.to == "pending" else "relock")
    track[name] = _replace(released, block=None, tries=0)


def _skipped(draft: RunDraft, event: TicketSkipped) -> None:
    track, name = draft.tickets, event.ticket
    _without(draft, attempt_id(name, track[name].attempts), Usage())
    track[name] = _replace(track[name].move("skip"), waits_for=None)


def _paused(draft: RunDraft, event: RunPaused) -> None:
    draft.standing = "paused"
    draft.paused_by = event.by
    draft.paused_because = event.reason


def _continued(draft: RunDraft, _event: RunContinued) -> None:
    draft.standing = "running"
    draft.ending = None


def _cancelled(draft: RunDraft, _event: RunCancelled) -> None:
    draft.standing = "cancelling"
    draft.queue = ()
    draft.grant = None


def _sandboxed(draft: RunDraft, event: RunSandboxed) -> None:
    draft.sandbox = event.level


def _ended(draft: RunDraft, event: RunEnded) -> None:
    draft.standing = "ended"
    draft.ending = event.ending


def _delivered(draft: RunDraft, event: RunDelivered) -> None:
    draft.delivery = event


def _reserved(draft: RunDraft, event: BudgetReserved) -> None:
    draft.ledger = draft.ledger.reserve(event.call, event.amount)


def _exceeded(draft: RunDraft, event: BudgetExceeded) -> None:
    track, attempt = draft.tickets, event.attempt
    name = draft.workers[attempt].ticket
    draft.ledger = draft.ledger.refuse(attempt, event.shortfall)
    track[name] = _replace(_parked_one(track[name]), waits_for=budget_wait(attempt))


def _settled(draft: RunDraft, event: BudgetSettled) -> None:
    draft.ledger = draft.ledger.settle(event.attempt, event.total, event.out)


def _raised(draft: RunDraft, event: BudgetRaised) -> None:
    draft.ledger = draft.ledger.under(event.limits)


def _amended(draft: RunDraft, event: PolicyAmended) -> None:
    known = draft.amendments.get(event.ticket, ())
    draft.amendments = draft.amendments.insert(event.ticket, (*known, event.amendment))


def _crashed(draft: RunDraft, event: ActorCrashed) -> None:
    draft.crashes = draft.crashes.insert(event.actor, draft.crashes.get(event.actor, 0) + 1)


def _forked(draft: RunDraft, event: RunForked) -> None:
    """Have the run go on under its new name; what was used and delivered was its parent's."""
    _change(draft, event.changes)
    for rebound in event.rebound:
        one = draft.workers[rebound.attempt]
        draft.workers[rebound.attempt] = _replace(one, model=rebound.model)
    before = {one.attempt: one for one in event.inherited}
    draft.start = _replace(draft.facts, run=event.run, program=event.program)
    draft.delivery = None
    draft.usage = Usage()
    draft.ledger = draft.ledger.begin_anew({name: one.spent for name, one in before.items()})
    draft.lineage = (*draft.lineage, event.origin)
    draft.workers_before = event.workers
    draft.qa_before = event.qa
    draft.inherited = HashTrieMap(before)


def _change(draft: RunDraft, changes: Changes) -> None:
    draft.settle()
    facts, track = draft.facts, draft.plan
    for edited in changes.tickets:
        track = track.edit(edited)
    settings, policy = changes.settings or facts.settings, changes.policy or facts.policy
    draft.track = track
    draft.start = _replace(facts, settings=settings, policy=policy)


def _without(draft: RunDraft, attempt: AttemptId | None, usage: Usage) -> None:
    """Have `attempt` be over: not active, not queued, not merging."""
    if attempt is None:
        return
    draft.workers.pop(attempt, None)
    _unqueue(draft, attempt)
    if draft.grant is not None and draft.grant.attempt == attempt:
        draft.grant = None
    draft.usage += usage
    if attempt in draft.inherited:
        draft.usage -= draft.inherited[attempt].usage
    draft.ledger = draft.ledger.drop(attempt)


def _unqueue(draft: RunDraft, attempt: AttemptId) -> None:
    queue = draft.queue
    if attempt in queue:
        at = queue.index(attempt)
        draft.queue = queue[:at] + queue[at + 1 :]


def _close(draft: RunDraft) -> Run:
    draft.settle()
    return Run(*msgspec.structs.astuple(draft)[:-2])


DRAFTS = Drafts(
    lambda state: RunDraft(*msgspec.structs.astuple(state)),
    {
        RunStarted: _started,
        TicketsPlanned: _planned,
        TicketUnlocked: _unlocked,
        TicketAssigned: _assigned,
        TicketParked: _parked,
        TicketUnparked: _unparked,
        MergeQueued: _merge_queued,
        MergeGranted: _merge_granted,
        TicketCompleted: _completed,
        TicketRequeued: _requeued,
        TicketBlocked: _blocked,
        BlockerChanged: _blocker_changed,
        TicketReleased: _released,
        TicketSkipped: _skipped,
        RunPaused: _paused,
        RunContinued: _continued,
        RunCancelled: _cancelled,
        ModelWaited: nothing,
        RunSandboxed: _sandboxed,
        RunEnded: _ended,
        RunDelivered: _delivered,
        BudgetReserved: _reserved,
        BudgetExceeded: _exceeded,
        BudgetSettled: _settled,
        BudgetRaised: _raised,
        PolicyAmended: _amended,
        ActorCrashed: _crashed,
        RunForked: _forked,
    },
    _close,
)
