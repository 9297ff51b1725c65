"""A whole run in one thread: the deciders of all streams, and a seeded world that answers them.

The world does what the state owes, in any order, and lets crashes, lost worktrees and operators
come between. A crash drops every live state; what goes on is read from the recorded bytes.
"""

from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Any, NamedTuple

import msgspec

from events import world
from events.action import Action, Outcome
from events.approval import Answer, ApprovalEvent, Ask, Question, Settle
from events.assignment import terms_of
from events.attempt import Attempt, Gate
from events.attempt_commands import (
    BeginCall,
    BeginMerge,
    RecordAnswer,
    RecordCallFailure,
    RecordCheck,
    RecordCommit,
    RecordContext,
    RecordMerge,
    RecordReply,
    RecordSetup,
    RecordToolResult,
    ReportWorktreeLost,
    RequestTool,
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
    PrepareCall,
    Report,
    RunCheck,
    RunSetup,
    RunTool,
    Step,
    due,
)
from events.attempt_events import AttemptEvent
from events.attempt_terms import Call
from events.base import Command, Event
from events.budget import Amount
from events.conversation import Usage
from events.decider import Decider
from events.hint import AskHint, Failure, HintEvent, RecordHint
from events.ids import AttemptId, CallId, CommitId, Digest, StreamId, TreeId, stream_of
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

TOOLS = [*["write_file", "run_command", "read_file", "finish"] * 8, "give_up"]
"""What a model asks for, as often as it stands here."""

MOST_OF_A_CALL = Amount(20)
"""More than any call here uses."""

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
        self.log: list[bytes] = []
        self.decisions: list[tuple[StreamId, bytes, tuple[Event, ...]]] = []
        self.world = World()
        self.parents: dict[CommitId, CommitId] = {}
        """Every commit that was made, and the one before it."""
        self.crashes = 0
        self._operator = operator
        self._made = 0
        self._woken: set[AttemptId] = set()
        self._do(RUN, start)

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
        if chance < 0.03:
            self.crash()
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

    def _do(self, stream: StreamId, command: Command) -> None:
        """Decide, record, believe."""
        decider: Decider[Any, Any, Any] = DECIDERS[kind_of(stream)]
        state = self.world.states.get(stream, decider.initial)
        events = tuple(decider.decide(command, state))
        self.decisions.append((stream, msgspec.json.encode(command), events))
        for event in events:
            self.log.append(msgspec.json.encode((stream, event)))
            self.world = world.evolve(self.world, stream, event, len(self.log))

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
        limits = msgspec.structs.asdict(self.run.ledger.limits)
        more = {name: limit and 2 * limit for name, limit in limits.items()}
        self._do(RUN, RaiseBudget(Budget(**more), "ann"))

    def _begin_call(self, stream: StreamId, state: Attempt) -> None:
        """Set aside what the call may take, and begin it if there is so much."""
        call = f"{state.id}#{state.model_calls + 1}"
        if state.bound.budgeted:
            self._do(RUN, ReserveBudget(state.id, call, MOST_OF_A_CALL))
            if call not in self.run.ledger.reserved or self.random.random() < 0.05:
                return  # it lacks budget, or its worker has died
        self._do(stream, BeginCall(self._digest(), estimate=10, elapsed_s=1.0))

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
                self._do(stream, self._effect(step, state))

    def _effect(self, step: Step, state: Attempt) -> Command:
        """Return what doing `step` teaches."""
        match step:
            case OpenContext():
                return RecordContext("system", "message", ("finish",), (), self._digest())
            case RunSetup():
                return RecordSetup(self._outcome(0.9), self._tree())
            case CallModel():
                return self._answer()
            case ConsiderTool(call=call):
                return self._consider(call)
            case RunTool(call=call):
                return RecordToolResult(call.call, self._outcome(0.7), self._tree())
            case RunCheck():
                return RecordCheck(self._outcome(0.6))
            case MergeTree():
                clean = self.random.random() < 0.8
                return RecordMerge(self._tree()) if clean else RecordMerge(None, ("a.py",))
            case MakeCommit(onto=onto):
                made = CommitId(f"c{self._next():039x}")
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

    def _answer(self) -> Command:
        if self.random.random() < 0.1:
            return RecordCallFailure("unavailable", "503", self.random.random() < 0.9)
        asked = self.random.choices(TOOLS, k=self.random.choice([0, 1, 1, 2, 3]))
        text = self.random.choice(["BLOCKED: no key", "I am BLOCKED", *["so"] * 38])
        calls = tuple(Call(CallId(""), tool, "{}") for tool in asked)
        return RecordReply(text, calls, usage=Usage(input=10, output=1), opening=text)

    def _consider(self, call: Call) -> Command:
        if self.random.random() < 0.1:
            return RequestTool(call.call, None, refusal="that is no path")
        if call.tool in {"finish", "give_up"}:
            return RequestTool(call.call, Action(kind="tool", tool=call.tool), words="so be it")
        effects: dict[str, Any] = {"write_file": "write", "run_command": "command"}
        effect = effects.get(call.tool, "read")
        # A file that changes while a person thinks gives the action another digest.
        digest = self.random.choice([Digest("same"), Digest("same"), Digest("other")])
        confined = effect != "command" or self.random.random() < 0.7
        return RequestTool(
            call.call,
            Action(
                kind="tool", tool=call.tool, effect=effect, digest=digest, confined=confined,
                command="make" if effect == "command" else "",
            ),
        )  # fmt: skip

    def _outcome(self, luck: float) -> Outcome:
        if self.random.random() < luck:
            return Outcome(ok=True, text="fine", output="fine", exit_code=0)
        failing = self.random.random() < 0.8
        return Outcome(ok=False, text="red", exit_code=1, command="make", failing=failing)

    def _next(self) -> int:
        self._made += 1
        return self._made

    def _tree(self) -> TreeId:
        return TreeId(f"{self._next():040x}")

    def _digest(self) -> Digest:
        return Digest(f"{self._next():064x}")
