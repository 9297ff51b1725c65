"""A run: its state, and what it still owes.

What it believes of each event stands in `run_fold`, how a command is answered in `run_rules`, its
words in `run_commands` and `run_events`.
"""

from typing import Literal

import msgspec
from rpds import HashTrieMap

from events.attempt_terms import Onto
from events.budget import Ledger
from events.conversation import Usage
from events.fork_words import Inherited, Origin
from events.ids import ApprovalId, AttemptId, CommitId, TicketId, TreeId
from events.policy import Amendment
from events.run_events import RunDelivered
from events.run_terms import Ending, Start
from events.ticket import Ticket
from events.track import Track, TrackDraft, is_over

Standing = Literal["new", "planning", "running", "paused", "cancelling", "ended"]
CRASHES_PER_ATTEMPT = 3
CRASHES_PER_RUN = 10


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


class RunFields(msgspec.Struct):
    """What there is to know of a run."""

    standing: Standing = "new"
    start: Start | None = None
    planned: tuple[Ticket, ...] = ()
    """Tickets of a plan that is not complete yet."""
    track: Track | None = None
    commit: CommitId = CommitId("")
    """The tip: the base with every completed ticket, one commit each."""
    tree: TreeId = TreeId("")
    active: dict[AttemptId, Active] = {}
    """Few: two a worker. Not changed in place, but by a draft whose own it is."""
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


class Run(RunFields, frozen=True):  # type: ignore[misc]  # the same fields, for good
    """All that the Conductor knows."""


class RunDraft(RunFields):
    """A run while events change it; see `events.drafts`."""

    moving: TrackDraft | None = None
    """In place of `track`, from the first ticket on that moves."""
    at_work: dict[AttemptId, Active] | None = None
    """In place of `active`, likewise."""

    @property
    def tickets(self) -> TrackDraft:
        """The tickets; only of a run whose plan is complete."""
        if self.moving is None:
            self.moving = TrackDraft(self.plan)
        return self.moving

    @property
    def workers(self) -> dict[AttemptId, Active]:
        """The attempts that are not over, to be changed in place."""
        if self.at_work is None:
            self.at_work = dict(self.active)
        return self.at_work

    def settle(self) -> None:
        """Have `track` and `active` say how things are now."""
        if self.moving is not None:
            self.track = self.moving.close()
            self.moving = None
        if self.at_work is not None:
            self.active = self.at_work
            self.at_work = None


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


def budget_wait(attempt: AttemptId) -> ApprovalId:
    """Return what a ticket waits for while its attempt lacks budget."""
    return ApprovalId(f"{attempt}.budget")


def model_wait(attempt: AttemptId) -> ApprovalId:
    """Return what a ticket waits for while its model refuses every call."""
    return ApprovalId(f"{attempt}.model")
