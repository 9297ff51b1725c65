"""The Worker: a mailbox around the rules of one attempt."""

from collections.abc import Callable

from actors.crew import Crew
from actors.hands import Hands, Pending
from actors.mailbox import Mailbox
from actors.messages import (
    AskAgain,
    AskLeave,
    ConductorMessage,
    Consult,
    Down,
    GateMessage,
    GoOn,
    Halt,
    Landed,
    Leave,
    Ping,
    Put,
    QaMessage,
    Ref,
    WorkerMessage,
)
from events.attempt import Attempt
from events.attempt_commands import (
    AttemptCommand,
    BeginCall,
    EndAttempt,
    RecordCallFailure,
    RecordReply,
    ReviewDoubt,
    TakeHint,
)
from events.attempt_due import AskApproval, AskForHint, OutwardStep, Report, Step, due
from events.attempt_events import AttemptEvent
from events.errors import CommandRefusedError
from events.ids import AttemptId
from events.run_commands import HoldTicket, QueueMerge, RecordResult, ReserveBudget, SettleBudget
from events.streams import name_of
from store.entity import Entity

Stale = Callable[[CommandRefusedError], None]
"""Hears of a message that came too late to mean anything."""


class Worker(Mailbox):
    """Works on one attempt until it is over, and then stops itself.

    The Conductor lets go of it before that, if it has to wait for a person. It shares nothing with
    any other worker: its state is its stream of the log, its files are its own worktree.
    """

    def __init__(
        self,
        entity: "Entity[Attempt, AttemptCommand, AttemptEvent]",
        hands: Hands,
        conductor: Ref[ConductorMessage],
        qa: Ref[QaMessage],
        gate: Ref[GateMessage],
        stale: Stale,
        crew: Crew,
    ) -> None:
        """Take the attempt's state and the means to work on it; nothing happens yet."""
        super().__init__()
        self._entity = entity
        self._hands = hands
        self._conductor = conductor
        self._qa = qa
        self._gate = gate
        self._stale = stale
        self._crew = crew
        self._pending: Pending | None = None
        self._begin: BeginCall | None = None
        """A call that waits for leave to spend."""
        self._awake = False
        self._halted = False
        self._me: Ref[WorkerMessage] = Ref(self.actor_ref)

    def _start_actor_loop(self) -> None:
        self._crew.do(self._actor_loop)

    def on_receive(self, message: WorkerMessage) -> None:
        """Take one message; see `actors.messages`."""
        match message:
            case Ping():
                return
            case Halt():
                self._halt()
                return
            case _ if self._halted:
                return
            case EndAttempt():
                self._record(message)  # refused if it is over, which its last worker did not tell
                self._go_on()
                return
            case _ if not self._awake:
                self._wake()
        match message:
            case GoOn():
                self._go_on()
            case Landed():
                self._land()
            case Leave(granted=granted):
                self._take_leave(granted=granted)
            case AskAgain():
                if isinstance(due(self._state), AskApproval | AskForHint):
                    self._go_on()
            case _:
                self._take(message)

    def on_death(self, error: BaseException, trace: str) -> None:
        """Tell the Conductor; the log knows what this worker owed."""
        self._let_go()
        attempt = AttemptId(name_of(self._entity.stream))
        self._conductor.tell(Down(f"worker {attempt}", error, trace, attempt))

    @property
    def _state(self) -> Attempt:
        return self._entity.state

    def _wake(self) -> None:
        """Take up the work where the log left it: the worktree first, then what is in doubt."""
        self._awake = True
        state = self._state
        if state.terms is not None and state.bound.budgeted:
            call = f"{state.id}#{state.model_calls}"
            self._conductor.tell(SettleBudget(state.id, call, state.spent, call_out(state)))
        lost = self._hands.take_up(self._state)
        if lost is not None:
            self._record(lost)
        doubted = self._state.in_doubt
        if doubted is not None:
            self._record(ReviewDoubt(doubted.call, self._hands.confines))

    def _take(self, command: AttemptCommand) -> None:
        if self._accept(command):
            self._go_on()

    def _go_on(self) -> None:
        """Do what is owed, one thing after another, until one takes time or a message has come."""
        while (taught := self._perform(due(self._state))) is not None:
            if not self.actor_inbox.empty():
                self._me.tell(taught)
                return
            if not self._accept(taught):
                return

    def _accept(self, command: AttemptCommand) -> bool:
        """Record `command`; return whether the work goes on from there."""
        if not self._record(command):
            return False
        self._settle(command)
        if isinstance(command, RecordCallFailure) and self._state.held:
            self._conductor.tell(HoldTicket(self._state.id, self._state.held))
            self.stop()
            return False
        return True

    def _settle(self, command: AttemptCommand) -> None:
        """Tell what a call that is over has cost, if there is a budget."""
        state = self._state
        match command:
            case _ if not state.bound.budgeted:
                return
            case RecordReply() | RecordCallFailure():
                call = f"{state.id}#{state.model_calls}"
            case TakeHint(call=about):
                call = f"{state.id}#{about}"
            case _:
                return
        self._conductor.tell(SettleBudget(state.id, call, state.spent))

    def _record(self, command: AttemptCommand) -> bool:
        try:
            self._entity.enqueue(command)
        except CommandRefusedError as refusal:
            self._stale(refusal)
            return False
        return True

    def _perform(self, step: Step | None) -> AttemptCommand | None:
        """Do one thing; return what it taught at once, or None if that comes as a message."""
        match step:
            case None:
                return None
            case Report():
                self._report()
            case AskForHint(failure=failure):
                self._qa.tell(Consult(failure, self._me))
            case AskApproval(gate=gate):
                self._gate.tell(Put(self._hands.question(gate, self._state)))
            case _:
                if isinstance(step, OutwardStep):
                    self._entity.flush()
                return self._learnt(self._hands.perform(step, self._state))
        return None

    def _learnt(self, done: AttemptCommand | Pending) -> AttemptCommand | None:
        """Return what a step taught; not yet if it is under way, or needs leave to spend."""
        if isinstance(done, Pending):
            self._pending = done
            done.future.add_done_callback(lambda _: self._me.tell(Landed()))
            return None
        if isinstance(done, BeginCall) and self._state.bound.budgeted:
            self._begin = done
            call = f"{self._state.id}#{self._state.model_calls + 1}"
            request = ReserveBudget(self._state.id, call, self._hands.most_of(done, self._state))
            self._conductor.tell(AskLeave(request, self._me))
            return None
        return done

    def _take_leave(self, *, granted: bool) -> None:
        """Make the call, or end: the ticket is parked then, until there is more to spend."""
        begin, self._begin = self._begin, None
        if begin is not None and granted:
            self._take(begin)
        elif begin is not None:
            self.stop()

    def _land(self) -> None:
        pending, self._pending = self._pending, None
        if pending is not None and not pending.future.cancelled():
            self._take(pending.conclude())

    def _report(self) -> None:
        state = self._state
        if state.stage == "submitted":
            self._conductor.tell(QueueMerge(state.id))
            return
        assert state.result is not None, "an attempt that is over has a result"
        self._hands.put_down()
        self._conductor.tell(
            RecordResult(
                state.id,
                state.result,
                state.reason,
                state.lesson,
                state.usage,
                state.commit,
                state.merged,
            )
        )
        self.stop()

    def _halt(self) -> None:
        self._halted = True
        self._let_go()
        self.stop()

    def _let_go(self) -> None:
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.cancel()


def call_out(state: Attempt) -> str:
    """Return the name of the call that something may be set aside for; empty if none is out."""
    if state.call is not None:
        return f"{state.id}#{state.call.number}"
    return f"{state.id}#{state.failure.call}" if state.failure is not None else ""
