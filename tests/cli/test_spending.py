"""What calls cost, by the prices of their day."""

from datetime import date

import pytest

from cli.spending import Spending, Spent, usd_words
from events.attempt_events import AttemptStarted, CallBegun, CallFailed, ReplyRecorded
from events.conversation import Usage
from events.hint import Failure, HintAsked, HintGiven
from events.ids import StreamId, TicketId
from models.prices import cost
from tests.histories import ATTEMPT, C1, RED, digest, terms

DAY = date(2026, 11, 22)
STREAM, HINT = StreamId("attempt/T1.1"), StreamId("hint/T1.1.c1")
PRO = "gemini-3.1-pro-preview"
SHORT, LONG = Usage(input=150_000, output=100), Usage(input=250_000, output=100)


def test_each_call_is_priced_by_its_own_length() -> None:
    spending = Spending()
    spending.take(STREAM, AttemptStarted(terms(model=PRO)), DAY)
    for usage in (SHORT, SHORT, LONG):
        spending.take(STREAM, ReplyRecorded(1, "", usage=usage), DAY)
    expected = sum(cost(PRO, usage, DAY) or 0.0 for usage in (SHORT, SHORT, LONG))
    assert spending.total.usd == pytest.approx(expected)
    assert spending.total.usd != cost(PRO, SHORT + SHORT + LONG, DAY)
    assert spending.total.calls == 3
    assert spending.of_ticket(TicketId("T1")) == spending.total
    assert spending.of_ticket(TicketId("T2")) == Spent()


def test_a_hint_belongs_to_tier_4_and_to_the_ticket_that_failed() -> None:
    spending = Spending()
    failure = Failure(attempt=ATTEMPT, call=C1, outcome=RED)
    spending.take(HINT, HintAsked(failure), DAY)
    spending.take(HINT, HintGiven("w", "model", "gemini-2.5-flash", SHORT), DAY)
    assert list(spending.by_model) == [(4, "gemini-2.5-flash")]
    assert spending.of_ticket(TicketId("T1")).usage == SHORT


def test_a_failed_call_counts_if_it_cost_something() -> None:
    spending = Spending()
    spending.take(STREAM, AttemptStarted(terms(model=PRO)), DAY)
    spending.take(STREAM, CallFailed("unavailable", "down"), DAY)
    assert spending.total == Spent(failed=1)
    spending.take(STREAM, CallFailed("truncated", "too long", usage=SHORT), DAY)
    assert spending.total.usage == SHORT


def test_a_hint_by_the_rules_costs_nothing() -> None:
    spending = Spending()
    spending.take(HINT, HintAsked(Failure(attempt=ATTEMPT, call=C1, outcome=RED)), DAY)
    spending.take(HINT, HintGiven("w", "extract"), DAY)
    assert spending.total == Spent()


def test_one_unknown_price_makes_the_sum_unknown() -> None:
    known = Spent(1, SHORT, 0.5)
    unknown = Spent(1, SHORT, 0.0, frozenset({"m"}))
    assert (known + unknown).usd is None
    assert (known + unknown).known_usd == 0.5
    assert usd_words((known + unknown).usd) == "unknown"
    assert usd_words(known.usd) == "$0.5000"


def test_a_call_costs_what_was_taken_down_when_it_was_made() -> None:
    spending = Spending()
    spending.take(STREAM, AttemptStarted(terms(model=PRO)), DAY)
    spending.take(STREAM, ReplyRecorded(1, "", usage=SHORT, usd=7.5), DAY)
    spending.take(STREAM, CallFailed("truncated", "too long", usage=SHORT, usd=1.25), DAY)
    spending.take(HINT, HintAsked(Failure(attempt=ATTEMPT, call=C1, outcome=RED)), DAY)
    spending.take(HINT, HintGiven("w", "model", "mine", SHORT, usd=0.25, calls=1), DAY)
    assert spending.total.usd == 9.0


def test_the_fallback_is_counted_as_the_model_that_it_is() -> None:
    spending = Spending()
    spending.take(STREAM, AttemptStarted(terms(model="gemini-2.5-flash")), DAY)
    for model in ("gemini-2.5-flash", PRO):
        spending.take(STREAM, CallBegun(1, 1, digest("p"), 100, model), DAY)
        spending.take(STREAM, ReplyRecorded(1, "", usage=SHORT), DAY)
    assert {name: spent.calls for (_, name), spent in spending.by_model.items()} == {
        "gemini-2.5-flash": 1,
        PRO: 1,
    }


def test_every_call_for_a_hint_counts_the_failed_ones_apart() -> None:
    spending = Spending()
    for given in (
        HintGiven("w", "model", "mine", SHORT, calls=2, usd=0.0),
        HintGiven("w", "extract", "mine", failed=1),
    ):
        spending.take(HINT, HintAsked(Failure(attempt=ATTEMPT, call=C1, outcome=RED)), DAY)
        spending.take(HINT, given, DAY)
    assert (spending.total.calls, spending.total.failed) == (2, 1)
    assert spending.total.unpriced == frozenset()
