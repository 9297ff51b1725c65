"""A fork: the same past under another name, and what is different from there on."""

import pytest
from msgspec.structs import replace

from events.assignment import terms_of
from events.attempt_commands import RebindAttempt
from events.attempt_due import PrepareCall
from events.attempt_due import due as attempt_due
from events.budget import Amount
from events.conversation import Usage
from events.fork_words import Inherited, RunForked
from events.ids import RunId, TicketId, attempt_id
from events.ladder import model_for
from events.policy import PRESETS
from events.run import MergeAttempt, Run, due
from events.run_commands import AssignTickets, EndRun, RecordDelivery, ReserveBudget, SettleBudget
from events.run_events import (
    BudgetExceeded,
    BudgetReserved,
    RunContinued,
    TicketReleased,
    TicketRequeued,
)
from events.settings import Budget, Models, Settings
from tests.events.attempts import in_a_call
from tests.events.runs import STAGES, RunScenario, assigned, failed, merged, run_of
from tests.histories import ATTEMPT, T1, commit, forks, says, terms, ticket

TWO_RUNGS = Settings(models=Models(ladder=("small", "large")))
OTHER_MODEL = Settings(models=Models(ladder=("other",)))


def forked(scenario: RunScenario, **changes: object) -> Run:
    """Return the run as its fork begins."""
    return scenario.after(forks(**changes)).state


def test_a_fork_has_its_own_name_and_knows_where_it_left_its_parent() -> None:
    state = forked(assigned())
    assert (state.facts.run, state.facts.program) == ("r2", "2")
    assert [(origin.run, origin.position) for origin in state.lineage] == [("r1", 7)]


def test_a_fork_of_a_fork_knows_both_places() -> None:
    again = replace(forks(), run=RunId("r3"), origin=replace(forks().origin, run=RunId("r2")))
    state = assigned().after(forks(), again).state
    assert [origin.run for origin in state.lineage] == ["r1", "r2"]


def test_a_fork_cannot_have_the_name_of_its_parent() -> None:
    assigned().when(replace(forks(), run=RunId("r1"))).refused("the run is r1 already")


@pytest.mark.parametrize("stage", ["assigned", "parked", "queued", "granted", "paused"])
def test_without_a_change_everything_under_way_goes_on_as_it_was(stage: str) -> None:
    before = STAGES[stage].state
    after = forked(STAGES[stage])
    assert (after.active, after.queue, after.grant) == (before.active, before.queue, before.grant)
    assert list(after.plan) == list(before.plan)
    assert due(after) == due(before)
    assert after.grant is None or due(after)[0] == MergeAttempt(after.grant)


def test_what_the_parent_delivered_is_not_delivered_by_the_fork() -> None:
    ended = STAGES["completed"].after(RecordDelivery(commit(1), "branch", "trackside/r1"))
    assert due(ended.state) == ()
    after = forked(ended)
    assert after.delivery is None
    assert due(after) != ()


def test_another_ladder_binds_what_is_under_way_and_what_comes() -> None:
    plan = (ticket("T1"), ticket("T2", "T1"), ticket("T3", model_override="own"))
    answer = assigned(*plan).when(forks(settings=OTHER_MODEL))
    (forked_,) = (event for event in answer.events if isinstance(event, RunForked))
    assert [(one.attempt, one.model) for one in forked_.rebound] == [("T1.1", "other")]
    state = answer.then(*answer.events).state
    assert state.active[ATTEMPT].model == "other"
    assert terms_of(state, state.active[ATTEMPT]).model == "other"
    assert state.active[attempt_id(TicketId("T3"), 1)].model == "own"


def test_another_policy_binds_what_is_under_way() -> None:
    answer = assigned().when(forks(policy=PRESETS["deny"]))
    (forked_,) = (event for event in answer.events if isinstance(event, RunForked))
    assert [one.attempt for one in forked_.rebound] == ["T1.1"]
    assert forked(assigned(), policy=PRESETS["deny"]).facts.policy == PRESETS["deny"]


def test_the_policy_that_holds_already_is_no_change() -> None:
    answer = assigned().when(forks(policy=PRESETS["auto"]))
    assert [event.rebound for event in answer.events if isinstance(event, RunForked)] == [()]


def test_an_edited_ticket_is_begun_anew_and_nothing_is_lost_by_it() -> None:
    scenario = assigned(ticket("T1"), settings=TWO_RUNGS)
    edited = ticket("T1", check="make sure")
    answer = scenario.when(forks(tickets=(edited,)))
    after = answer.then_kinds(RunForked, TicketRequeued)
    begun_anew = after.state.plan[T1]
    assert (begun_anew.status, begun_anew.check) == ("pending", "make sure")
    assert (begun_anew.attempts, begun_anew.tries, begun_anew.begun_anew) == (1, 0, 1)
    assert model_for(after.state, begun_anew, 2) == "small"
    second = after.after(AssignTickets()).state
    assert second.active[attempt_id(T1, 2)].model == "small"


def test_an_edited_ticket_that_waits_for_a_person_is_begun_anew() -> None:
    after = STAGES["parked"].after(forks(tickets=(ticket("T1", step_mode=True),))).state
    assert (after.plan[T1].status, after.plan[T1].waits_for) == ("pending", None)
    assert not after.active


def test_an_edited_ticket_that_nobody_has_begun_is_just_another_one() -> None:
    state = forked(assigned(), tickets=(ticket("T2", "T1", max_attempts=7),))
    assert state.plan[TicketId("T2")].max_attempts == 7
    assert state.plan[TicketId("T2")].status == "locked"
    assert list(state.active) == [ATTEMPT]


def test_another_priority_is_another_place_in_the_line() -> None:
    plan = [ticket(name) for name in ("T1", "T2", "T3")]
    queued = run_of(*plan, settings=Settings(workers=1))
    state = forked(queued, tickets=(ticket("T3", priority="high"),))
    assert [one.id for one in state.plan.get_executable_tickets()] == ["T3", "T1", "T2"]
    first = state.plan.next_ready
    assert first is not None
    assert first.id == "T3"


def test_an_edited_ticket_that_is_blocked_is_released_with_those_it_held() -> None:
    answer = STAGES["blocked"].when(forks(tickets=(ticket("T1", check="true"),)))
    after = answer.then_kinds(RunForked, RunContinued, TicketReleased, TicketReleased)
    assert (after.state.standing, after.state.plan[T1].status) == ("running", "pending")


def test_an_edited_ticket_stays_blocked_where_another_one_holds_it() -> None:
    answer = STAGES["blocked"].when(forks(tickets=(ticket("T2", "T1", check="true"),)))
    answer.then_kinds(RunForked)


def test_an_edited_ticket_of_a_cancelled_run_stays_as_it_is() -> None:
    STAGES["cancelled"].when(forks(tickets=(ticket("T1", check="true"),))).then_kinds(RunForked)


def test_what_is_done_cannot_be_edited() -> None:
    done = merged(assigned(), "T1.1")
    done.when(forks(tickets=(ticket("T1"),))).refused('ticket "T1" is completed; fork before that')


def test_the_shape_of_the_track_cannot_be_edited() -> None:
    assigned().when(forks(tickets=(ticket("T2"),))).refused('the dependencies of ticket "T2"')


def test_only_what_the_fork_uses_itself_counts() -> None:
    budget = Settings(workers=1, budget=Budget(run_tokens=100, ticket_tokens=80, attempt_tokens=60))
    spent = assigned(ticket("T1"), settings=budget).after(
        ReserveBudget(ATTEMPT, "T1.1#1", Amount(50)), SettleBudget(ATTEMPT, "T1.1#1", Amount(50))
    )
    spent.when(ReserveBudget(ATTEMPT, "T1.1#2", Amount(20))).then_kinds(BudgetExceeded)
    before = Inherited(ATTEMPT, Usage(40, 10), Amount(50))
    fork = spent.after(replace(forks(), inherited=(before,), workers=Usage(40, 10)))
    assert fork.state.ledger.spent == Amount()
    assert fork.state.workers_before == Usage(40, 10)
    more = fork.when(ReserveBudget(ATTEMPT, "T1.1#2", Amount(20))).then_kinds(BudgetReserved)
    settled = more.after(SettleBudget(ATTEMPT, "T1.1#2", Amount(65)))
    assert settled.state.ledger.spent == Amount(15)
    assert settled.state.ledger.by_ticket[T1] == Amount(15)
    ended = settled.after(failed(usage=Usage(50, 15)))
    assert ended.state.usage == Usage(10, 5)


def test_a_ticket_that_was_begun_anew_has_all_its_tries() -> None:
    run = assigned(ticket("T1", max_attempts=1)).after(forks(tickets=(ticket("T1"),)))
    again = run.after(AssignTickets(), failed("T1.2"))
    assert again.state.plan[T1].status == "pending"  # max_attempts is 3 again by the edit
    for number in (3, 4):
        again = again.after(AssignTickets(), failed(f"T1.{number}"))
    assert again.state.plan[T1].status == "blocked"


def test_a_fork_goes_on_to_its_end() -> None:
    scenario = merged(assigned().after(forks()), "T1.1").after(AssignTickets())
    scenario = merged(scenario, "T2.1").after(EndRun())
    assert scenario.state.ending == "completed"


# ----------------------------------------------------------------------- an attempt goes on


def test_an_attempt_goes_on_under_other_terms_and_asks_its_call_anew() -> None:
    out = in_a_call()
    rebound = out.after(RebindAttempt(terms(model="other")))
    assert (rebound.state.bound.model, rebound.state.call) == ("other", None)
    assert attempt_due(rebound.state) == PrepareCall()
    rebound.when(says("finish")).refused("at the stage turns")


@pytest.mark.parametrize(
    "other", [terms("T2"), terms(base=commit(9)), terms(ticket=ticket("T1", check="true"))]
)
def test_an_attempt_stays_about_what_it_is_about(other: object) -> None:
    in_a_call().when(RebindAttempt(other)).refused("only an attempt begun anew")  # type: ignore[arg-type]
