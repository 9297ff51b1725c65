"""A whole run in one thread: the deciders of all streams, and a seeded world that answers them.

The world does what the state owes, in any order, and lets crashes, power cuts, lost worktrees and
operators come between. A crash drops every live state; what goes on is read from the recorded
bytes. A power cut takes the last decisions as well, as many as it likes of those that no sync has
made safe.
"""

from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Any, NamedTuple

import msgspec

from events import world
from events.approval import Answer, ApprovalEvent, Ask, Question, Settle
from events.assignment import terms_of
from events.attempt import Attempt, Gate
from events.attempt_commands import (
    BeginCall,
    BeginMerge,
    RecordAnswer,
    RecordCheck,
    RecordCommit,
    RecordContext,
    RecordMerge,
    RecordSetup,
    RecordToolResult,
    ReportWorktreeLost,
    ReviewDoubt,
    StartAttempt,
    TakeHint,
)
from events.attempt_due import (
    AskApproval,
    AskForHint,
    CallModel,
    ConsiderTool,
    MakeCommit,
    MergeTree,
    OpenContext,
    OutwardStep,
    PrepareCall,
    Report,
    RunCheck,
    RunSetup,
    RunTool,
    Step,
    due,
)
from events.attempt_events import AttemptEvent
from events.base import Command, Event
from events.budget import Amount
from events.decider import Decider
from events.hint import AskHint, Failure, HintEvent, RecordHint
from events.ids import AttemptId, CommitId, StreamId, stream_of
from events.run import (
    Active,
    Assign,
    CloseBooks,
    Deliver,
    GrantNextMerge,
    MergeAttempt,
    Run,
    RunStep,
)
from events.run import due as owed_by_run
from events.run_commands import (
    AssignTickets,
    BlockTicket,
    CancelRun,
    ContinueRun,
    DeclineBudget,
    EndRun,
    GrantMerge,
    ParkTicket,
    PauseRun,
    QueueMerge,
    RaiseBudget,
    RecordDelivery,
    RecordResult,
    ReleaseTicket,
    ReserveBudget,
    SettleBudget,
    SkipTicket,
    StartRun,
    UnparkTicket,
)
from events.run_events import RunEvent
from events.settings import Budget
from events.streams import DECIDERS, RUN, kind_of
from events.world import World
from tests.simulated_chance import Chance

MOST_OF_A_CALL = Amount(20)
"""More than any call here uses."""

FELT = CallModel | RunSetup | RunTool | RunCheck
"""Steps that something outside of the run sees, or pays for."""

Deed = Callable[[], None]
"""One thing that can happen now."""

_RECORD = msgspec.json.Decoder(tuple[StreamId, RunEvent | AttemptEvent | HintEvent | ApprovalEvent])
"""Reads one record."""


class Recorded(NamedTuple):
    """One of the events of a simulated run."""

    position: int
    stream: StreamId
    event: Event


class SimulatedWorld:
    """A run, its attempts, its people and its machines, all of one seed."""

    def __init__(self, seed: int, start: StartRun, *, operator: bool = True) -> None:
        """Record the start of the run; with an `operator`, tickets are blocked and skipped too."""
        self.random = Random(seed)
        self._chance = Chance(self.random)
        self.log: list[bytes] = []
        self.decisions: list[tuple[StreamId, bytes, tuple[Event, ...]]] = []
        self.world = World()
        self.parents: dict[CommitId, CommitId] = {}
        """Every commit that was made, and the one before it."""
        self.crashes = 0
        self.cuts = 0
        """Power cuts so far; they are crashes too."""
        self._safe = 0
        """Decisions that a power cut leaves."""
        self._felt = 0
        """Decisions on record when something outside was last seen or felt."""
        self._operator = operator
        self._woken: set[AttemptId] = set()
        self._do(RUN, start)
        self._sync()

    @property
    def run(self) -> Run:
        """The run as it lives."""
        return self.world.run

    def tell(self, command: Command) -> None:
        """Have the run take a command."""
        self._do(RUN, command)

    def step(self) -> None:
        """Do one of the things that can happen now."""
        chance = self.random.random()
        if chance < 0.015:
            self.crash()
        elif chance < 0.03:
            self.cut_power()
        elif chance < 0.05 and self._operator:
            self._meddle()
        else:
            deeds = list(self._deeds())
            assert deeds, f"nothing can happen: {self.run.standing}"
            self.random.choice(deeds)()

    def refolded(self) -> World:
        """Return what the recorded bytes alone lead to, read at one go."""
        return world.fold(self.facts())

    def facts(self) -> Iterator[Recorded]:
        """Read the recorded bytes, in order, each with its position."""
        for position, (stream, event) in enumerate(self.records(), start=1):
            yield Recorded(position, stream, event)

    def records(self) -> Iterator[tuple[StreamId, Event]]:
        """Read the recorded bytes, in order."""
        yield from map(_RECORD.decode, self.log)

    def crash(self) -> None:
        """Drop every live state, and read it anew."""
        self.crashes += 1
        before, self.world = self.world, self.refolded()
        assert self.world == before, "what is on record is not what was believed"
        self._woken.clear()

    def cut_power(self) -> None:
        """Crash, and find some of what was not safe gone, from one decision on."""
        self.cuts += 1
        kept = self.random.randint(self._safe, len(self.decisions))
        assert self._felt <= kept, "what was felt outside is not on record"
        lost = sum(len(events) for _, _, events in self.decisions[kept:])
        del self.decisions[kept:]
        del self.log[len(self.log) - lost :]
        self.world = self.refolded()
        self.crash()

    def _sync(self) -> None:
        self._safe = len(self.decisions)

    def _do(self, stream: StreamId, command: Command) -> None:
        """Decide, record, believe."""
        decider: Decider[Any, Any, Any] = DECIDERS[kind_of(stream)]
        state = self.world.states.get(stream, decider.initial)
        events = tuple(decider.decide(command, state))
        self.decisions.append((stream, msgspec.json.encode(command), events))
        for event in events:
            self.log.append(msgspec.json.encode((stream, event)))
            self.world = world.evolve(self.world, stream, event, len(self.log))
        if self.random.random() < 0.1 or kind_of(stream) in {"approval", "hint"}:
            self._sync()  # nobody has waited for long, or somebody waits for each decision

    def _meddle(self) -> None:
        """Be an operator who changes his mind."""
        tickets = list(self.run.plan)
        name = self.random.choice(tickets).id
        status = self.run.plan[name].status
        wishes: list[Command] = []
        if self.run.standing in {"running", "paused"}:
            if status not in {"completed", "skipped", "blocked"}:
                wishes = [BlockTicket(name, "ann"), SkipTicket(name, "ann")]
            wishes += [PauseRun("ann")] if self.run.standing == "running" else []
            wishes += [CancelRun("ann")] if self.random.random() < 0.05 else []
            wishes += self.releases()
        if wishes:
            self._do(RUN, self.random.choice(wishes))

    def releases(self) -> list[Command]:
        """Return how an operator could set blocked tickets free."""
        blocks = [(ticket.id, ticket.block) for ticket in self.run.plan if ticket.block]
        return [ReleaseTicket(name, "ann") for name, held in blocks if held.cause != "dependency"]

    def _deeds(self) -> Iterator[Deed]:
        run = self.run
        if run.standing == "paused":
            yield partial(self._do, RUN, ContinueRun("ann"))
        for owed in owed_by_run(run):
            yield partial(self._perform_for_run, owed)
        if run.standing in {"running", "paused"}:
            for active in run.active.values():
                yield partial(self._work, active)

    def _perform_for_run(self, step: RunStep) -> None:
        match step:
            case Assign():
                self._do(RUN, AssignTickets())
            case GrantNextMerge():
                self._do(RUN, GrantMerge(at_s=1_800_000_000, position=len(self.log)))
            case MergeAttempt(grant=grant):
                if self.world.attempt(grant.attempt).stage == "submitted":
                    self._do(stream_of("attempt", grant.attempt), BeginMerge(grant.onto))
            case CloseBooks():
                self._do(RUN, EndRun())
            case Deliver(commit=commit):
                self._sync()
                self._felt = len(self.decisions)
                self._do(RUN, RecordDelivery(commit, "branch", "trackside/r1"))

    def _work(self, active: Active) -> None:
        """Have the worker of an attempt do one thing; a new worker looks around first."""
        stream, state = stream_of("attempt", active.attempt), self.world.attempt(active.attempt)
        if state.stage == "new":
            self._do(stream, StartAttempt(terms_of(self.run, active)))
            return
        if active.attempt not in self._woken:
            self._woken.add(active.attempt)
            self._wake(stream, state)
            return
        if state.bound.budgeted and self._settles(state):
            return
        if active.attempt in self.run.ledger.lacking:
            self._decide_on_budget()
            return
        step = due(state)
        assert step is not None, "an attempt that was started always owes something"
        self._perform(step, stream, state)

    def _settles(self, state: Attempt) -> bool:
        """Return whether something was to be taken down of what an attempt has used."""
        out = f"{state.id}#{state.call.number}" if state.call is not None else ""
        if self.run.ledger.is_settled(state.id, state.spent, out):
            return False
        self._do(RUN, SettleBudget(state.id, "", state.spent, out))
        return True

    def _decide_on_budget(self) -> None:
        """Be the person who is asked for more."""
        if self.random.random() < 0.1:
            self._do(RUN, DeclineBudget("ann"))
            return
        limits = self.run.ledger.limits
        more = {name: limit and 2 * limit for name, limit in msgspec.structs.asdict(limits).items()}
        self._do(RUN, RaiseBudget(Budget(**more), "ann", limits))

    def _begin_call(self, stream: StreamId, state: Attempt) -> None:
        """Set aside what the call may take, and begin it if there is so much."""
        call = f"{state.id}#{state.model_calls + 1}"
        if state.bound.budgeted:
            self._do(RUN, ReserveBudget(state.id, call, MOST_OF_A_CALL))
            if call not in self.run.ledger.reserved or self.random.random() < 0.05:
                return  # it lacks budget, or its worker has died
        self._do(stream, BeginCall(self._chance.digest(), estimate=10, elapsed_s=1.0))

    def _wake(self, stream: StreamId, state: Attempt) -> None:
        if state.stage not in {"opening", "over"} and self.random.random() < 0.2:
            self._do(stream, ReportWorktreeLost())
        if state.in_doubt is not None:
            self._do(stream, ReviewDoubt(state.in_doubt.call))

    def _perform(self, step: Step, stream: StreamId, state: Attempt) -> None:
        match step:
            case Report():
                self._report(state)
            case AskApproval(gate=gate):
                self._ask(gate, stream, state)
            case AskForHint(failure=failure):
                self._consult(failure, stream)
            case PrepareCall():
                self._begin_call(stream, state)
            case _:
                if isinstance(step, OutwardStep):
                    self._sync()
                if isinstance(step, FELT):
                    self._felt = len(self.decisions)
                self._do(stream, self._effect(step, state))

    def _effect(self, step: Step, state: Attempt) -> Command:
        """Return what doing `step` teaches."""
        match step:
            case OpenContext():
                return RecordContext("system", "message", ("finish",), (), self._chance.digest())
            case RunSetup():
                return RecordSetup(self._chance.outcome(0.9), self._chance.tree())
            case CallModel():
                return self._chance.reply()
            case ConsiderTool(call=call):
                return self._chance.wish(call)
            case RunTool(call=call):
                return RecordToolResult(call.call, self._chance.outcome(0.7), self._chance.tree())
            case RunCheck():
                return RecordCheck(self._chance.outcome(0.6))
            case MergeTree():
                clean = self.random.random() < 0.8
                return RecordMerge(self._chance.tree()) if clean else RecordMerge(None, ("a.py",))
            case MakeCommit(onto=onto):
                made = CommitId(f"c{self._chance.number():039x}")
                self.parents[made] = onto.commit
                return RecordCommit(made)
        raise AssertionError(step)

    def _report(self, state: Attempt) -> None:
        if state.stage == "submitted":
            self._do(RUN, QueueMerge(state.id))
            return
        assert state.result is not None
        news = (state.result, state.reason, state.lesson, state.usage, state.commit, state.merged)
        self._do(RUN, RecordResult(state.id, *news))

    def _ask(self, gate: Gate, stream: StreamId, state: Attempt) -> None:
        """Put the question, or let a person answer it, now or later."""
        about = stream_of("approval", gate.approval)
        asked = self.world.approval(gate.approval)
        if asked.question is None:
            question = Question(
                approval=gate.approval,
                ticket=state.bound.ticket.id,
                attempt=state.id,
                action=gate.action,
                call=gate.call,
            )
            self._do(about, Ask(question))
        elif asked.answer is None:
            self._do(RUN, ParkTicket(state.id, gate.approval))
            if self.random.random() < 0.5:
                yes = self.random.random() < 0.8
                self._do(about, Settle(Answer(verdict="approved" if yes else "rejected", by="ann")))
        else:
            self._do(RUN, UnparkTicket(state.id))
            self._do(stream, RecordAnswer(gate.approval, asked.answer))

    def _consult(self, failure: Failure, stream: StreamId) -> None:
        name = f"{failure.attempt}.{failure.call}"
        hint = self.world.hint(name)
        if hint.failure is None:
            self._do(stream_of("hint", name), AskHint(failure))
        elif hint.given is None:
            words = self.random.choice(["one is not two", "no such file", "KeyError: 'x'"])
            self._do(stream_of("hint", name), RecordHint(words, "extract"))
        else:
            self._do(stream, TakeHint(failure.call, hint.given.words))
