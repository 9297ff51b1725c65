"""A run that only its rules have written: no model, no git, no actor, but a true log."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cli.history import CODEC
from cli.run_view import RunView
from events.action import Action
from events.approval import Ask, Question
from events.attempt_commands import (
    BeginMerge,
    EndAttempt,
    RecordCheck,
    RecordCommit,
    RecordMerge,
    RecordReply,
)
from events.attempt_terms import Onto
from events.base import Command
from events.conversation import Usage
from events.hint import AskHint, RecordHint
from events.ids import AttemptId, CallId, StreamId, ticket_of
from events.run_commands import AssignTickets, GrantMerge, ParkTicket, QueueMerge, RecordResult
from events.streams import DECIDERS, kind_of
from events.ticket import Ticket
from store.entity import Entity
from store.jsonl import JsonlLog
from store.log import EventLog
from store.memory import MemoryLog
from store.run_folder import RunFolder
from tests.histories import (
    BEGIN,
    CONTEXT,
    GREEN,
    RED,
    begins,
    commit,
    finishes,
    hinted,
    ran,
    says,
    shell,
    started,
    tree,
    wants,
)

WORKER_USAGE = Usage(input=1_000_000, output=100_000)
QA_USAGE = Usage(input=10_000, output=1_000)


def ticking() -> Callable[[], datetime]:
    """Return a clock that goes on by a second each time it is read."""
    now = datetime(2026, 11, 22, 1, 35, 0, tzinfo=UTC)

    def tick() -> datetime:
        nonlocal now
        now += timedelta(seconds=1)
        return now

    return tick


class Story:
    """A log, its streams, and the view of it."""

    def __init__(self, log: EventLog) -> None:
        """Go on in `log`, which has no run yet."""
        self.log = log
        self.view = RunView()
        for recorded in log.read():
            self.view.take(recorded)
        log.subscribe(self.view.take)
        self._entities: dict[str, Entity[Any, Any, Any]] = {}
        self._merges = 0

    def tell(self, stream: str, *commands: Command) -> None:
        """Give `commands` to the rules of a stream, and record what happens."""
        if stream not in self._entities:
            decider = DECIDERS[kind_of(StreamId(stream))]
            self._entities[stream] = Entity.load(self.log, StreamId(stream), decider)
        for command in commands:
            self._entities[stream].execute(command)

    def begin(self, *tickets: Ticket, **fields: Any) -> None:  # noqa: ANN401 - any field of the start
        """Plan the run, and give out what is ready."""
        self.tell("run", begins(*tickets, **fields), AssignTickets())

    def work(self, attempt: str, **terms: Any) -> None:  # noqa: ANN401 - any field of the terms
        """Have an attempt ask for one command, in one turn of `WORKER_USAGE`."""
        name, number = ticket_of(AttemptId(attempt))
        reply = says("run_command")
        used = RecordReply(reply.text, reply.calls, usage=WORKER_USAGE, opening=reply.opening)
        self.tell(f"attempt/{attempt}", started(name=name, number=number, **terms))
        self.tell(f"attempt/{attempt}", CONTEXT, BEGIN, used)

    def fail_a_command(self, attempt: str, words: str = "one is not two") -> None:
        """Have the command that the attempt asked for fail, and QA give its hint."""
        self.tell(f"attempt/{attempt}", wants("c1", shell("make test")), ran("c1", RED))
        state = self.view.world.attempt(AttemptId(attempt))
        assert state.failure is not None
        given = RecordHint(words, "model", "gemini-2.5-flash-lite", QA_USAGE)
        self.tell(f"hint/{attempt}.c1", AskHint(state.failure), given)
        self.tell(f"attempt/{attempt}", hinted("c1", words))

    def complete(self, attempt: str) -> None:
        """Bring an attempt from its next turn to the run's tip."""
        self._merges += 1
        onto = Onto(commit(0), tree(0), 1)
        state = self.view.world.attempt(AttemptId(attempt))
        if state.pending:
            self.tell(f"attempt/{attempt}", wants("c1", shell()), ran("c1"))
        call = f"c{state.tool_calls + 1}"
        self.tell(
            f"attempt/{attempt}",
            *(BEGIN, says("finish"), finishes(call), RecordCheck(GREEN)),
        )
        self.tell("run", QueueMerge(AttemptId(attempt)), GrantMerge(1, 1))
        self.tell(
            f"attempt/{attempt}",
            *(BeginMerge(onto), RecordMerge(tree(9)), RecordCommit(commit(self._merges))),
        )
        done = RecordResult(
            AttemptId(attempt), "completed", commit=commit(self._merges), tree=tree(9)
        )
        self.tell("run", done)

    def give_up(self, attempt: str, reason: str) -> None:
        """End an attempt."""
        self.tell(f"attempt/{attempt}", EndAttempt("gave_up", reason))
        self.tell("run", RecordResult(AttemptId(attempt), "gave_up", reason, f"lesson: {reason}"))

    def wait(self, attempt: str, action: Action) -> None:
        """Have an attempt ask a person about its first call; its terms must say that it asks."""
        self.tell(f"attempt/{attempt}", wants("c1", action))
        gate = self.view.world.attempt(AttemptId(attempt)).gate
        assert gate is not None
        question = Question(
            approval=gate.approval,
            ticket=ticket_of(AttemptId(attempt))[0],
            attempt=AttemptId(attempt),
            action=action,
            call=CallId("c1"),
        )
        self.tell(f"approval/{gate.approval}", Ask(question))
        self.tell("run", ParkTicket(AttemptId(attempt), gate.approval))


def told() -> Story:
    """Return a story in memory."""
    return Story(MemoryLog("r1", clock=ticking()))


def written(repository: Path, run: str = "r1") -> Story:
    """Return a story on disk, in a new run folder; close its log to let go of the run."""
    folder = RunFolder.create(repository, run)
    return Story(JsonlLog.open(folder.log, CODEC, clock=ticking()))
