"""What a run owes at every stage, and what it knows of its attempts."""

import pytest

from events.attempt_terms import Onto
from events.conversation import Usage
from events.ids import AttemptId, TicketId
from events.policy import Policy, Rule
from events.run import (
    Assign,
    CloseBooks,
    Deliver,
    Grant,
    GrantNextMerge,
    MergeAttempt,
    Run,
    due,
)
from events.run_commands import (
    AssignTickets,
    BlockTicket,
    ContinueRun,
    EndRun,
    ParkTicket,
    PauseRun,
    QueueMerge,
    RecordCrash,
    RecordDelivery,
    ReleaseTicket,
    SkipTicket,
    UnparkTicket,
)
from events.settings import Settings
from tests.events.runs import A1, GRANT, STAGES, assigned, completed, failed, merged, run_of
from tests.histories import ASK_SPAWN, ATTEMPT, T1, commit, ticket, tree

ONTO = Onto(commit(0), tree(0), 1_800_000_000, 40)

DUE = {
    "new": (),
    "planning": (),
    "ready": (Assign(),),
    "assigned": (),
    "parked": (),
    "queued": (GrantNextMerge(),),
    "granted": (MergeAttempt(Grant(ATTEMPT, ONTO)),),
    "paused": (),
    "ticket blocked": (CloseBooks(),),
    "cancelling": (CloseBooks(),),
    "completed": (Deliver(commit(1)),),
    "blocked": (),
    "cancelled": (),
    "going on": (Assign(),),
}


@pytest.mark.parametrize("stage", STAGES)
def test_the_state_is_its_own_to_do_list(stage: str) -> None:
    assert due(STAGES[stage].state) == DUE[stage]


@pytest.mark.parametrize("stage", STAGES)
def test_waking_from_the_log_owes_what_living_on_owes(stage: str) -> None:
    assert STAGES[stage].refolded() == STAGES[stage].state


def test_a_paused_run_assigns_nothing_but_merges_what_is_done() -> None:
    two = assigned(ticket("T1"), ticket("T2"), settings=Settings(workers=1))
    queued = two.after(PauseRun("ann"), QueueMerge(ATTEMPT))
    assert due(queued.state) == (GrantNextMerge(),)
    done = queued.after(GRANT, completed())
    assert due(done.state) == ()
    assert due(done.after(ContinueRun("ann")).state) == (Assign(),)


def test_only_one_merge_is_owed_at_a_time() -> None:
    run = assigned(ticket("T1"), ticket("T2")).after(QueueMerge(ATTEMPT), GRANT)
    busy = run.after(QueueMerge(AttemptId("T2.1")))
    assert due(busy.state) == (MergeAttempt(Grant(ATTEMPT, ONTO)),)


def test_what_is_completed_is_delivered_even_if_the_run_ends_blocked() -> None:
    run = merged(assigned(ticket("T1"), ticket("T2")), "T1.1")
    ended = run.after(BlockTicket(TicketId("T2"), "ann"), EndRun())
    assert ended.state.ending == "blocked"
    assert due(ended.state) == (Deliver(commit(1)),)


def test_a_tip_is_delivered_once() -> None:
    delivered = STAGES["completed"].after(RecordDelivery(commit(1), "branch", "trackside/r1"))
    assert delivered.state.delivery is not None
    assert due(delivered.state) == ()


def test_a_tip_that_has_moved_since_is_delivered_again() -> None:
    run = merged(assigned(ticket("T1"), ticket("T2")), "T1.1")
    run = run.after(BlockTicket(TicketId("T2"), "ann"), EndRun())
    run = run.after(RecordDelivery(commit(1), "branch"), ReleaseTicket(TicketId("T2"), "ann"))
    run = run.after(AssignTickets(), QueueMerge(AttemptId("T2.2")), GRANT, completed("T2.2", 2))
    assert due(run.after(EndRun()).state) == (Deliver(commit(2)),)


def test_nothing_is_delivered_where_nothing_is_wanted_or_there_is_nothing() -> None:
    unwanted = assigned(ticket("T1"), settings=Settings(deliver="none"))
    assert due(merged(unwanted, "T1.1").after(EndRun()).state) == ()
    nothing = assigned(ticket("T1")).after(SkipTicket(T1, "ann"), EndRun())
    assert due(nothing.state) == ()


def test_a_run_waits_when_every_attempt_waits_for_a_person() -> None:
    parked = STAGES["parked"]
    assert parked.state.waits
    assert not parked.after(UnparkTicket(ATTEMPT)).state.waits


def test_a_run_does_not_wait_while_anything_can_move() -> None:
    plan = (ticket("T1"), ticket("T2"), ticket("T3"))
    parked = assigned(*plan).after(ParkTicket(ATTEMPT, A1))
    assert not parked.state.waits
    assert not STAGES["ticket blocked"].state.waits


def test_a_run_does_not_wait_before_its_question_is_put() -> None:
    asking = assigned(ticket("T1"), policy=ASK_SPAWN)
    assert not asking.state.waits
    assert asking.after(ParkTicket(ATTEMPT, A1)).state.waits


def test_a_spawn_that_asks_leaves_its_worker_to_the_next_ticket() -> None:
    asks = Rule(verdict="ask", kind=("spawn",), ticket=("T1", "T3"))
    policy = Policy("some spawns ask", (asks, Rule(verdict="allow")))
    run = assigned(*(ticket(f"T{number}") for number in range(1, 6)), policy=policy)
    assert run.state.facts.settings.workers == 2
    assert list(run.state.active) == ["T1.1", "T2.1", "T3.1", "T4.1"]


def test_usage_is_that_of_all_attempts_that_are_over() -> None:
    run = assigned(ticket("T1")).after(failed(usage=Usage(input=5)), AssignTickets())
    run = run.after(failed("T1.2", usage=Usage(input=7, output=1)))
    assert run.state.usage == Usage(input=12, output=1)


def test_deaths_are_counted_by_actor() -> None:
    crash = RecordCrash("worker T1.1", "KeyError: 'x'", ATTEMPT)
    run = assigned().after(crash, RecordCrash("qa", "OSError"), crash)
    assert dict(run.state.crashes) == {"worker T1.1": 2, "qa": 1}


def test_free_workers_are_never_fewer_than_none() -> None:
    plan = tuple(ticket(f"T{number}") for number in range(1, 5))
    run = assigned(*plan).after(ParkTicket(ATTEMPT, A1), AssignTickets(), UnparkTicket(ATTEMPT))
    assert run.state.plan.count("in_progress") == 3
    assert run.state.free_workers == 0


def test_a_run_without_a_plan_says_so() -> None:
    with pytest.raises(AssertionError, match="never started"):
        _ = Run().facts
    with pytest.raises(AssertionError, match="not complete"):
        _ = STAGES["planning"].state.plan


def test_a_base_with_nothing_on_it_is_its_own_tip() -> None:
    assert (run_of(ticket("T1")).state.commit, run_of(ticket("T1")).state.tree) == (
        commit(0),
        tree(0),
    )
