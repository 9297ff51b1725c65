"""The commands and events of a run: everything the Conductor can be told and can say."""

from typing import Literal

import msgspec

from events.attempt_words import Onto, Result
from events.base import Command, Event
from events.budget import Amount, Shortfall
from events.conversation import Usage
from events.fork_words import ForkRun, RunForked
from events.ids import ApprovalId, AttemptId, CommitId, RunId, TicketId, TreeId
from events.payload import Text
from events.policy import Amendment, Policy
from events.settings import Budget, Settings
from events.ticket import Block, Ticket, TicketState
from events.track import TrackSpec

Ending = Literal["completed", "blocked", "cancelled"]
RULES_VERSION = 1
"""Raised whenever a decision changes, so that `verify` knows which logs must re-derive exactly."""


class Start(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that a run is about but its tickets."""

    run: RunId
    track: TrackSpec
    """The track without its tickets, which follow in pieces."""
    tickets: int
    """How many tickets follow."""
    settings: Settings
    policy: Policy
    base: CommitId
    base_tree: TreeId
    repository: str
    """Absolute path of the user's repository when the run began."""
    source: str = ""
    """The track file, as it was named."""
    track_digest: str = ""
    """sha256 of the track file."""
    program: str = ""
    """Version of trackside."""
    rules: int = RULES_VERSION


class StartRun(Command, frozen=True, tag="run.start"):
    """Begin, with the first tickets of the plan."""

    start: Start
    tickets: tuple[Ticket, ...]


class PlanTickets(Command, frozen=True, tag="run.plan"):
    """Take down more tickets of a plan too large for one record."""

    tickets: tuple[Ticket, ...]


class AssignTickets(Command, frozen=True, tag="run.assign"):
    """Give ready tickets to the workers that are free."""


class ParkTicket(Command, frozen=True, tag="run.park"):
    """An attempt waits for a person."""

    attempt: AttemptId
    approval: ApprovalId


class UnparkTicket(Command, frozen=True, tag="run.unpark"):
    """The answer is there; the attempt goes on."""

    attempt: AttemptId


class HoldTicket(Command, frozen=True, tag="run.hold"):
    """The model refuses every call for now: a day's quota, a key. Nothing more is begun."""

    attempt: AttemptId
    reason: str


class QueueMerge(Command, frozen=True, tag="run.queue_merge"):
    """An attempt is done and asks to be merged."""

    attempt: AttemptId


class GrantMerge(Command, frozen=True, tag="run.grant_merge"):
    """Let the first in the queue merge."""

    at_s: int
    """Seconds since 1970: the date of the commit."""
    position: int
    """The last position of the log."""


class RecordResult(Command, frozen=True, tag="run.record_result"):
    """Take down how an attempt ended."""

    attempt: AttemptId
    result: Result
    reason: Text = ""
    lesson: Text = ""
    usage: Usage = Usage()
    commit: CommitId | None = None
    tree: TreeId | None = None


class BlockTicket(Command, frozen=True, tag="run.block_ticket"):
    """An operator blocks an open ticket."""

    ticket: TicketId
    by: str
    reason: str = ""


class SkipTicket(Command, frozen=True, tag="run.skip_ticket"):
    """An operator goes without an open ticket."""

    ticket: TicketId
    by: str
    reason: str = ""


class ReleaseTicket(Command, frozen=True, tag="run.release_ticket"):
    """An operator unblocks a ticket, or has it tried again."""

    ticket: TicketId
    by: str
    reason: str = ""


class PauseRun(Command, frozen=True, tag="run.pause"):
    """Assign nothing more."""

    by: str


class ContinueRun(Command, frozen=True, tag="run.continue"):
    """Go on after a pause."""

    by: str


class CancelRun(Command, frozen=True, tag="run.cancel"):
    """End the run as it stands."""

    by: str
    reason: str = ""


class RecordWait(Command, frozen=True, tag="run.record_wait"):
    """Take down that a model call does not leave at once."""

    attempt: AttemptId
    model: str
    reason: str
    """``delay`` after a failed try, ``server`` if it said so, ``rate`` or ``parallel`` as set."""
    seconds: float | None


class RecordSandbox(Command, frozen=True, tag="run.record_sandbox"):
    """Take down how commands are confined from now on."""

    level: str
    description: str


class EndRun(Command, frozen=True, tag="run.end"):
    """Close the books: nothing can move any more."""


class RecordDelivery(Command, frozen=True, tag="run.record_delivery"):
    """Take down what was delivered, or why it could not be."""

    commit: CommitId
    how: str
    branch: str = ""
    problem: str = ""


class ReserveBudget(Command, frozen=True, tag="run.reserve_budget"):
    """Set aside what a model call may take at the most."""

    attempt: AttemptId
    call: str
    """``T1.2#5``: the fifth model call of the attempt; ``T1.2#c3``: QA's about its tool call c3."""
    amount: Amount
    park: bool = True
    """Whether the ticket waits for a person if there is not enough; QA goes without a model."""


class SettleBudget(Command, frozen=True, tag="run.settle_budget"):
    """Take down all that an attempt has used so far, now that a call of it is over."""

    attempt: AttemptId
    call: str
    total: Amount
    out: str = ""
    """A later call of it that was out when the process ended, and is made again."""


class RaiseBudget(Command, frozen=True, tag="run.raise_budget"):
    """Put other limits in force."""

    limits: Budget
    by: str


class DeclineBudget(Command, frozen=True, tag="run.decline_budget"):
    """Block every ticket that waits for budget."""

    by: str


class AmendPolicy(Command, frozen=True, tag="run.amend_policy"):
    """Have later attempts at the ticket know what a person allowed for the rest of it."""

    attempt: AttemptId
    amendment: Amendment


class RecordCrash(Command, frozen=True, tag="run.record_crash"):
    """Take down that an actor has died of a bug."""

    actor: str
    error: str
    attempt: AttemptId | None = None


RunCommand = (
    StartRun
    | PlanTickets
    | AssignTickets
    | ParkTicket
    | UnparkTicket
    | HoldTicket
    | QueueMerge
    | GrantMerge
    | RecordResult
    | BlockTicket
    | SkipTicket
    | ReleaseTicket
    | PauseRun
    | ContinueRun
    | CancelRun
    | RecordWait
    | RecordSandbox
    | EndRun
    | RecordDelivery
    | ReserveBudget
    | SettleBudget
    | RaiseBudget
    | DeclineBudget
    | AmendPolicy
    | RecordCrash
    | ForkRun
)

OperatorCommand = (
    BlockTicket
    | SkipTicket
    | ReleaseTicket
    | PauseRun
    | ContinueRun
    | CancelRun
    | RaiseBudget
    | DeclineBudget
)
"""What a person may tell a run; all else comes from the program itself."""


class RunStarted(Event, frozen=True, tag="run.started"):
    """A run exists."""

    start: Start


class TicketsPlanned(Event, frozen=True, tag="run.planned"):
    """These tickets belong to the plan; the run goes once all are there."""

    tickets: tuple[Ticket, ...]


class TicketUnlocked(Event, frozen=True, tag="ticket.unlocked"):
    """The last open dependency is done."""

    ticket: TicketId
    by: TicketId


class TicketAssigned(Event, frozen=True, tag="ticket.assigned"):
    """A worker has the ticket."""

    ticket: TicketId
    attempt: AttemptId
    number: int
    model: str
    base: CommitId
    base_tree: TreeId
    gated: bool = False
    """Whether the spawn of the worker waits for a person."""


class TicketParked(Event, frozen=True, tag="ticket.parked"):
    """The ticket waits for a person."""

    ticket: TicketId
    approval: ApprovalId


class TicketUnparked(Event, frozen=True, tag="ticket.unparked"):
    """The ticket goes on."""

    ticket: TicketId


class MergeQueued(Event, frozen=True, tag="merge.queued"):
    """The order of merges is the order of these events."""

    ticket: TicketId
    attempt: AttemptId


class MergeGranted(Event, frozen=True, tag="merge.granted"):
    """This attempt alone may merge now."""

    attempt: AttemptId
    onto: Onto


class TicketCompleted(Event, frozen=True, tag="ticket.completed"):
    """The ticket is on the run's tip."""

    ticket: TicketId
    attempt: AttemptId
    commit: CommitId
    tree: TreeId
    usage: Usage = Usage()


class TicketRequeued(Event, frozen=True, tag="ticket.requeued"):
    """The attempt came to nothing; there will be another."""

    ticket: TicketId
    attempt: AttemptId
    result: Result
    reason: Text = ""
    lesson: Text = ""
    usage: Usage = Usage()


class TicketBlocked(Event, frozen=True, tag="ticket.blocked"):
    """The ticket stands still until an operator says otherwise."""

    ticket: TicketId
    block: Block
    attempt: AttemptId | None = None
    lesson: Text = ""
    usage: Usage = Usage()


class BlockerChanged(Event, frozen=True, tag="ticket.blocker_changed"):
    """The ticket stays blocked, but by another one."""

    ticket: TicketId
    by: TicketId


class TicketReleased(Event, frozen=True, tag="ticket.released"):
    """A block is over."""

    ticket: TicketId
    to: TicketState
    by: str = ""


class TicketSkipped(Event, frozen=True, tag="ticket.skipped"):
    """The track goes on without the ticket."""

    ticket: TicketId
    by: str
    reason: str = ""


class RunPaused(Event, frozen=True, tag="run.paused"):
    """Nothing more is assigned."""

    by: str


class RunContinued(Event, frozen=True, tag="run.continued"):
    """The run goes on, after a pause or after its end."""

    by: str


class RunCancelled(Event, frozen=True, tag="run.cancelled"):
    """No ticket is worked on any more."""

    by: str
    reason: str = ""


class ModelWaited(Event, frozen=True, tag="model.waits"):
    """A call to a model does not leave at once."""

    attempt: AttemptId
    model: str
    reason: str
    seconds: float | None = None
    """How long, if that is known."""


class RunSandboxed(Event, frozen=True, tag="run.sandboxed"):
    """Commands are confined like this from now on."""

    level: str
    description: str


class RunEnded(Event, frozen=True, tag="run.ended"):
    """Nothing can move any more; what is completed can be delivered."""

    ending: Ending
    commit: CommitId
    tree: TreeId


class RunDelivered(Event, frozen=True, tag="run.delivered"):
    """The tip is where the user wanted it, or the problem says why not."""

    commit: CommitId
    how: str
    branch: str = ""
    problem: str = ""


class BudgetReserved(Event, frozen=True, tag="budget.reserved"):
    """A call may be made."""

    attempt: AttemptId
    call: str
    amount: Amount


class BudgetExceeded(Event, frozen=True, tag="budget.exceeded"):
    """A call would break a limit; its ticket waits until the limit is raised."""

    attempt: AttemptId
    call: str
    shortfall: Shortfall


class BudgetSettled(Event, frozen=True, tag="budget.settled"):
    """What an attempt has used so far is known, and the call is no longer out."""

    attempt: AttemptId
    call: str
    total: Amount
    out: str = ""
    """The one call of it that something stays set aside for."""


class BudgetRaised(Event, frozen=True, tag="budget.raised"):
    """These limits hold from now on."""

    limits: Budget
    by: str


class PolicyAmended(Event, frozen=True, tag="ticket.policy_amended"):
    """A rule of the policy asks no more, within one ticket."""

    ticket: TicketId
    amendment: Amendment


class ActorCrashed(Event, frozen=True, tag="actor.crashed"):
    """A bug in trackside ended an actor; its work goes on from the log."""

    actor: str
    error: str
    attempt: AttemptId | None = None


RunEvent = (
    RunStarted
    | TicketsPlanned
    | TicketUnlocked
    | TicketAssigned
    | TicketParked
    | TicketUnparked
    | MergeQueued
    | MergeGranted
    | TicketCompleted
    | TicketRequeued
    | TicketBlocked
    | BlockerChanged
    | TicketReleased
    | TicketSkipped
    | RunPaused
    | RunContinued
    | RunCancelled
    | ModelWaited
    | RunSandboxed
    | RunEnded
    | RunDelivered
    | BudgetReserved
    | BudgetExceeded
    | BudgetSettled
    | BudgetRaised
    | PolicyAmended
    | ActorCrashed
    | RunForked
)
