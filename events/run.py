"""A run: its state, what it believes of each event, and what it still owes.

How a command is answered stands in `run_rules`, its words in
`run_commands` and `run_events`.
"""

from typing import Literal, assert_never

import msgspec
from rpds import HashTrieMap

from events.attempt_terms import Onto
from events.budget import Ledger
from events.conversation import Usage
from events.fork_words import Changes, Inherited, Origin, RunForked
from events.ids import ApprovalId, AttemptId, CommitId, TicketId, TreeId, attempt_id
from events.policy import Amendment
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
from events.run_terms import Ending, Start
from events.ticket import Block, Ticket
from events.track import Track, is_over

Standing = Literal["new", "planning", "running", "paused", "cancelling", "ended"]
CRASHES_PER_ATTEMPT = 3
CRASHES_PER_RUN = 10
_NOTHING = Inherited(AttemptId(""))


class Active(msgspec.Struct, frozen=True):
    """An attempt that is not over."""

    attempt: AttemptId
    ticket: TicketId
    number: int
    model: str
    base: CommitId
    base_tree: TreeId


class Grant(msgspec.Struct, frozen=True):
    """The one attempt that may merge now, and onto what."""

    attempt: AttemptId
    onto: Onto


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """All that the Conductor knows."""

    standing: Standing = "new"
    start: Start | None = None
    planned: tuple[Ticket, ...] = ()
    """Tickets of a plan that is not complete yet."""
    track: Track | None = None
    commit: CommitId = CommitId("")
    """The tip: the base with every completed ticket, one commit each."""
    tree: TreeId = TreeId("")
    active: "HashTrieMap[AttemptId, Active]" = msgspec.field(default_factory=HashTrieMap)
    queue: tuple[AttemptId, ...] = ()
    """Attempts that ask to be merged, first come first."""
    grant: Grant | None = None
    usage: Usage = Usage()
    """Of all attempts that are over."""
    ledger: Ledger = Ledger()
    crashes: "HashTrieMap[str, int]" = msgspec.field(default_factory=HashTrieMap)
    """How often each actor has died of a bug."""
    amendments: "HashTrieMap[TicketId, tuple[Amendment, ...]]" = msgspec.field(
        default_factory=HashTrieMap
    )
    """What people allowed for the rest of a ticket."""
    ending: Ending | None = None
    delivery: RunDelivered | None = None
    sandbox: str = ""
    """How commands are confined: the level last put in force."""
    paused_by: str = ""
    """Who or what paused the run last."""
    paused_because: str = ""
    lineage: tuple[Origin, ...] = ()
    """Of a fork: where it left its parent, last; and that its own, before."""
    workers_before: Usage = Usage()
    """Of a fork: what all workers had used before it, at its parents' cost."""
    qa_before: Usage = Usage()
    inherited: "HashTrieMap[AttemptId, Inherited]" = msgspec.field(default_factory=HashTrieMap)
    """Of a fork: what the attempts that went on into it had used before."""

    @property
    def facts(self) -> Start:
        """What the run is about; only of a run that was started."""
        assert self.start is not None, "the run was never started"
        return self.start

    @property
    def plan(self) -> Track:
        """The track; only of a run whose plan is complete."""
        assert self.track is not None, "the plan of the run is not complete"
        return self.track

    @property
    def free_workers(self) -> int:
        """How many more attempts may start.

        One that waits for a person needs no worker, nor does one that waits for its merge; but
        no more than twice the workers are under way, so that the queue of merges stays short.
        """
        workers, under_way = self.facts.settings.workers, self.plan.count("in_progress")
        working = under_way - len(self.queue)
        return max(0, min(workers - working, 2 * workers - under_way))

    @property
    def waits(self) -> bool:
        """Whether nothing moves before a person answers."""
        track = self.plan
        if track.ready or track.count("in_progress") or not self.active:
            return False
        return all(track[active.ticket].waits_for for active in self.active.values())


class Assign(msgspec.Struct, frozen=True):
    """Give ready tickets to free workers."""


class GrantNextMerge(msgspec.Struct, frozen=True):
    """Let the first in the queue merge."""


class MergeAttempt(msgspec.Struct, frozen=True):
    """Tell the worker of this attempt to merge."""

    grant: Grant


class CloseBooks(msgspec.Struct, frozen=True):
    """Record the end."""


class Deliver(msgspec.Struct, frozen=True):
    """Bring the tip to the user's repository."""

    commit: CommitId


RunStep = Assign | GrantNextMerge | MergeAttempt | CloseBooks | Deliver


def due(state: Run) -> tuple[RunStep, ...]:
    """Return what the run owes besides a worker for every active attempt.

    The cost does not depend on the number of tickets. A delivery that failed is owed again; who
    performs steps does not repeat one at once.
    """
    if state.standing == "ended":
        last = state.delivery
        undelivered = last is None or last.commit != state.commit or last.how == "none"
        wanted = state.facts.settings.deliver != "none" and state.commit != state.facts.base
        return (Deliver(state.commit),) if undelivered and wanted else ()
    if state.standing == "cancelling":
        return (CloseBooks(),)
    if state.standing not in {"running", "paused"}:
        return ()
    steps: list[RunStep] = []
    if state.grant is not None:
        steps.append(MergeAttempt(state.grant))
    elif state.queue:
        steps.append(GrantNextMerge())
    if state.standing == "running" and state.plan.ready and state.free_workers:
        steps.append(Assign())
    if is_over(state.plan):
        steps.append(CloseBooks())
    return tuple(steps)


def evolve(state: Run, event: RunEvent) -> Run:
    """Return the run after `event`."""
    to = msgspec.structs.replace
    match event:
        case RunStarted(start=start):
            return Run(
                standing="planning",
                start=start,
                commit=start.base,
                tree=start.base_tree,
                ledger=Ledger(start.settings.budget),
            )
        case TicketsPlanned(tickets=tickets):
            return _with_plan(state, (*state.planned, *tickets))
        case TicketUnlocked(ticket=ticket):
            return _put(state, state.plan[ticket].move("unlock"))
        case TicketAssigned():
            return _assigned(state, event)
        case TicketParked(ticket=ticket, approval=approval):
            parked = state.plan[ticket]
            parked = parked if parked.status == "step_paused" else parked.move("park")
            return _put(state, to(parked, waits_for=approval))
        case TicketUnparked(ticket=ticket):
            return _put(state, to(state.plan[ticket].move("unpark"), waits_for=None))
        case MergeQueued(attempt=attempt):
            return to(state, queue=(*state.queue, attempt))
        case MergeGranted(attempt=attempt, onto=onto):
            queue = tuple(other for other in state.queue if other != attempt)
            return to(state, queue=queue, grant=Grant(attempt, onto))
        case TicketCompleted(ticket=ticket, commit=commit, tree=tree):
            after = _without(state, event.attempt, event.usage)
            after = _put(after, after.plan[ticket].mark_complete())
            return to(after, commit=commit, tree=tree)
        case TicketRequeued(ticket=ticket, lesson=lesson):
            after = _without(state, event.attempt, event.usage)
            again = to(after.plan[ticket].move("requeue"), lesson=lesson, waits_for=None)
            return _put(after, _spared(again) if event.result == "cancelled" else again)
        case TicketBlocked(ticket=ticket, block=block, lesson=lesson):
            after = _without(state, event.attempt, event.usage)
            held = after.plan[ticket].mark_blocked(block.reason, block.cause, block.by)
            return _put(after, to(held, lesson=lesson or held.lesson))
        case BlockerChanged(ticket=ticket, by=by):
            return _put(state, to(state.plan[ticket], block=Block("dependency", by=by)))
        case TicketReleased(ticket=ticket, to=standing):
            released = state.plan[ticket].move("release" if standing == "pending" else "relock")
            return _put(state, to(released, block=None, tries=0))
        case TicketSkipped(ticket=ticket):
            owner = attempt_id(ticket, state.plan[ticket].attempts)
            after = _without(state, owner, Usage())
            return _put(after, to(after.plan[ticket].move("skip"), waits_for=None))
        case RunPaused(by=by, reason=reason):
            return to(state, standing="paused", paused_by=by, paused_because=reason)
        case RunContinued():
            return to(state, standing="running", ending=None)
        case RunCancelled():
            return to(state, standing="cancelling", queue=(), grant=None)
        case ModelWaited():
            return state
        case RunSandboxed(level=level):
            return to(state, sandbox=level)
        case RunEnded(ending=ending):
            return to(state, standing="ended", ending=ending)
        case RunDelivered():
            return to(state, delivery=event)
        case BudgetReserved(call=call, amount=amount):
            return to(state, ledger=state.ledger.reserve(call, amount))
        case BudgetExceeded(attempt=attempt, shortfall=shortfall):
            parked = state.plan[state.active[attempt].ticket]
            parked = parked if parked.status == "step_paused" else parked.move("park")
            after = to(state, ledger=state.ledger.refuse(attempt, shortfall))
            return _put(after, to(parked, waits_for=budget_wait(attempt)))
        case BudgetSettled(attempt=attempt, total=total, out=out):
            return to(state, ledger=state.ledger.settle(attempt, total, out))
        case BudgetRaised(limits=limits):
            return to(state, ledger=state.ledger.under(limits))
        case PolicyAmended(ticket=ticket, amendment=amendment):
            known = state.amendments.get(ticket, ())
            return to(state, amendments=state.amendments.insert(ticket, (*known, amendment)))
        case ActorCrashed(actor=actor):
            return to(state, crashes=state.crashes.insert(actor, state.crashes.get(actor, 0) + 1))
        case RunForked():
            return _forked(state, event)
        case _:
            assert_never(event)


def budget_wait(attempt: AttemptId) -> ApprovalId:
    """Return what a ticket waits for while its attempt lacks budget."""
    return ApprovalId(f"{attempt}.budget")


def model_wait(attempt: AttemptId) -> ApprovalId:
    """Return what a ticket waits for while its model refuses every call."""
    return ApprovalId(f"{attempt}.model")


def _with_plan(state: Run, tickets: tuple[Ticket, ...]) -> Run:
    if len(tickets) < state.facts.tickets:
        return msgspec.structs.replace(state, planned=tickets)
    spec = msgspec.structs.replace(state.facts.track, tickets=tickets)
    return msgspec.structs.replace(state, planned=(), track=Track.of(spec), standing="running")


def _put(state: Run, ticket: Ticket) -> Run:
    return msgspec.structs.replace(state, track=state.plan.put(ticket))


def _assigned(state: Run, event: TicketAssigned) -> Run:
    ticket = state.plan[event.ticket]
    ticket = ticket.move("park" if event.gated else "assign")
    ticket = msgspec.structs.replace(ticket, attempts=event.number, tries=ticket.tries + 1)
    active = Active(
        event.attempt, event.ticket, event.number, event.model, event.base, event.base_tree
    )
    after = msgspec.structs.replace(state, active=state.active.insert(event.attempt, active))
    return _put(after, ticket)


def _spared(ticket: Ticket) -> Ticket:
    """Return the ticket as if its last attempt had not counted."""
    return msgspec.structs.replace(ticket, tries=ticket.tries - 1, begun_anew=ticket.begun_anew + 1)


def changed(state: Run, changes: Changes) -> Run:
    """Return the run under other settings, another policy, and with tickets edited."""
    facts, track = state.facts, state.plan
    for edited in changes.tickets:
        track = track.edit(edited)
    start = msgspec.structs.replace(
        facts,
        settings=changes.settings or facts.settings,
        policy=changes.policy or facts.policy,
    )
    return msgspec.structs.replace(state, start=start, track=track)


def _forked(state: Run, event: RunForked) -> Run:
    """Return the run under its new name; what was used and delivered was its parent's."""
    after = changed(state, event.changes)
    active = after.active
    for rebound in event.rebound:
        one = msgspec.structs.replace(active[rebound.attempt], model=rebound.model)
        active = active.insert(rebound.attempt, one)
    before = {one.attempt: one for one in event.inherited}
    return msgspec.structs.replace(
        after,
        start=msgspec.structs.replace(after.facts, run=event.run, program=event.program),
        active=active,
        delivery=None,
        usage=Usage(),
        ledger=after.ledger.begin_anew({name: one.spent for name, one in before.items()}),
        lineage=(*after.lineage, event.origin),
        workers_before=event.workers,
        qa_before=event.qa,
        inherited=HashTrieMap(before),
    )


def _without(state: Run, attempt: AttemptId | None, usage: Usage) -> Run:
    """Return the run with `attempt` over: not active, not queued, not merging."""
    if attempt is None:
        return state
    return msgspec.structs.replace(
        state,
        active=state.active.discard(attempt),
        queue=tuple(other for other in state.queue if other != attempt),
        grant=None if state.grant is None or state.grant.attempt == attempt else state.grant,
        usage=state.usage + usage - state.inherited.get(attempt, _NOTHING).usage,
        ledger=state.ledger.drop(attempt),
    )
