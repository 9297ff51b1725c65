"""All actors of one run: started leaf first, pinged, watched, and stopped in reverse."""

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

import pykka

from actors.approval_gate import ApprovalGate
from actors.conductor import AttemptEntity, Conductor, Office, Rest
from actors.crew import Crew
from actors.hands import Hands, estimate_of
from actors.messages import (
    ConductorMessage,
    Down,
    GateMessage,
    Give,
    GoOn,
    Interrupt,
    Operate,
    QaMessage,
    Receipt,
    Ref,
    WorkerMessage,
)
from actors.qa import Means, Qa
from actors.worker import Worker
from actors.workshop import Workshop
from events import approval, attempt_rules, hint, run_rules
from events.approval import Answer, Approval, ApprovalCommand, ApprovalEvent
from events.base import Command, Event
from events.clocks import Clocks
from events.decider import Decider
from events.errors import CommandRefusedError
from events.hint import Failure, Hint, HintCommand, HintEvent
from events.ids import ApprovalId, AttemptId, CommitId, StreamId, stream_of
from events.run import Run
from events.run_commands import OperatorCommand, RecordDelivery
from events.streams import RUN, name_of
from events.world import World
from store.entity import Entity
from store.log import EventLog

S = TypeVar("S")
C = TypeVar("C", bound=Command)
E = TypeVar("E", bound=Event)

PING_S = 5.0
STOP_S = 5.0
"""How long an actor may take to start, and to end what it is at."""
LOOK_UP_S = 0.2
"""Of two signals at one moment CPython 3.11 may leave both to be handled when the wait is over."""


@dataclass(frozen=True)
class Surroundings:
    """What a run needs of the process around it, each a function that any thread may call."""

    clocks: Callable[[], Clocks]
    deliver: Callable[[Run, CommitId], RecordDelivery]
    """Brings a commit to the user's repository."""
    mourn: Callable[[Down], None]
    """Hears of each actor that a bug has ended."""
    stale: Callable[[CommandRefusedError], None]
    """Hears of messages that came too late to mean anything."""
    stays: Callable[[Rest], bool] = lambda _: False
    """Says of a run that waits whether it waits on in this process."""


class System:
    """The actors of one run, and the one place to wait for its rest."""

    def __init__(
        self,
        log: EventLog,
        world: World,
        workshop: Workshop,
        around: Surroundings,
        qa_model: str,
    ) -> None:
        """Take the log, and the `world` that was folded from it when it was opened."""
        self._log = log
        self._world = world
        self._workshop = workshop
        self._qa_means = Means(
            hint=self._hint,
            submit=workshop.models.submit,
            price=workshop.price,
            estimate=estimate_of,
            root=lambda attempt: str(workshop.worktrees / attempt),
            read=workshop.blobs.text,
            keep=workshop.blobs.keep,
            model=qa_model,
            budgeted=world.run.ledger.limits.limits_anything,
        )
        self._office = Office(
            attempt=self._attempt,
            hire=self._hire,
            renew=self._renew,
            deliver=around.deliver,
            now_s=lambda: int(around.clocks().wall_s),
            position=lambda: log.end_position,
            rest=self._take_rest,
            stale=around.stale,
            mourn=around.mourn,
        )
        self._conductor: Ref[ConductorMessage] = Ref()
        self._qa: Ref[QaMessage] = Ref()
        self._gate: Ref[GateMessage] = Ref()
        self._around = around
        self._crew = Crew()
        self._rest: Future[Rest] = Future()
        self._interrupted = False
        self._opened: set[StreamId] = set()
        self._guard = threading.Lock()

    @property
    def conductor(self) -> Ref[ConductorMessage]:
        """Where commands of the program go."""
        return self._conductor

    def answer(self, approval: ApprovalId, answer: Answer, receipt: Receipt) -> None:
        """Have the gate take a person's answer; see `Receipt`. Never waits."""
        self._gate.tell(Give(approval, answer, receipt))

    def operate(self, command: OperatorCommand, receipt: Receipt) -> None:
        """Have the Conductor take a person's command; see `Receipt`. Never waits."""
        self._conductor.tell(Operate(command, receipt))

    def start(self) -> None:
        """Start QA and the gate, then the Conductor, and let the run go on.

        Raises:
            pykka.Timeout, pykka.ActorDeadError: an actor did not start.
        """
        self._renew("qa")
        self._renew("gate")
        run = Entity(
            self._log,
            RUN,
            run_rules.DECIDER,
            self._world.run,
            self._world.versions.get(RUN, 0),
        )
        self._conductor.attach(Conductor.start(run, self._office))
        self._conductor.ping(PING_S)
        self._conductor.tell(Interrupt() if self._interrupted else GoOn())

    def wait(self) -> Rest:
        """Return why the run rests, once it does; signals are handled meanwhile."""
        while True:
            with contextlib.suppress(TimeoutError):
                return self._rest.result(LOOK_UP_S)

    def interrupt(self) -> None:
        """Have the run rest as it stands, also before its start; what is under way is let go."""
        self._interrupted = True
        self._conductor.tell(Interrupt())

    def stop(self) -> bool:
        """Stop the Conductor, then all others; return whether all ended in time."""
        ended = self._conductor.stop(STOP_S)
        return all([ended, self._gate.stop(STOP_S), self._qa.stop(STOP_S), self._stop_workers()])

    def _stop_workers(self) -> bool:
        self._crew.dismiss()
        workers = pykka.ActorRegistry.get_by_class(Worker)
        ended = [Ref[WorkerMessage](worker).stop(STOP_S) for worker in workers]
        return all(ended)

    def _take_rest(self, rest: Rest) -> None:
        if rest.error is None:
            self._log.flush(self._log.end_position)
        if rest.why == "waiting" and self._around.stays(rest):
            return
        with self._guard:
            if not self._rest.done():
                self._rest.set_result(rest)

    def _hire(self, desk: AttemptEntity) -> Ref[WorkerMessage]:
        hands = Hands(self._workshop, name_of(desk.stream))
        worker = Worker.start(
            desk, hands, self._conductor, self._qa, self._gate, self._around.stale, self._crew
        )
        return Ref(worker)

    def _renew(self, actor: str) -> None:
        if actor == "qa":
            self._qa.attach(Qa.start(self._qa_means, self._conductor))
            self._qa.ping(PING_S)
        else:
            self._gate.attach(
                ApprovalGate.start(self._approval, self._conductor, self._around.clocks)
            )
            self._gate.ping(PING_S)

    def _attempt(self, attempt: AttemptId) -> AttemptEntity:
        return self._open(stream_of("attempt", attempt), attempt_rules.DECIDER)

    def _hint(self, failure: Failure) -> "Entity[Hint, HintCommand, HintEvent]":
        return self._open(stream_of("hint", f"{failure.attempt}.{failure.call}"), hint.DECIDER)

    def _approval(self, question: ApprovalId) -> "Entity[Approval, ApprovalCommand, ApprovalEvent]":
        return self._open(stream_of("approval", question), approval.DECIDER)

    def _open(self, stream: StreamId, decider: Decider[S, C, E]) -> "Entity[S, C, E]":
        """Return a stream as it stands: from the fold at the start, or anew from the log.

        Only after an actor has died is a stream opened a second time, and the log read for it.
        """
        with self._guard:
            again = stream in self._opened
            self._opened.add(stream)
        if again:
            self._log.flush(self._log.end_position)
            return Entity.load(self._log, stream, decider)
        state = self._world.states.get(stream, decider.initial)
        return Entity(self._log, stream, decider, state, self._world.versions.get(stream, 0))
