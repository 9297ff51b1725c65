"""The Conductor: a mailbox around the rules of the run, and the supervisor of all other actors."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import msgspec
from store.entity import Entity
from store.errors import StoreError

from actors.mailbox import Mailbox
from actors.messages import (
    Answered,
    AskAgain,
    ConductorMessage,
    Down,
    GoOn,
    Halt,
    Interrupt,
    Ping,
    Ref,
    Unanswered,
    WorkerMessage,
)
from events.attempt import Attempt
from events.attempt_words import (
    AttemptCommand,
    AttemptEvent,
    BeginMerge,
    EndAttempt,
    RecordAnswer,
    StartAttempt,
)
from events.errors import CommandRefusedError
from events.ids import AttemptId, CommitId
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
    due,
)
from events.run_rules import terms_of
from events.run_words import (
    AssignTickets,
    EndRun,
    GrantMerge,
    ParkTicket,
    RecordCrash,
    RecordDelivery,
    RunCommand,
    RunEvent,
    UnparkTicket,
)

AttemptEntity = Entity[Attempt, AttemptCommand, AttemptEvent]
Why = Literal["ended", "waiting", "paused", "interrupted", "broken"]


class Rest(msgspec.Struct, frozen=True):
    """The run rests: nothing more happens in this process."""

    why: Why
    error: BaseException | None = None
    trace: str = ""


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
    rest: Callable[[Rest], None]
    """Tells who waits for the run; called again when a resting run rests again."""
    stale: Callable[[CommandRefusedError], None]
    mourn: Callable[[Down], None]
    """Keeps the traceback of a dead actor in the run folder."""


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

    def on_receive(self, message: ConductorMessage) -> None:
        """Take one message; see `actors.messages`."""
        match message:
            case Ping():
                return
            case GoOn():
                for attempt in sorted(self._state.active):
                    self._hire(self._state.active[attempt]).tell(GoOn())
            case Answered(attempt=attempt):
                self._answered(attempt, message)
            case Unanswered(attempt=attempt, approval=approval):
                self._workers.pop(attempt, None)
                self._record(ParkTicket(attempt, approval))
            case Down():
                self._down(message)
            case Interrupt():
                self._dismiss_all()
                self._office.rest(Rest("interrupted"))
                return
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
            self._run.execute(command)
        except CommandRefusedError as refusal:
            self._office.stale(refusal)
            return False
        return True

    def _go_on(self) -> None:
        """Do what the state newly owes, until it owes nothing new; then see if the run rests."""
        while True:
            owed = due(self._state)
            fresh = [step for step in owed if step not in self._performed]
            self._performed = owed
            if not fresh:
                break
            for step in fresh:
                self._perform(step)
        self._dismiss_the_done()
        why = self._rests()
        if why is not None:
            self._office.rest(Rest(why))

    def _perform(self, step: RunStep) -> None:
        match step:
            case Assign():
                before = self._state.active
                if self._record(AssignTickets()):
                    for attempt in sorted(set(self._state.active) - set(before)):
                        self._hire(self._state.active[attempt])
            case GrantNextMerge():
                self._record(GrantMerge(self._office.now_s(), self._office.position()))
            case MergeAttempt(grant=grant):
                self._worker_of(self._state.active[grant.attempt]).tell(BeginMerge(grant.onto))
            case CloseBooks():
                self._record(EndRun())
            case Deliver(commit=commit):
                self._record(self._office.deliver(self._state, commit))

    def _hire(self, active: Active) -> Ref[WorkerMessage]:
        desk = self._desks.get(active.attempt) or self._office.attempt(active.attempt)
        self._desks[active.attempt] = desk
        worker = self._office.hire(desk)
        self._workers[active.attempt] = worker
        if desk.state.stage == "new":
            worker.tell(StartAttempt(terms_of(self._state, active)))
        return worker

    def _worker_of(self, active: Active) -> Ref[WorkerMessage]:
        return self._workers.get(active.attempt) or self._hire(active)

    def _answered(self, attempt: AttemptId, message: Answered) -> None:
        active = self._state.active.get(attempt)
        if active is None:
            return
        if message.goes_on:
            self._record(UnparkTicket(attempt))
        self._hire(active).tell(RecordAnswer(message.approval, message.answer))

    def _down(self, down: Down) -> None:
        """Record a death and have the work go on from the log, a bounded number of times."""
        self._office.mourn(down)
        if isinstance(down.error, StoreError):
            raise down.error
        self._record(
            RecordCrash(down.actor, f"{type(down.error).__name__}: {down.error}", down.attempt)
        )
        if sum(self._state.crashes.values()) > CRASHES_PER_RUN:
            raise down.error
        if down.attempt is None:
            self._office.renew(down.actor)
            for worker in self._workers.values():
                worker.tell(AskAgain())
            return
        self._workers.pop(down.attempt, None)
        self._desks.pop(down.attempt, None)
        active = self._state.active.get(down.attempt)
        if active is None:
            return
        worker = self._hire(active)
        if self._state.crashes[down.actor] >= CRASHES_PER_ATTEMPT:
            reason = f"trackside failed on it {CRASHES_PER_ATTEMPT} times: {down.error}"
            worker.tell(EndAttempt("failed", reason))
        else:
            worker.tell(GoOn())

    def _dismiss_the_done(self) -> None:
        for attempt in [done for done in self._workers if done not in self._state.active]:
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
        if state.standing == "paused" and not state.plan.count("in_progress"):
            return "paused"
        return "waiting" if state.standing == "running" and state.waits else None
