"""Operators, budgets, holds and amendments: how a run answers."""

import pytest

from events.assignment import terms_of
from events.budget import Amount, Shortfall
from events.ids import ApprovalId, AttemptId, TicketId, attempt_id
from events.policy import Amendment
from events.run_commands import (
    AmendPolicy,
    AssignTickets,
    BlockTicket,
    CancelRun,
    ContinueRun,
    DeclineBudget,
    EndRun,
    HoldTicket,
    PauseRun,
    QueueMerge,
    RaiseBudget,
    ReleaseTicket,
    ReserveBudget,
    SettleBudget,
    SkipTicket,
)
from events.run_events import (
    BlockerChanged,
    BudgetExceeded,
    BudgetRaised,
    BudgetReserved,
    PolicyAmended,
    RunContinued,
    RunEnded,
    TicketAssigned,
    TicketBlocked,
    TicketReleased,
    TicketSkipped,
    TicketUnlocked,
    TicketUnparked,
)
from events.run_terms import Ending
from events.settings import Budget, Settings
from events.ticket import Block
from tests.events.runs import (
    A1,
    GRANT,
    STAGES,
    RunScenario,
    assigned,
    completed,
    failed,
    merged,
    run_of,
)
from tests.histories import ASK_SPAWN, ATTEMPT, T1, ticket

T2, T3, T4 = TicketId("T2"), TicketId("T3"), TicketId("T4")
AMENDMENT = Amendment("tools ask: rule 1", "tool", A1, "ann")


# ---------------------------------------------------------------------- an operator's words


def test_a_block_holds_everything_behind_it_and_remembers_by_which_ticket() -> None:
    plan = (ticket("T1"), ticket("T2", "T1"), ticket("T3", "T2"), ticket("T4"))
    assigned(*plan).when(BlockTicket(T1, "ann", "not now")).then(
        TicketBlocked(T1, Block("manual", "ann: not now"), ATTEMPT),
        TicketBlocked(T2, Block("dependency", by=T1)),
        TicketBlocked(T3, Block("dependency", by=T2)),
    )
    run_of(*plan).when(BlockTicket(T4, "ann")).then(
        TicketBlocked(T4, Block("manual", "blocked by ann"))
    )


def test_blocking_or_skipping_ends_the_merge_that_was_under_way() -> None:
    for command in (BlockTicket(T1, "ann"), SkipTicket(T1, "ann")):
        for stage in ("queued", "granted"):
            after = STAGES[stage].after(command)
            assert (after.state.queue, after.state.grant, len(after.state.active)) == ((), None, 0)


def test_the_result_of_an_attempt_that_an_operator_ended_comes_too_late() -> None:
    after = STAGES["granted"].after(SkipTicket(T1, "ann"))
    after.when(completed()).refused("is over or was never assigned")


def test_a_skipped_ticket_unlocks_what_waited_for_it() -> None:
    skipped = run_of(ticket("T1"), ticket("T2", "T1")).when(SkipTicket(T1, "ann", "done by hand"))
    skipped.then(TicketSkipped(T1, "ann", "done by hand"), TicketUnlocked(T2, T1))


def test_a_ticket_that_is_not_open_is_neither_blocked_nor_skipped() -> None:
    blocked = STAGES["ticket blocked"]
    blocked.when(SkipTicket(T1, "ann")).refused('ticket "T1" is blocked')
    done = merged(assigned(), "T1.1")
    done.when(BlockTicket(T1, "ann")).refused('ticket "T1" is completed')
    done.when(BlockTicket(TicketId("T9"), "ann")).refused('the track has no ticket "T9"')


def test_a_release_frees_the_ticket_and_all_that_it_held() -> None:
    run = (
        STAGES["ticket blocked"]
        .when(ReleaseTicket(T1, "ann"))
        .then(TicketReleased(T1, "pending", "ann"), TicketReleased(T2, "locked", "ann"))
    )
    assert (run.state.plan[T1].block, run.state.plan[T2].block) == (None, None)


def test_what_another_ticket_holds_too_stays_blocked_by_that_one() -> None:
    plan = (ticket("T1"), ticket("T2"), ticket("T3", "T1", "T2"))
    held = run_of(*plan).after(BlockTicket(T1, "ann"), BlockTicket(T2, "ann"))
    held.when(ReleaseTicket(T1, "ann")).then(
        TicketReleased(T1, "pending", "ann"), BlockerChanged(T3, T2)
    )


def test_what_is_held_by_another_is_released_with_the_other() -> None:
    STAGES["ticket blocked"].when(ReleaseTicket(T2, "ann")).refused(
        'ticket "T2" is blocked only because "T1" is: release "T1"'
    )


def test_a_released_ticket_has_all_its_tries_again() -> None:
    run = assigned(ticket("T1", max_attempts=1)).after(failed(), ReleaseTicket(T1, "ann"))
    again = run.after(AssignTickets())
    assert again.state.plan[T1].tries == 1
    again.when(failed("T1.2")).then_kinds(TicketBlocked)


def test_a_release_wakes_a_run_that_has_ended() -> None:
    awake = STAGES["blocked"].after(ReleaseTicket(T1, "ann"))
    assert (awake.state.standing, awake.state.ending) == ("running", None)


def test_a_cancelled_run_is_over_for_good() -> None:
    cancelled = assigned(ticket("T1"), ticket("T2")).after(
        BlockTicket(T1, "ann"), CancelRun("ann"), EndRun()
    )
    cancelled.when(ReleaseTicket(T1, "ann")).refused("the run is ended")


def test_a_cancelled_run_lets_nothing_merge() -> None:
    cancelled = STAGES["granted"].after(CancelRun("ann"))
    assert (cancelled.state.queue, cancelled.state.grant) == ((), None)
    cancelled.when(completed()).refused("the run is cancelling")


@pytest.mark.parametrize(
    ("run", "ending"),
    [
        (merged(assigned(ticket("T1")), "T1.1"), "completed"),
        (assigned(ticket("T1")).after(SkipTicket(T1, "ann")), "completed"),
        (assigned(ticket("T1")).after(failed(result="rejected")), "blocked"),
        (assigned(ticket("T1")).after(CancelRun("ann")), "cancelled"),
    ],
)
def test_a_run_ends_as_its_tickets_did(run: RunScenario, ending: Ending) -> None:
    run.when(EndRun()).then(RunEnded(ending, run.state.commit, run.state.tree))


def test_a_paused_run_finishes_what_it_began() -> None:
    paused = assigned(ticket("T1")).after(PauseRun("ann"), QueueMerge(ATTEMPT), GRANT, completed())
    paused.when(AssignTickets()).refused("the run is paused")
    paused.after(EndRun())


# ---------------------------------------------------------------------------- budget and holds

SMALL = Settings(budget=Budget(run_tokens=100, attempt_tokens=80))


def _asks(call: str, tokens: int, attempt: str = "T1.1", *, park: bool = True) -> ReserveBudget:
    return ReserveBudget(AttemptId(attempt), f"{attempt}#{call}", Amount(tokens), park)


def test_calls_that_are_out_count_until_they_are_settled() -> None:
    two = assigned(ticket("T1"), ticket("T2"), settings=SMALL).after(_asks("1", 60))
    two.when(_asks("1", 50, "T2.1")).then_kinds(BudgetExceeded)
    settled = two.after(SettleBudget(ATTEMPT, "T1.1#1", Amount(20)))
    settled.when(_asks("1", 50, "T2.1")).then_kinds(BudgetReserved)


def test_the_narrowest_limit_that_would_break_is_named() -> None:
    short = Shortfall("attempt", "tokens", 80, 0, 90)
    run = assigned(ticket("T1"), settings=SMALL)
    run.when(_asks("1", 90)).then(BudgetExceeded(ATTEMPT, "T1.1#1", short))


def test_a_reservation_made_again_after_a_crash_counts_once() -> None:
    run = assigned(ticket("T1"), settings=SMALL).after(_asks("1", 60), _asks("1", 60))
    assert run.state.ledger.set_aside == Amount(60)


def test_a_ticket_without_budget_waits_until_more_is_given() -> None:
    waiting = assigned(ticket("T1"), settings=SMALL).after(_asks("1", 90))
    assert waiting.state.waits
    waiting.when(_asks("1", 90)).then()
    raised = waiting.after(RaiseBudget(Budget(run_tokens=1000), "ann"))
    raised.when(_asks("1", 90)).then_kinds(TicketUnparked, BudgetReserved)


def test_a_raise_that_was_made_from_other_limits_undoes_nothing() -> None:
    before, more_tokens = SMALL.budget, Budget(run_tokens=1000)
    run = assigned(ticket("T1"), settings=SMALL)
    raised = run.when(RaiseBudget(more_tokens, "ann", before))
    raised.then(BudgetRaised(more_tokens, "ann"))
    late = RaiseBudget(Budget(run_tokens=100, run_usd=5.0), "bob", before)
    run.after(RaiseBudget(more_tokens, "ann", before)).when(late).refused("has changed since it")


def test_who_declines_more_budget_blocks_the_tickets_that_wait_for_it() -> None:
    waiting = assigned(ticket("T1"), ticket("T2", "T1"), settings=SMALL).after(_asks("1", 90))
    declined = waiting.after(DeclineBudget("ann")).state
    assert [(one.status, one.block and one.block.cause) for one in declined.plan] == [
        ("blocked", "budget"),
        ("blocked", "dependency"),
    ]
    assert declined.ledger.set_aside == Amount()


def test_what_several_declined_tickets_hold_together_is_blocked_once() -> None:
    both = assigned(ticket("T1"), ticket("T2"), ticket("T3", "T1", "T2"), settings=SMALL)
    declined = both.after(_asks("1", 90), _asks("1", 90, "T2.1"), DeclineBudget("ann")).state
    assert [one.status for one in declined.plan] == ["blocked"] * 3
    assert declined.plan[T3].block == Block("dependency", by=T1)


def test_qa_goes_without_a_model_when_there_is_no_budget_for_one() -> None:
    run = assigned(ticket("T1"), settings=SMALL)
    run.when(_asks("c3", 90, park=False)).then()
    run.when(_asks("c3", 10, park=False)).then_kinds(BudgetReserved)


def test_what_was_set_aside_for_an_attempt_that_is_over_is_free_again() -> None:
    run = assigned(ticket("T1"), settings=SMALL).after(_asks("1", 60), failed())
    assert run.state.ledger.set_aside == Amount()


def test_a_ticket_pays_for_all_its_attempts() -> None:
    settings = Settings(budget=Budget(ticket_tokens=100))
    run = assigned(ticket("T1"), settings=settings)
    run = run.after(SettleBudget(ATTEMPT, "T1.1#1", Amount(70)), failed(), AssignTickets())
    run.when(_asks("1", 40, "T1.2")).then_kinds(BudgetExceeded)


def test_usd_count_like_tokens() -> None:
    run = assigned(ticket("T1"), settings=Settings(budget=Budget(run_usd=0.5)))
    run.when(ReserveBudget(ATTEMPT, "T1.1#1", Amount(1, 0.6))).then_kinds(BudgetExceeded)


def test_a_model_that_refuses_every_call_holds_the_run_until_it_goes_on() -> None:
    held = assigned(ticket("T1")).after(HoldTicket(ATTEMPT, "the quota is used up"))
    assert held.state.standing == "paused"
    assert (held.state.paused_by, held.state.paused_because) == (
        "trackside", "the quota is used up",
    )  # fmt: skip
    held.when(HoldTicket(ATTEMPT, "again")).then()
    held.when(ContinueRun("ann")).then(RunContinued("ann"), TicketUnparked(T1))


# --------------------------------------------------------------------------------- amendments


def test_what_a_person_allowed_for_a_ticket_binds_its_later_attempts_and_no_other_ticket() -> None:
    run = run_of(ticket("T1"), ticket("T2")).after(AssignTickets())
    amended = run.when(AmendPolicy(ATTEMPT, AMENDMENT)).then(PolicyAmended(T1, AMENDMENT))
    again = amended.after(failed(), AssignTickets())
    assert terms_of(again.state, again.state.active[attempt_id(T1, 2)]).amendments == (AMENDMENT,)
    assert terms_of(again.state, again.state.active[attempt_id(T2, 1)]).amendments == ()


def test_an_amendment_that_is_told_twice_is_on_record_once() -> None:
    run = assigned().after(AmendPolicy(ATTEMPT, AMENDMENT))
    run.when(AmendPolicy(ATTEMPT, AMENDMENT)).then()


def test_a_spawn_that_was_allowed_for_the_ticket_is_not_gated_again() -> None:
    amendment = Amendment("spawns ask: rule 1", "spawn", ApprovalId("T1.1.spawn"), "ann")
    run = assigned(policy=ASK_SPAWN).after(AmendPolicy(ATTEMPT, amendment), failed())
    again = run.after(AssignTickets())
    event = again.history[-1]
    assert isinstance(event, TicketAssigned)
    assert not event.gated
