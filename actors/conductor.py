"""The Conductor: a mailbox around the rules of the run, and the supervisor of all other actors."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import msgspec

from actors.mailbox import Mailbox
from actors.messages import (
    Answered,
    AskAgain,
    AskLeave,
    ConductorMessage,
    Down,
    GoOn,
    Halt,
    Interrupt,
    Leave,
    Operate,
    Ping,
    Ref,
    Unanswered,
    WorkerMessage,
)
from events.assignment import terms_of
from events.attempt import Attempt
from events.attempt_commands import (
    AttemptCommand,
    BeginMerge,
    EndAttempt,
    RecordAnswer,
    StartAttempt,
)
from events.attempt_events import AttemptEvent
from events.errors import CommandRefusedError, fault_of
from events.ids import ApprovalId, AttemptId, CommitId
from events.run import (
    CRASHES_PER_ATTEMPT,
    CRASHES_PER_RUN,
    Active,
    Assign,
    CloseBooks,
    Deliver,
    GrantNextMerge,
    MergeAttempt,
    Run,
    RunStep,
    budget_wait,
    due,
    model_wait,
)
from events.run_commands import (
    AmendPolicy,
    AssignTickets,
    EndRun,
    GrantMerge,
    HoldTicket,
    OperatorCommand,
    ParkTicket,
    RaiseBudget,
    RecordCrash,
    RecordDelivery,
    RecordResult,
    ReserveBudget,
    RunCommand,
    UnparkTicket,
)
from events.run_events import RunEvent
from store.entity import Entity

AttemptEntity = Entity[Attempt, AttemptCommand, AttemptEvent]
Why = Literal["ended", "waiting", "paused", "interrupted", "broken"]


class Rest(msgspec.Struct, frozen=True):
    """The run rests: nothing more happens in this process."""

    why: Why
    error: BaseException | None = None
    trace: str = ""
    asks: bool = False
    """Whether an answer to a question would have it go on; else what waits is no question."""


@dataclass(frozen=True)
class Office:
    """What the Conductor needs of the world, each a function that any thread may call."""

    attempt: Callable[[AttemptId], AttemptEntity]
    """Opens the stream of an attempt, from the log."""
    hire: Callable[[AttemptEntity], Ref[WorkerMessage]]
    renew: Callable[[str], None]
    """Starts ``qa`` or ``gate`` anew at their old address."""
    deliver: Callable[[Run, CommitId], RecordDelivery]
    now_s: Callable[[], int]
    position: Callable[[], int]
    """The end of the log."""
    rest: Callable[[Rest], None]
    """Tells who waits for the run; called again when a resting run rests again."""
    stale: Callable[[CommandRefusedError], None]
    mourn: Callable[[Down], None]
    """Notes the death of an actor, and keeps the traceback if it was a bug."""


class Conductor(Mailbox):
    """Assigns, merges one at a time, delivers; hires workers and survives their deaths."""

    def __init__(self, run: "Entity[Run, RunCommand, RunEvent]", office: Office) -> None:
        """Take the run's state; nothing happens before `GoOn`."""
        super().__init__()
        self._run = run
        self._office = office
        self._workers: dict[AttemptId, Ref[WorkerMessage]] = {}
        self._desks: dict[AttemptId, AttemptEntity] = {}
        """Attempts that are not over, as their last worker left them."""
        self._performed: tuple[RunStep, ...] = ()
        self._seen_active = run.state.active
        """As of the last dismissal: who is not in it any more has been dismissed."""
        self._in_line: dict[str, AskLeave] = {}
        """By call: who waits until others give back what is set aside for them, in order."""
        self._obeyed: dict[str, str] = {}
        """By message that brought a command: why it was refused, or nothing. One may come twice."""
        self._interrupted = False

    def on_receive(self, message: ConductorMessage) -> None:
        """Take one message; see `actors.messages`."""
        match message:
            case Ping():
                return
            case Interrupt():
                self._interrupted = True
                self._dismiss_all()
                self._office.rest(Rest("interrupted"))
                return
            case _ if self._interrupted:
                return
            case GoOn():
                for attempt in sorted(self._state.active):
                    self._set_going(self._state.active[attempt])
            case AskLeave(request=request):
                self._in_line[request.call] = message
            case Operate(command=command, receipt=receipt):
                refusal = self._obey(command)
                self._run.flush()
                receipt(refusal)
            case RaiseBudget():
                self._refusal_of(message)
            case HoldTicket(attempt=attempt):
                self._workers.pop(attempt, None)
                self._record(message)
            case RecordResult(attempt=attempt):
                self._workers.pop(attempt, None)  # it has stopped itself
                self._desks.pop(attempt, None)
                self._record(message)
            case Answered(attempt=attempt):
                self._answered(attempt, message)
            case Unanswered(attempt=attempt, approval=approval):
                self._park(attempt, approval)
            case Down():
                self._down(message)
            case _:
                self._record(message)
        self._go_on()

    def on_death(self, error: BaseException, trace: str) -> None:
        """Tell who waits for the run: without its Conductor it cannot go on."""
        self._dismiss_all()
        self._office.rest(Rest("broken", error, trace))

    @property
    def _state(self) -> Run:
        return self._run.state

    def _record(self, command: RunCommand) -> bool:
        try:
            self._run.enqueue(command)
        except CommandRefusedError as refusal:
            self._office.stale(refusal)
            return False
        return True

    def _obey(self, command: OperatorCommand) -> str:
        """Do what a person says, once for each message; return why not, or nothing."""
        name = command.message
        if name in self._obeyed:
            return self._obeyed[name]
        refusal = self._refusal_of(command)
        if name:
            self._obeyed[name] = refusal
        return refusal

    def _refusal_of(self, command: RunCommand) -> str:
        """Have the run take a command; return why it does not, or nothing."""
        try:
            self._run.enqueue(command)
        except CommandRefusedError as refusal:
            self._office.stale(refusal)
            return refusal.reason
        if isinstance(command, RaiseBudget):
            self._go_on_with_more()
        return ""

    def _go_on(self) -> None:
        """Do what the state newly owes, until it owes nothing new; then see if the run rests."""
        while True:
            owed = due(self._state)
            fresh = [step for step in owed if step not in self._performed]
            self._performed = owed
            for step in fresh:
                self._perform(step)
            if not fresh and not self._serve_the_line():
                break
        self._dismiss_the_done()
        why = self._rests()
        if why is not None:
            self._office.rest(Rest(why, asks=why == "waiting" and self._asks()))

    def _perform(self, step: RunStep) -> None:
        match step:
            case Assign():
                before = self._state.active
                if self._record(AssignTickets()):
                    for attempt in sorted(set(self._state.active) - set(before)):
                        self._set_going(self._state.active[attempt])
            case GrantNextMerge():
                self._record(GrantMerge(self._office.now_s(), self._office.position()))
            case MergeAttempt(grant=grant):
                self._worker_of(self._state.active[grant.attempt]).tell(BeginMerge(grant.onto))
            case CloseBooks():
                self._record(EndRun())
            case Deliver(commit=commit):
                self._run.flush()
                self._record(self._office.deliver(self._state, commit))

    def _hire(self, active: Active) -> Ref[WorkerMessage]:
        desk = self._desks.get(active.attempt) or self._office.attempt(active.attempt)
        self._desks[active.attempt] = desk
        worker = self._office.hire(desk)
        self._workers[active.attempt] = worker
        return worker

    def _set_going(self, active: Active) -> None:
        worker = self._hire(active)
        is_new = self._desks[active.attempt].state.stage == "new"
        worker.tell(StartAttempt(terms_of(self._state, active)) if is_new else GoOn())

    def _worker_of(self, active: Active) -> Ref[WorkerMessage]:
        return self._workers.get(active.attempt) or self._hire(active)

    def _serve_the_line(self) -> bool:
        """Answer who asks for leave to spend, unless there may be room for the first one soon.

        Returns:
            Whether anybody was answered: who got no leave has left a worker to another ticket.
        """
        answered = False
        while self._in_line:
            call, asked = next(iter(self._in_line.items()))
            request = asked.request
            crowded = self._state.ledger.is_crowded(request.attempt, call, request.amount)
            waiting = {waits.request.attempt for waits in self._in_line.values()}
            if crowded and set(self._workers) - waiting:
                break
            del self._in_line[call]
            asked.reply_to.tell(self._leave(request))
            answered = True
        return answered

    def _leave(self, request: ReserveBudget) -> Leave:
        """Reserve what a call may take; who waits for more than there is leaves its worker."""
        recorded = self._record(request)
        granted = recorded and request.call in self._state.ledger.reserved
        if not granted and request.park:
            self._workers.pop(request.attempt, None)
        return Leave(request.call, granted)

    def _go_on_with_more(self) -> None:
        for attempt in sorted(self._state.active):
            active = self._state.active[attempt]
            if self._state.plan[active.ticket].waits_for == budget_wait(attempt):
                self._hire(active).tell(GoOn())

    def _answered(self, attempt: AttemptId, message: Answered) -> None:
        active = self._state.active.get(attempt)
        if active is None:
            return
        if message.amendment is not None:
            self._record(AmendPolicy(attempt, message.amendment))
        if message.goes_on:
            self._record(UnparkTicket(attempt))
        self._worker_of(active).tell(RecordAnswer(message.approval, message.answer))

    def _park(self, attempt: AttemptId, approval: ApprovalId) -> None:
        """Let the worker go: the question waits in the log, and its answer finds another one."""
        worker = self._workers.pop(attempt, None)
        if worker is not None:
            worker.tell(Halt())
        self._record(ParkTicket(attempt, approval))

    def _down(self, down: Down) -> None:
        """Record a death and have the work go on from the log, a bounded number of times."""
        self._office.mourn(down)
        if fault_of(down.error) is not None:
            raise down.error  # trying again is of no use before a person has mended something
        self._record(
            RecordCrash(down.actor, f"{type(down.error).__name__}: {down.error}", down.attempt)
        )
        if sum(self._state.crashes.values()) >= CRASHES_PER_RUN:
            raise down.error
        self._performed = ()  # the dead may have been told of a step, and not have taken it
        if down.attempt is None:
            self._office.renew(down.actor)
            for worker in self._workers.values():
                worker.tell(AskAgain())
            if down.actor == "gate":  # it may have taken an answer, and told nobody
                self._ask_again()
        else:
            self._replace(down, down.attempt)

    def _ask_again(self) -> None:
        """Have every question that holds a ticket put once more, by a new worker."""
        for attempt in sorted(self._state.active):
            if attempt not in self._workers and self._waits_for_answer(attempt):
                self._set_going(self._state.active[attempt])

    def _replace(self, down: Down, attempt: AttemptId) -> None:
        self._workers.pop(attempt, None)
        self._desks.pop(attempt, None)
        active = self._state.active.get(attempt)
        if active is None:
            return
        if self._state.crashes[down.actor] < CRASHES_PER_ATTEMPT:
            self._set_going(active)
        else:
            # Only the class: the words of an error may hold output, and a lesson is made of this.
            what = type(down.error).__name__
            reason = f"trackside failed on it {CRASHES_PER_ATTEMPT} times, the last with {what}"
            self._hire(active).tell(EndAttempt("failed", reason))

    def _dismiss_the_done(self) -> None:
        active = self._state.active
        if active is self._seen_active:
            return
        self._seen_active = active
        for attempt in [done for done in self._workers if done not in active]:
            self._workers.pop(attempt).tell(Halt())
            self._desks.pop(attempt, None)

    def _dismiss_all(self) -> None:
        for worker in self._workers.values():
            worker.tell(Halt())
        self._workers.clear()

    def _rests(self) -> Why | None:
        state = self._state
        if state.standing == "ended":
            return "ended"
        if self._workers:  # one whose ticket is parked may yet bring an answer
            return None
        if state.standing == "paused" and not state.plan.count("in_progress"):
            return "paused"
        return "waiting" if state.standing == "running" and state.waits else None

    def _asks(self) -> bool:
        """Return whether any ticket waits for the answer to a question."""
        return any(self._waits_for_answer(attempt) for attempt in self._state.active)

    def _waits_for_answer(self, attempt: AttemptId) -> bool:
        waits_for = self._state.plan[self._state.active[attempt].ticket].waits_for
        return waits_for not in {None, budget_wait(attempt), model_wait(attempt)}
