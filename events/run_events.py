"""The events of a run: everything the Conductor can say."""

from events.attempt_terms import Onto, Result
from events.base import Event
from events.budget import Amount, Shortfall
from events.conversation import Usage
from events.fork_words import RunForked
from events.ids import ApprovalId, AttemptId, CommitId, TicketId, TreeId
from events.payload import Text
from events.policy import Amendment
from events.run_terms import Ending, Start
from events.settings import Budget
from events.ticket import Block, Ticket, TicketState


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
    reason: str = ""


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
