"""The commands to a run: everything the Conductor can be told."""

from events.attempt_terms import Result
from events.base import Command
from events.budget import Amount
from events.conversation import Usage
from events.fork_words import ForkRun
from events.ids import ApprovalId, AttemptId, CommitId, TicketId, TreeId
from events.payload import Text
from events.policy import Amendment
from events.run_terms import Start
from events.settings import Budget
from events.ticket import Ticket


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


class ByPerson(Command, frozen=True, kw_only=True):
    """What all commands of people have in common."""

    message: str = ""
    """Names the message that brought it, so that one that comes twice is known again."""


class BlockTicket(ByPerson, frozen=True, tag="run.block_ticket"):
    """An operator blocks an open ticket."""

    ticket: TicketId
    by: str
    reason: str = ""


class SkipTicket(ByPerson, frozen=True, tag="run.skip_ticket"):
    """An operator goes without an open ticket."""

    ticket: TicketId
    by: str
    reason: str = ""


class ReleaseTicket(ByPerson, frozen=True, tag="run.release_ticket"):
    """An operator unblocks a ticket, or has it tried again."""

    ticket: TicketId
    by: str
    reason: str = ""


class PauseRun(ByPerson, frozen=True, tag="run.pause"):
    """Assign nothing more."""

    by: str
    reason: str = ""


class ContinueRun(ByPerson, frozen=True, tag="run.continue"):
    """Go on after a pause."""

    by: str


class CancelRun(ByPerson, frozen=True, tag="run.cancel"):
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


class RaiseBudget(ByPerson, frozen=True, tag="run.raise_budget"):
    """Put other limits in force."""

    limits: Budget
    by: str
    before: Budget | None = None
    """The limits that they were made from: if others are in force by now, these mean nothing."""


class DeclineBudget(ByPerson, frozen=True, tag="run.decline_budget"):
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
