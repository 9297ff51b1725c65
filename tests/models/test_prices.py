"""What a call costs, by date."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.conversation import Usage
from events.settings import DEFAULT_LADDER
from models.errors import PricesInvalidError
from models.prices import Price, cost, read_prices

TODAY = date(2026, 11, 22)
MILLION = 1_000_000


def test_input_output_and_thought_have_their_price() -> None:
    usage = Usage(input=MILLION, output=MILLION, thinking=MILLION)
    assert cost("gemini-2.5-flash", usage, TODAY) == pytest.approx(0.30 + 2.50 + 2.50)


def test_cached_tokens_are_cheaper_where_a_discount_is_known() -> None:
    usage = Usage(input=MILLION, cached=MILLION)
    assert cost("gemini-2.5-flash", usage, TODAY) == pytest.approx(0.03)
    assert cost("gemini-3.8-flash", usage, TODAY) == pytest.approx(0.75)


def test_the_price_of_the_day_holds() -> None:
    usage = Usage(output=MILLION)
    assert cost("gemini-4-carbon", usage, date(2026, 11, 9)) is None
    assert cost("gemini-4-carbon", usage, date(2026, 11, 10)) == pytest.approx(10.0)
    assert cost("gemini-4-carbon", usage, date(2026, 12, 1)) == pytest.approx(20.0)


def test_a_long_prompt_may_cost_more() -> None:
    at, over = Usage(input=200_000), Usage(input=200_001)
    assert cost("gemini-3.1-pro-preview", at, TODAY) == pytest.approx(0.4)
    assert cost("gemini-3.1-pro-preview", over, TODAY) == pytest.approx(0.800004)
    assert cost("gemini-2.5-flash", over, TODAY) == pytest.approx(0.0600003)


def test_a_model_without_a_price_has_no_cost_and_a_playbook_costs_nothing() -> None:
    assert cost("gemini-99", Usage(input=5), TODAY) is None
    assert cost("scripted:demo.json", Usage(input=5), TODAY) == 0.0


def test_every_rung_of_the_default_ladder_has_a_price() -> None:
    assert None not in [cost(model, Usage(input=1), TODAY) for model in DEFAULT_LADDER]


def test_a_file_of_the_user_overrides_the_prices_of_the_models_it_names(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(
        '[[price]]\nmodel = "gemini-2.5-flash"\nfrom = 2026-01-01\ninput = 1\noutput = 2\n'
    )
    [price] = extra = read_prices(path)
    assert price == Price(model="gemini-2.5-flash", start=date(2026, 1, 1), input=1, output=2)
    assert cost("gemini-2.5-flash", Usage(input=MILLION), TODAY, extra) == pytest.approx(1.0)
    assert cost("gemini-2.5-flash", Usage(input=1), date(2025, 12, 31), extra) is None
    assert cost("gemini-2.5-flash-lite", Usage(input=MILLION), TODAY, extra) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[price]", "Expected"),
        ('[[price]]\nmodel = "a"\nfrom = 2026-01-01\ninput = -1\noutput = 0', "price[0].input"),
        ('[[price]]\nmodel = "a"', "missing required field `from`"),
    ],
)
def test_a_file_of_prices_that_cannot_be_used_is_refused(
    tmp_path: Path, text: str, problem: str
) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(text)
    with pytest.raises(PricesInvalidError) as caught:
        read_prices(path)
    assert problem in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_a_file_of_prices_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PricesInvalidError, match="cannot be read: No such file"):
        read_prices(tmp_path / "none.toml")


tokens = st.integers(0, 200_000)


@given(tokens, tokens, tokens, tokens)
def test_more_tokens_never_cost_less(cached: int, fresh: int, output: int, more: int) -> None:
    usage = Usage(input=cached + fresh, output=output, cached=cached)
    dearer = usage + Usage(input=more, output=more)
    first, second = (cost("gemini-2.5-pro", each, TODAY) for each in (usage, dearer))
    assert first is not None
    assert second is not None
    assert 0 <= first <= second
