"""Any sequence of commands: what was decided can be believed, and something sensible is owed."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from events.action import Outcome
from events.attempt import Attempt
from events.attempt_commands import (
    AttemptCommand,
    BeginMerge,
    EndAttempt,
    RecordCallFailure,
    RecordCheck,
    RecordCommit,
    RecordMerge,
    RecordSetup,
    ReportWorktreeLost,
    RequestTool,
    ReviewDoubt,
)
from events.attempt_due import Report
from events.attempt_due import due as owed_by_attempt
from events.errors import CommandRefusedError
from events.ids import ApprovalId, AttemptId, CallId, TicketId
from events.policy import PRESETS, Policy
from events.run import Assign, CloseBooks, GrantNextMerge, MergeAttempt, Run
from events.run import due as owed_by_run
from events.run_commands import (
    AssignTickets,
    BlockTicket,
    CancelRun,
    ContinueRun,
    EndRun,
    ParkTicket,
    PauseRun,
    PlanTickets,
    QueueMerge,
    RecordCrash,
    RecordDelivery,
    RecordResult,
    ReleaseTicket,
    RunCommand,
    SkipTicket,
    StartRun,
    UnparkTicket,
)
from events.run_events import TicketCompleted
from events.settings import Limits
from events.ticket import TRANSITIONS, TicketState
from events.track import is_over
from tests.events.attempts import MOVED_TIP, NEW, OUTSIDE, TIP
from tests.events.runs import GRANT, completed, failed
from tests.events.runs import NEW as NO_RUN
from tests.histories import (
    ASK_MERGE,
    ASK_SPAWN,
    ASK_TOOLS,
    BEGIN,
    CONTEXT,
    GREEN,
    RED,
    answered,
    commit,
    denying,
    finishes,
    hinted,
    ran,
    says,
    shell,
    start,
    started,
    ticket,
    tree,
    wants,
    write,
)
from tests.scenario import Scenario

CHOICES = st.lists(st.integers(min_value=0, max_value=999), min_size=5, max_size=60)
POLICIES = st.sampled_from(
    [*PRESETS.values(), ASK_MERGE, ASK_SPAWN, ASK_TOOLS, denying("tool"), denying("in_doubt")]
)
LIMITS = Limits(turns=4, model_tries=3, stuck_after=2)
BROKEN = Outcome(ok=True, failing=True, finding="till.py:7")

SAID_TO_ATTEMPTS: list[AttemptCommand] = [
    CONTEXT, BEGIN, says("write_file", "run_command"), says("finish"), says(text="done"),
    RecordSetup(GREEN, tree(1)), RecordSetup(RED, tree(1)),
    RecordCallFailure("x", "y", retryable=True),
    RecordCheck(GREEN), RecordCheck(RED), BeginMerge(TIP), BeginMerge(MOVED_TIP),
    RecordMerge(tree(5)), RecordMerge(None, ("a.py",)), RecordCommit(commit(5)),
    ReportWorktreeLost(),
]  # fmt: skip
FATAL: list[AttemptCommand] = [
    EndAttempt("cancelled", "enough"), says(text="BLOCKED"),
    RecordCallFailure("x", "y", retryable=False),
]  # fmt: skip
RARELY = 20
"""One choice in so many may end an attempt, or cancel a run, out of the blue."""


def sayable_to(attempt: Attempt) -> list[AttemptCommand]:
    """Return what somebody could say to this attempt, much of it nonsense."""
    call = attempt.pending[0].call if attempt.pending else CallId("c1")
    waits = attempt.gate.approval if attempt.gate is not None else ApprovalId("T1.1.c1")
    failure = attempt.failure.call if attempt.failure is not None else CallId("c1")
    return [
        *SAID_TO_ATTEMPTS, started(), ReviewDoubt(call), hinted(failure), hinted(failure, "other"),
        wants(call), wants(call, write("other")), wants(call, shell()), wants(call, OUTSIDE),
        finishes(call),
        RequestTool(call, None, "no such tool"), ran(call), ran(call, RED), ran(call, BROKEN),
        answered(waits), answered(waits, "rejected"), answered(waits, arguments="{}"),
    ]  # fmt: skip


def accepted(scenario: Scenario[Any, Any, Any], commands: Sequence[Any]) -> list[Any]:
    """Return the commands that are not refused."""
    taken = []
    for command in commands:
        try:
            scenario.decider.decide(command, scenario.state)
        except CommandRefusedError:
            continue
        taken.append(command)
    return taken


@settings(max_examples=150)
@given(CHOICES, POLICIES, st.booleans(), st.booleans())
def test_any_sequence_of_commands_to_an_attempt(
    choices: list[int], policy: Policy, setup: bool, check: bool
) -> None:
    words = {"setup": "make" if setup else "", "check": "make test" if check else ""}
    attempt = NEW.after(started(policy=policy, limits=LIMITS, **words))
    for choice in choices:
        owed = owed_by_attempt(attempt.state)
        if attempt.state.stage == "over":
            assert accepted(attempt, [*sayable_to(attempt.state), *FATAL]) == []
            assert owed == Report()
            break
        fatal = FATAL if choice % RARELY == 0 else []
        can = accepted(attempt, [*sayable_to(attempt.state), *fatal])
        assert can, f"{owed} is owed, but nothing is taken"
        attempt = attempt.after(can[choice % len(can)])
    assert attempt.refolded() == attempt.state
    assert len(attempt.state.turns) <= LIMITS.turns


PLAN = (ticket("T1"), ticket("T2"), ticket("T3", "T1", "T2"), ticket("T4", "T3", max_attempts=1))
NAMES = [held.id for held in PLAN]


def sayable_to_run(run: Run) -> list[RunCommand]:
    """Return what somebody could say to this run, much of it nonsense."""
    attempts = [AttemptId(f"{name}.{number}") for name in NAMES for number in (1, 2)]
    said: list[RunCommand] = [
        AssignTickets(), GRANT, PauseRun("ann"), ContinueRun("ann"), EndRun(),
        RecordDelivery(run.commit, "branch"), RecordCrash("qa", "KeyError"),
        StartRun(start(PLAN), PLAN), PlanTickets(PLAN[2:]),
    ]  # fmt: skip
    for name in [*NAMES, TicketId("T9")]:
        said += [BlockTicket(name, "ann"), SkipTicket(name, "ann"), ReleaseTicket(name, "ann")]
    for attempt in sorted({*run.active, *attempts}):
        said += [
            ParkTicket(attempt, ApprovalId(f"{attempt}.c1")), UnparkTicket(attempt),
            QueueMerge(attempt), failed(attempt), failed(attempt, "rejected"),
            completed(attempt, int(run.commit[1:]) + 1), RecordResult(attempt, "completed"),
        ]  # fmt: skip
    return said


@settings(max_examples=150)
@given(CHOICES, POLICIES)
def test_any_sequence_of_commands_to_a_run(choices: list[int], policy: Policy) -> None:
    run = NO_RUN.after(StartRun(start(PLAN, policy=policy), PLAN[:2]), PlanTickets(PLAN[2:]))
    for choice in choices:
        cancel = [CancelRun("ann")] if choice % RARELY == 0 else []
        can = accepted(run, [*sayable_to_run(run.state), *cancel])
        before = run
        run = run.after(can[choice % len(can)])
        assert_moves_are_legal(before, run)
        assert_what_is_owed_makes_sense(run.state)
    assert run.refolded() == run.state


def assert_moves_are_legal(before: Scenario[Run, Any, Any], after: Scenario[Run, Any, Any]) -> None:
    """Check each event by itself: one event is one move of one ticket at most."""
    legal = {(was, now) for (was, _), now in TRANSITIONS.items()}
    state = before.state
    for event in after.history[len(before.history) :]:
        if isinstance(event, TicketCompleted):
            assert state.grant is not None
            assert state.grant.attempt == event.attempt, "only who may merge completes"
        evolved = after.decider.evolve(state, event)
        moved = {
            (was.status, now.status)
            for was, now in zip(state.plan, evolved.plan, strict=True)
            if was.status != now.status
        }
        assert len(moved) <= 1
        assert moved <= legal
        state = evolved


def assert_what_is_owed_makes_sense(run: Run) -> None:
    owed = {type(step) for step in owed_by_run(run)}
    assert not {GrantNextMerge, MergeAttempt} <= owed
    assert not {Assign, CloseBooks} <= owed
    if run.standing in {"running", "paused"}:
        assert (CloseBooks in owed) == is_over(run.plan)
        working: set[TicketState] = {"in_progress", "step_paused"}
        under_way = {held.id for held in run.plan if held.status in working}
        assert {active.ticket for active in run.active.values()} == under_way
    assert set(run.queue) <= set(run.active)
    assert run.grant is None or run.grant.attempt in run.active
