"""The last words of a run."""

from itertools import pairwise
from pathlib import Path

import pytest

from cli.answers import Summary
from cli.blocks import MOST_LINKS, because_of
from cli.main import COMMANDS, Entry
from cli.standing import Standing, exit_code_of, standing_of
from cli.summary import summary_of
from cli.summary_text import lines_of
from cli.ticket_rows import rows_of
from events.approval import Answer, Settle
from events.attempt_commands import EndAttempt, RecordCallFailure, RecordCheck
from events.budget import Amount
from events.ids import AttemptId, TicketId
from events.run_commands import (
    AssignTickets,
    BlockTicket,
    CancelRun,
    EndRun,
    HoldTicket,
    PauseRun,
    RaiseBudget,
    RecordDelivery,
    ReserveBudget,
    SkipTicket,
)
from events.settings import Budget, Models, Settings
from events.state_digest import state_digest
from tests.histories import (
    ASK_TOOLS,
    BEGIN,
    CONTEXT,
    GREEN,
    RED,
    commit,
    finishes,
    hinted,
    ran,
    says,
    shell,
    started,
    ticket,
    wants,
)
from tests.stories import Story, told


def summary(story: Story, *, held: bool = False) -> Summary:
    return summary_of(story.view, standing_of(story.view.world.run, held=held))


@pytest.fixture
def shop() -> Story:
    """T2 and T3 need T1; T4 needs T3."""
    story = told()
    story.begin(ticket(), ticket("T2", "T1"), ticket("T3", "T1"), ticket("T4", "T3"))
    return story


@pytest.fixture
def blocked(shop: Story) -> Story:
    for number in (1, 2, 3):
        shop.work(f"T1.{number}")
        shop.give_up(f"T1.{number}", "no \x1b[2Jway")
        if number < 3:
            shop.tell("run", AssignTickets())
    shop.tell("run", EndRun())
    return shop


@pytest.fixture
def completed() -> Story:
    story = told()
    story.begin(ticket(), ticket("T2"))
    story.work("T1.1")
    story.fail_a_command("T1.1")
    story.complete("T1.1")
    story.work("T2.1")
    story.tell("run", SkipTicket(TicketId("T2"), by="ann"), EndRun())
    story.tell("run", RecordDelivery(commit(1), "branch", "trackside/r1"))
    return story


def test_a_completed_run_names_its_branch_and_how_to_get_there(completed: Story) -> None:
    lines = list(lines_of(summary(completed)))
    assert lines[0] == "run r1 is completed: 1 of 2 tickets completed, 1 skipped"
    assert lines[1] == "delivered: branch trackside/r1 at c000000000"
    assert lines[-2:] == ["next:", "  git switch --no-overwrite-ignore trackside/r1"]


def test_tokens_and_cost_are_told_by_tier(completed: Story) -> None:
    found = summary(completed)
    assert [(row.tier, row.model, row.use.tokens) for row in found.tiers] == [
        (3, "gemini-2.5-flash-lite", 2_200_000),
        (4, "gemini-2.5-flash-lite", 11_000),
    ]
    assert found.use.tokens == 2_211_000
    assert found.use.usd == pytest.approx(sum(row.use.usd or 0 for row in found.tiers))
    assert found.use.usd
    assert any(line.startswith("  tier 4 (QA)") for line in lines_of(found))


def test_a_model_without_a_price_has_an_unknown_cost_and_never_none(shop: Story) -> None:
    shop.work("T1.1", model="gemini-99-oxygen")
    found = summary(shop)
    assert found.use.usd is None
    assert found.unpriced == ("gemini-99-oxygen",)
    lines = "\n".join(lines_of(found))
    assert "cost unknown" in lines
    assert "no price is known for gemini-99-oxygen" in lines


def test_a_scripted_model_costs_nothing(shop: Story) -> None:
    shop.work("T1.1", model="scripted:/home/ann/play.json")
    found = summary(shop)
    assert found.use.usd == 0.0
    assert "scripted:play.json" in "\n".join(lines_of(found))


def test_a_blocked_run_tells_the_chain_of_causes(blocked: Story) -> None:
    found = summary(blocked)
    assert found.code == "blocked"
    assert [row.ticket for row in found.blocked] == ["T1", "T2", "T3", "T4"]
    assert [link.ticket for link in found.blocked[3].because] == ["T4", "T3", "T1"]
    lines = list(lines_of(found))
    assert lines[0] == "run r1 ended with blocked tickets: 0 of 4 tickets completed, 4 blocked"
    assert "  T1  gave up: no \\x1b[2Jway" in lines
    assert "  T4  needs T3; T3 needs T1; T1 gave up: no \\x1b[2Jway" in lines
    assert lines[-1] == "  trackside status r1"


def test_the_middle_of_a_long_chain_is_left_out() -> None:
    story = told()
    names = [f"T{number}" for number in range(1, 12)]
    story.begin(
        ticket("T1"),
        *(ticket(name, before) for before, name in pairwise(names)),
    )
    story.tell("run", BlockTicket(TicketId("T1"), by="ann", reason="later"))
    chain = because_of(story.view)[TicketId("T11")]
    assert len(chain) == MOST_LINKS
    assert [link.ticket for link in chain] == ["T11", "T10", "T9", "T8", "T7", "T1"]
    assert chain[-2].by == "T6"


def test_a_question_is_told_with_its_action(shop: Story) -> None:
    shop.work("T1.1", policy=ASK_TOOLS)
    shop.wait("T1.1", shell("rm -r build"))
    found = summary(shop)
    assert found.code == "waiting"
    (wait,) = found.waits
    assert (wait.approval, wait.kind, wait.ticket) == ("T1.1.c1", "tool", "T1")
    lines = list(lines_of(found))
    assert "  T1.1.c1  run_command: rm -r build" in lines
    assert lines[-1] == "  trackside resume r1"
    assert rows_of(shop.view)[0].doing == "waits for approval T1.1.c1"


def test_the_json_of_two_readers_of_one_state_has_one_digest(shop: Story) -> None:
    assert summary(shop).digest == state_digest(shop.view.world)
    other = told()
    other.begin(ticket(), ticket("T2", "T1"), ticket("T3", "T1"), ticket("T4", "T3"))
    assert summary(other).digest == summary(shop).digest
    shop.work("T1.1")
    assert summary(other).digest != summary(shop).digest


def test_a_ticket_without_budget_waits_too_and_is_told_how_to_get_more() -> None:
    shop = told()
    shop.begin(ticket(), settings=Settings(budget=Budget(run_tokens=1000, ticket_usd=0.5)))
    shop.work("T1.1")
    asks = ReserveBudget(AttemptId("T1.1"), "T1.1#2", Amount(1200, 0.1))
    shop.tell("run", asks)
    (wait,) = summary(shop).waits
    assert (wait.approval, wait.kind) == ("T1.1.budget", "budget")
    assert summary(shop).next == (
        "trackside budget r1 --raise run.tokens=2000",
        "trackside budget r1 --stop",
        "trackside resume r1",
    )
    assert (
        "  T1.1.budget  a model call that the budget does not cover: "
        "the run may take 1,000 tokens; 0 are used or reserved, the next call may take 1,200"
    ) in list(lines_of(summary(shop)))
    shop.tell("run", RaiseBudget(Budget(run_tokens=1100), "ann"))
    assert summary(shop).next[0] == "trackside budget r1 --raise run.tokens=2000"
    shop.tell("run", RaiseBudget(Budget(run_tokens=1200), "ann"))
    assert summary(shop).waits == ()
    first = next(lines_of(summary(shop)))
    assert first.startswith("run r1 has what it waited for, and has to go on: ")
    assert first.endswith(", 1 answered")
    assert summary(shop).next == ("trackside resume r1",)


def test_a_limit_in_usd_is_raised_in_usd() -> None:
    shop = told()
    shop.begin(ticket(), settings=Settings(budget=Budget(ticket_usd=0.25)))
    shop.work("T1.1")
    shop.tell("run", ReserveBudget(AttemptId("T1.1"), "T1.1#2", Amount(10, 0.75)))
    assert summary(shop).next[0] == "trackside budget r1 --raise ticket.usd=0.75"


def test_a_model_that_refuses_every_call_pauses_the_run_and_says_why(shop: Story) -> None:
    shop.work("T1.1")
    shop.tell("run", HoldTicket(AttemptId("T1.1"), "the quota of the day is used up"))
    paused = summary(shop)
    assert paused.paused == "by trackside: the quota of the day is used up"
    assert [(wait.kind, wait.action) for wait in paused.waits] == [
        ("model", "a model that refuses every call for now")
    ]
    lines = list(lines_of(paused))
    assert lines[1] == "paused by trackside: the quota of the day is used up"
    assert paused.next == ("trackside resume r1",)


def test_each_open_question_has_a_command_that_answers_it(
    shop: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(COMMANDS, "approve", Entry("cli.approve", "allow an action"))
    shop.work("T1.1", policy=ASK_TOOLS)
    shop.wait("T1.1", shell("rm -r build"))
    assert summary(shop).next == ("trackside approve r1 T1.1.c1", "trackside resume r1")
    yes = Answer(verdict="approved", by="ann")
    shop.tell("approval/T1.1.c1", Settle(yes))
    assert summary(shop).next == ("trackside resume r1",)


def test_what_an_attempt_does_is_told_step_by_step(shop: Story) -> None:
    def now() -> str:
        return rows_of(shop.view)[0].doing

    assert now() == "starts"
    shop.tell("attempt/T1.1", started())
    assert now() == "reads its context"
    shop.tell("attempt/T1.1", CONTEXT, BEGIN)
    assert now() == "asks the model"
    shop.tell("attempt/T1.1", RecordCallFailure("rate_limit", "slow", True, 2.5))
    shop.tell("attempt/T1.1", BEGIN)
    assert now() == "asks the model again after 2.5 s"
    shop.tell("attempt/T1.1", says("run_command"))
    assert now() == "runs run_command"
    shop.tell("attempt/T1.1", wants("c1", shell()), ran("c1", RED))
    assert now() == "waits for a hint"
    shop.tell("attempt/T1.1", hinted("c1"), BEGIN, says("finish"), finishes("c2"))
    assert now() == "runs the check"
    shop.tell("attempt/T1.1", RecordCheck(GREEN))
    assert now() == "waits for its merge"
    shop.tell("attempt/T1.1", EndAttempt("failed", "x"))
    assert now() == ""


def test_a_delivery_with_a_problem_says_so(completed: Story) -> None:
    problem = "the checkout has changes"
    completed.tell("run", RecordDelivery(commit(1), "none", problem=problem))
    lines = list(lines_of(summary(completed)))
    assert lines[1:3] == ["not delivered: c000000000", f"  {problem}"]
    completed.tell("run", RecordDelivery(commit(1), "apply"))
    assert "delivered: your checkout is now at c000000000" in list(lines_of(summary(completed)))


def test_what_was_not_delivered_yet_is_delivered_by_resume() -> None:
    story = told()
    story.begin(ticket())
    story.work("T1.1")
    story.complete("T1.1")
    story.tell("run", EndRun())
    assert summary(story).next[0] == "trackside resume r1"


def test_commands_name_the_repository_if_the_person_is_elsewhere(completed: Story) -> None:
    found = summary_of(completed.view, "completed", Path("/my shop"))
    assert found.next == ("git -C '/my shop' switch --no-overwrite-ignore trackside/r1",)
    assert found.repository == "/my shop"
    found = summary_of(completed.view, "paused", Path("/my shop"))
    assert found.next == ("trackside resume r1 --repo '/my shop'",)
    assert summary(completed).repository == completed.view.world.run.facts.repository


def test_what_a_cancelled_run_refuses_is_not_recommended(shop: Story) -> None:
    shop.tell("run", BlockTicket(TicketId("T2"), by="ann"))
    shop.tell("run", CancelRun("ann"), EndRun())
    assert summary(shop).code == "cancelled"
    assert [each.ticket for each in summary(shop).blocked][:1] == ["T2"]
    assert summary(shop).next == ("trackside status r1",)


def test_a_long_list_of_blocked_tickets_is_cut_with_its_number() -> None:
    story = told()
    story.begin(*(ticket(f"T{number}") for number in range(30)))
    for number in range(30):
        story.tell("run", BlockTicket(TicketId(f"T{number}"), by="ann"))
    assert "  ... and 10 more" in list(lines_of(summary(story)))


def test_a_run_that_asked_no_model_says_nothing_of_tokens(shop: Story) -> None:
    assert not any(line.startswith("used:") for line in lines_of(summary(shop)))


@pytest.mark.parametrize(
    ("held", "expected", "code"), [(True, "running", 0), (False, "interrupted", 130)]
)
def test_a_run_under_way_is_running_only_while_a_process_holds_it(
    held: bool, expected: Standing, code: int, shop: Story
) -> None:
    standing = standing_of(shop.view.world.run, held=held)
    assert standing == expected
    assert exit_code_of(standing) == code


def test_a_paused_run_is_paused_once_nothing_is_under_way(shop: Story) -> None:
    shop.tell("run", PauseRun(by="ann"))
    assert standing_of(shop.view.world.run, held=True) == "running"
    shop.give_up("T1.1", "x") if shop.view.world.attempts else shop.work("T1.1")
    shop.give_up("T1.1", "x")
    assert standing_of(shop.view.world.run, held=False) == "paused"
    assert next(lines_of(summary(shop))).startswith("run r1 is paused")


def test_a_cancelled_run_is_cancelled(shop: Story) -> None:
    shop.tell("run", CancelRun(by="ann"))
    assert standing_of(shop.view.world.run, held=True) == "running"
    shop.tell("run", EndRun())
    assert standing_of(shop.view.world.run, held=False) == "cancelled"
    assert exit_code_of("cancelled") == 1


def test_an_archetype_named_in_the_settings_changes_the_digest() -> None:
    one, two = told(), told()
    one.begin(ticket())
    two.begin(ticket(), settings=Settings(models=Models(qa="gemini-2.5-flash")))
    assert summary(one).digest != summary(two).digest
