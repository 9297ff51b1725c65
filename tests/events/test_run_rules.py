"""Every command to a run, at every stage of its life."""

from typing import Any, Literal, get_args

import pytest

from events.assignment import terms_of
from events.attempt_terms import Onto, Result
from events.budget import Amount
from events.conversation import Usage
from events.fork_words import RunForked
from events.ids import ApprovalId, AttemptId, TicketId, TreeId
from events.policy import PRESETS, Amendment
from events.run import due
from events.run_commands import (
    AmendPolicy,
    AssignTickets,
    BlockTicket,
    CancelRun,
    ContinueRun,
    DeclineBudget,
    EndRun,
    HoldTicket,
    ParkTicket,
    PauseRun,
    PlanTickets,
    QueueMerge,
    RaiseBudget,
    RecordCrash,
    RecordDelivery,
    RecordResult,
    RecordSandbox,
    RecordWait,
    ReleaseTicket,
    ReserveBudget,
    RunCommand,
    SettleBudget,
    SkipTicket,
    StartRun,
    UnparkTicket,
)
from events.run_events import (
    ActorCrashed,
    BudgetRaised,
    BudgetReserved,
    BudgetSettled,
    MergeGranted,
    MergeQueued,
    ModelWaited,
    PolicyAmended,
    RunCancelled,
    RunContinued,
    RunDelivered,
    RunEnded,
    RunPaused,
    RunSandboxed,
    RunStarted,
    TicketAssigned,
    TicketBlocked,
    TicketCompleted,
    TicketParked,
    TicketReleased,
    TicketRequeued,
    TicketSkipped,
    TicketsPlanned,
    TicketUnlocked,
    TicketUnparked,
)
from events.settings import Archetype, Budget, Models, Settings
from events.ticket import Block, Cause
from events.track import TrackSpec
from tests.events.runs import (
    A1,
    GRANT,
    NEW,
    STAGES,
    assigned,
    completed,
    failed,
    run_of,
)
from tests.histories import ASK_SPAWN, ATTEMPT, T1, begins, commit, forks, start, ticket, tree

Setback = Literal["failed", "gave_up", "stuck", "budget"]

T2, T3, T4 = TicketId("T2"), TicketId("T3"), TicketId("T4")

AMENDMENT = Amendment("tools ask: rule 1", "tool", A1, "ann")

COMMANDS: dict[str, RunCommand] = {
    "start": begins(ticket("T1")),
    "plan": PlanTickets((ticket("T2", "T1"),)),
    "assign": AssignTickets(),
    "park": ParkTicket(ATTEMPT, A1),
    "unpark": UnparkTicket(ATTEMPT),
    "queue": QueueMerge(ATTEMPT),
    "grant": GRANT,
    "completed": completed(),
    "failed": failed(),
    "block": BlockTicket(T1, "ann", "not now"),
    "skip": SkipTicket(T1, "ann"),
    "release": ReleaseTicket(T1, "ann"),
    "pause": PauseRun("ann"),
    "continue": ContinueRun("ann"),
    "cancel": CancelRun("ann", "enough"),
    "end": EndRun(),
    "delivery": RecordDelivery(commit(1), "branch", "trackside/r1"),
    "crash": RecordCrash("qa", "KeyError: 'x'"),
    "hold": HoldTicket(ATTEMPT, "the quota of the day is used up"),
    "reserve": ReserveBudget(ATTEMPT, "T1.1#1", Amount(10)),
    "settle": SettleBudget(ATTEMPT, "T1.1#1", Amount(5)),
    "raise": RaiseBudget(Budget(run_tokens=9), "ann"),
    "decline": DeclineBudget("ann"),
    "amend": AmendPolicy(ATTEMPT, AMENDMENT),
    "fork": forks(),
    "sandbox": RecordSandbox("bwrap", "nothing else is there"),
    "wait": RecordWait(ATTEMPT, "gemini-2.5-flash", "server", 2.0),
}

GOING: dict[str, list[type[Any]]] = {
    "assign": [],
    "block": [TicketBlocked, TicketBlocked],
    "skip": [TicketSkipped, TicketUnlocked],
    "pause": [RunPaused],
    "cancel": [RunCancelled],
    "crash": [ActorCrashed],
    "sandbox": [RunSandboxed],
    "wait": [ModelWaited],
    "settle": [BudgetSettled],
    "raise": [BudgetRaised],
    "fork": [RunForked],
}
"""What a run that goes on answers, whatever else happens."""
UNDER_WAY: dict[str, list[type[Any]]] = {
    "park": [TicketParked],
    "unpark": [],
    "queue": [MergeQueued],
    "failed": [TicketRequeued],
    "hold": [TicketParked, RunPaused],
    "reserve": [BudgetReserved],
    "amend": [PolicyAmended],
}
"""What it answers while T1.1 works."""
CRASH: dict[str, list[type[Any]]] = {
    "crash": [ActorCrashed],
    "sandbox": [RunSandboxed],
    "wait": [ModelWaited],
}
LATE: dict[str, list[type[Any]]] = {
    **CRASH, "settle": [BudgetSettled], "fork": [RunForked],
}  # fmt: skip
"""What is taken down whenever it is learnt."""

ANSWERED: dict[str, dict[str, list[type[Any]]]] = {
    "new": {"start": [RunStarted, TicketsPlanned]},
    "planning": {"plan": [TicketsPlanned], **CRASH},
    "ready": {**GOING, "assign": [TicketAssigned]},
    "assigned": {**GOING, **UNDER_WAY},
    "parked": {
        **GOING,
        "park": [],
        "unpark": [TicketUnparked],
        "queue": [TicketUnparked, MergeQueued],
        "failed": [TicketRequeued],
        "hold": [TicketParked, RunPaused],
        "reserve": [TicketUnparked, BudgetReserved],
        "amend": [PolicyAmended],
    },
    "queued": {
        **GOING, "unpark": [], "queue": [], "failed": [TicketRequeued], "grant": [MergeGranted],
        "amend": [PolicyAmended],
    },
    "granted": {
        **GOING, "unpark": [], "queue": [], "failed": [TicketRequeued], "amend": [PolicyAmended],
        "completed": [TicketCompleted, TicketUnlocked],
    },
    "paused": {
        "continue": [RunContinued],
        **{name: kinds for name, kinds in GOING.items() if name not in {"assign", "pause"}},
        **UNDER_WAY,
        "hold": [TicketParked],
    },
    "ticket blocked": {
        "assign": [], "release": [TicketReleased, TicketReleased], "pause": [RunPaused],
        "cancel": [RunCancelled], "end": [RunEnded], "raise": [BudgetRaised], **LATE,
    },
    "cancelling": {"end": [RunEnded], **LATE},
    "completed": {"delivery": [RunDelivered], **LATE},
    "blocked": {
        "delivery": [RunDelivered],
        "release": [RunContinued, TicketReleased, TicketReleased],
        **LATE,
    },
    "cancelled": {"delivery": [RunDelivered], **LATE},
    "going on": {**GOING, "assign": [TicketAssigned]},
}  # fmt: skip
"""Stage -> command -> kinds of events; every other pair is refused."""


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_at_every_stage_is_answered_or_refused_as_the_table_says(
    stage: str, name: str
) -> None:
    answer = STAGES[stage].when(COMMANDS[name])
    expected = ANSWERED[stage].get(name)
    if expected is None:
        answer.refused("is refused: ")
    else:
        after = answer.then_kinds(*expected)
        due(after.state)
        assert after.refolded() == after.state


def test_the_table_knows_every_command() -> None:
    assert {type(command) for command in COMMANDS.values()} == set(get_args(RunCommand))


# -------------------------------------------------------------------------------------- plan


def test_a_run_goes_once_its_last_ticket_is_planned() -> None:
    plan = (ticket("T1"), ticket("T2", "T1"), ticket("T3", "T2"))
    begun = NEW.after(StartRun(start(plan), plan[:1]), PlanTickets(plan[1:2]))
    assert begun.state.standing == "planning"
    assert begun.state.planned == plan[:2]
    going = begun.after(PlanTickets(plan[2:]))
    assert going.state.standing == "running"
    assert [held.status for held in going.state.plan] == ["pending", "locked", "locked"]
    going.when(PlanTickets(plan[2:])).refused("the run is running")


def test_a_run_of_work_done_before_can_close_its_books() -> None:
    done = run_of(ticket("T1", status="completed"))
    done.when(EndRun()).then(RunEnded("completed", commit(0), tree(0)))


# ------------------------------------------------------------------------------------ assign


def test_ready_tickets_go_to_free_workers_by_priority_and_then_file_order() -> None:
    plan = (ticket("T1"), ticket("T2"), ticket("T3", priority="high"))
    run_of(*plan).when(AssignTickets()).then(
        TicketAssigned(T3, AttemptId("T3.1"), 1, "gemini-2.5-flash-lite", commit(0), tree(0)),
        TicketAssigned(T1, ATTEMPT, 1, "gemini-2.5-flash-lite", commit(0), tree(0)),
    )


def test_a_parked_attempt_needs_no_worker() -> None:
    plan = (ticket("T1"), ticket("T2"), ticket("T3"))
    busy = assigned(*plan)
    busy.when(AssignTickets()).then()
    busy.after(ParkTicket(ATTEMPT, A1)).when(AssignTickets()).then_kinds(TicketAssigned)


def test_an_attempt_that_waits_for_its_merge_needs_no_worker_but_the_queue_stays_short() -> None:
    plan = tuple(ticket(f"T{number}") for number in range(1, 7))
    run = assigned(*plan)
    for number in range(1, 5):
        run = run.after(QueueMerge(AttemptId(f"T{number}.1")), AssignTickets())
    assert run.state.plan.count("in_progress") == 4
    assert run.state.free_workers == 0


def test_a_spawn_that_asks_parks_its_ticket_at_once() -> None:
    asking = assigned(ticket("T1"), policy=ASK_SPAWN)
    assert asking.state.plan[T1].status == "step_paused"
    asking.when(UnparkTicket(ATTEMPT)).then(TicketUnparked(T1))


@pytest.mark.parametrize(
    ("attempt", "model"),
    [(1, "gemini-2.5-flash-lite"), (2, "gemini-2.5-flash"), (3, "gemini-3.1-pro-preview"),
     (4, "gemini-3.1-pro-preview")],
)  # fmt: skip
def test_each_attempt_takes_the_next_rung_and_the_last_rung_repeats(
    attempt: int, model: str
) -> None:
    run = assigned(ticket("T1", max_attempts=4))
    for number in range(1, attempt):
        run = run.after(failed(f"T1.{number}"), AssignTickets())
    assert run.state.active[AttemptId(f"T1.{attempt}")].model == model


def test_a_ticket_or_its_archetype_can_name_the_model() -> None:
    settings = Settings(archetypes={"expert": Archetype(model="scripted:x", trust="step")})
    expert = assigned(ticket("T1", assigned_to="expert"), settings=settings)
    assert expert.state.active[ATTEMPT].model == "scripted:x"
    named = ticket("T1", assigned_to="expert", model_override="scripted:y")
    assert assigned(named, settings=settings).state.active[ATTEMPT].model == "scripted:y"


def test_terms_hold_all_that_binds_an_attempt() -> None:
    track = TrackSpec(
        id="shop", title="Shop", description="sell", setup="make", check="make test", tickets=()
    )
    archetypes = {"expert": Archetype(prompt="be brief")}
    settings = Settings(archetypes=archetypes, models=Models(max_output_tokens=99))
    plan = (ticket("T1", assigned_to="expert", check="pytest t1"), ticket("T2"))
    run = assigned(*plan, track=track, settings=settings).after(failed(), AssignTickets()).state
    terms = terms_of(run, run.active[AttemptId("T1.2")])
    assert (terms.attempt, terms.number, terms.model) == ("T1.2", 2, "gemini-2.5-flash")
    assert (terms.title, terms.goal, terms.setup) == ("Shop", "sell", "make")
    assert (terms.check, terms.lesson) == ("pytest t1", "try harder")
    assert (terms.base, terms.base_tree) == (commit(0), tree(0))
    assert (terms.max_output_tokens, terms.archetype) == (99, Archetype(prompt="be brief"))
    assert (terms.limits, terms.policy) == (settings.limits, PRESETS["auto"])
    other = terms_of(run, run.active[AttemptId("T2.1")])
    assert (other.check, other.lesson, other.archetype) == ("make test", "", Archetype())


# ---------------------------------------------------------------------------- park and merge


def test_a_second_question_of_a_parked_attempt_takes_the_place_of_the_first() -> None:
    other = ApprovalId("T1.1.c1.2")
    again = STAGES["parked"].when(ParkTicket(ATTEMPT, other)).then(TicketParked(T1, other))
    assert again.state.plan[T1].waits_for == other
    assert again.after(UnparkTicket(ATTEMPT)).state.plan[T1].waits_for is None


def test_a_late_question_does_not_park_what_asks_to_be_merged() -> None:
    STAGES["queued"].when(ParkTicket(ATTEMPT, A1)).refused("attempt T1.1 asks to be merged")
    STAGES["granted"].when(ParkTicket(ATTEMPT, A1)).refused("attempt T1.1 asks to be merged")


def test_merges_are_granted_one_at_a_time_first_come_first() -> None:
    run = assigned(ticket("T1"), ticket("T2"))
    run = run.after(QueueMerge(AttemptId("T2.1")), QueueMerge(ATTEMPT))
    onto = Onto(commit(0), tree(0), 1_800_000_000, 40)
    run = run.when(GRANT).then(MergeGranted(AttemptId("T2.1"), onto))
    run.when(GRANT).refused("the run is running")
    run = run.after(completed("T2.1", 1))
    moved = Onto(commit(1), tree(1), 1_800_000_000, 40)
    run.when(GRANT).then(MergeGranted(ATTEMPT, moved))


def test_a_failed_merge_lets_the_next_one_in() -> None:
    run = assigned(ticket("T1"), ticket("T2"))
    run = run.after(QueueMerge(ATTEMPT), QueueMerge(AttemptId("T2.1")), GRANT, failed())
    run.when(GRANT).then_kinds(MergeGranted)


# ----------------------------------------------------------------------------------- results


def test_a_completed_ticket_moves_the_tip_and_unlocks_what_waited_for_it() -> None:
    run = (
        STAGES["granted"]
        .when(completed())
        .then(TicketCompleted(T1, ATTEMPT, commit(1), tree(1)), TicketUnlocked(T2, T1))
    )
    assert (run.state.commit, run.state.tree) == (commit(1), tree(1))
    assert run.state.grant is None
    assert ATTEMPT not in run.state.active


@pytest.mark.parametrize(
    "result",
    [
        RecordResult(ATTEMPT, "completed"),
        RecordResult(ATTEMPT, "completed", commit=commit(1)),
        RecordResult(ATTEMPT, "completed", tree=TreeId("")),
    ],
)
def test_nothing_is_completed_without_a_commit(result: RecordResult) -> None:
    STAGES["granted"].when(result).refused("attempt T1.1 was not let merge")


def test_nothing_is_completed_without_a_grant() -> None:
    STAGES["queued"].when(completed()).refused("attempt T1.1 was not let merge")


@pytest.mark.parametrize("result", get_args(Setback))
def test_a_failed_ticket_is_tried_again_with_a_lesson_while_attempts_are_left(
    result: Setback,
) -> None:
    run = assigned(ticket("T1", max_attempts=2))
    usage = Usage(input=5)
    run = run.when(failed("T1.1", result, usage=usage)).then(
        TicketRequeued(T1, ATTEMPT, result, "no luck", "try harder", usage)
    )
    assert run.state.plan[T1].lesson == "try harder"
    assert run.state.usage == usage
    run.after(AssignTickets()).when(failed("T1.2", result)).then(
        TicketBlocked(T1, Block(result, "no luck"), AttemptId("T1.2"), "try harder")
    )


@pytest.mark.parametrize(("result", "cause"), [("rejected", "rejected"), ("cancelled", "manual")])
def test_what_a_person_ended_is_never_tried_again_by_itself(result: Result, cause: Cause) -> None:
    assigned().when(failed("T1.1", result)).then(
        TicketBlocked(T1, Block(cause, "no luck"), ATTEMPT, "try harder"),
        TicketBlocked(T2, Block("dependency", by=T1)),
    )


def test_a_result_is_taken_once() -> None:
    again = assigned().after(failed())
    again.when(failed()).refused("attempt T1.1 is over or was never assigned")
