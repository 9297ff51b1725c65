"""What a run may spend: shown and raised."""

import json
from collections.abc import Callable

import msgspec
import pytest

from cli.budget import raised
from cli.errors import BudgetInvalidError
from cli.request_answers import BudgetAnswer
from events.budget import Amount
from events.ids import AttemptId
from events.run_commands import SettleBudget
from events.settings import Budget, Settings
from tests.histories import ticket
from tests.stories import Story

LIMITS = Budget(run_tokens=1000, ticket_usd=2.0)


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ("run.tokens=5_000", Budget(run_tokens=5000, ticket_usd=2.0)),
        ("ticket.usd=2.5", Budget(run_tokens=1000, ticket_usd=2.5)),
        ("run.tokens=none", Budget(ticket_usd=2.0)),
        ("attempt.usd=none", LIMITS),
    ],
)
def test_a_limit_is_raised_by_its_name(wish: str, expected: Budget) -> None:
    assert raised(LIMITS, wish) == expected


@pytest.mark.parametrize(
    ("wish", "problem"),
    [
        ("run.token=5", "expected one of run.tokens, run.usd, ticket.tokens"),
        ("tokens", "expected one of"),
        ("run.tokens", "'' is not a whole number, nor none"),
        ("run.tokens=1.5", "'1.5' is not a whole number"),
        ("ticket.usd=much", "'much' is not a number"),
        ("ticket.usd=nan", "a limit is more than 0"),
        ("run.tokens=-5", "a limit is more than 0"),
        ("run.tokens=1000", "run.tokens is 1,000 already"),
        ("attempt.tokens=5", "there is no limit on attempt.tokens that could be raised"),
    ],
)
def test_a_wish_that_raises_nothing_is_refused(wish: str, problem: str) -> None:
    with pytest.raises(BudgetInvalidError) as refused:
        raised(LIMITS, wish)
    assert problem in str(refused.value)


def test_the_budget_is_shown(story: Story, trackside: Callable[..., tuple[int, str, str]]) -> None:
    story.begin(ticket("T1"), settings=Settings(workers=2, budget=LIMITS))
    story.tell("run", SettleBudget(AttemptId("T1.1"), "T1.1#1", Amount(250, 0.125)))
    code, out, _ = trackside("budget", "r1")
    assert code == 0
    assert out.splitlines() == [
        "                limit  used   reserved",
        "run tokens      1,000  250    0",
        "run usd         -      0.125  0",
        "ticket tokens   -      250    0",
        "ticket usd      2      0.125  0",
        "attempt tokens  -      250    0",
        "attempt usd     -      0.125  0",
    ]
    answer = msgspec.json.decode(trackside("budget", "r1", "--json")[1], type=BudgetAnswer)
    assert (answer.rows[0].limit, answer.rows[0].used, answer.waits) == (1000, 250, ())


def test_without_a_limit_it_says_what_was_used(
    story: Story, trackside: Callable[..., tuple[int, str, str]]
) -> None:
    story.begin(ticket("T1"))
    story.work("T1.1")
    used = json.loads(trackside("usage", "r1", "--json")[1])["use"]
    rows = json.loads(trackside("budget", "r1", "--json")[1])["rows"]
    assert used["tokens"] > 0
    assert [row["used"] for row in rows] == [used["tokens"], used["usd"]] * 3


def test_where_there_is_no_limit_it_says_how_a_run_gets_one() -> None:
    with pytest.raises(
        BudgetInvalidError, match=r"\[budget\] in trackside.toml, or by --budget-usd"
    ):
        raised(LIMITS, "run.usd=5")
    with pytest.raises(BudgetInvalidError, match=r"attempt_tokens under .* in trackside\.toml$"):
        raised(LIMITS, "attempt.tokens=5")
