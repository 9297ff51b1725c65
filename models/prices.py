"""What a call costs: prices are dated data, and the cost is worked out when it is asked for."""

from collections.abc import Sequence
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated

import msgspec

from events.conversation import Usage
from models.errors import PricesInvalidError
from models.recorded import PREFIX as RECORDED
from models.recorded import taken_apart
from models.scripted import PREFIX as SCRIPTED

Usd = Annotated[float, msgspec.Meta(ge=0)]
TOKENS = 1_000_000
"""Prices are for so many tokens."""


class Price(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one model costs from a day on, in USD for a million tokens."""

    model: str
    start: date = msgspec.field(name="from")
    input: Usd
    output: Usd
    """Also for tokens of thought."""
    cached: Usd | None = None
    """For the cached part of the prompt; None: no discount is known, so it is billed as input."""
    above: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Holds for calls whose prompt has more tokens than this."""


class _PriceFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    price: tuple[Price, ...]


def read_prices(path: Path) -> tuple[Price, ...]:
    """Return the prices in the TOML file `path`, a list of ``[[price]]``.

    Raises:
        PricesInvalidError: it cannot be read or used.
    """
    try:
        return _parsed(path.read_bytes())
    except OSError as error:
        raise PricesInvalidError(str(path), [f"cannot be read: {error.strerror}"]) from None
    except ValueError as error:
        raise PricesInvalidError(str(path), [str(error)]) from None


def cost(model: str, usage: Usage, on: date, extra: Sequence[Price] = ()) -> float | None:
    """Return what one call cost in USD, or None if no price is known (never 0 for that).

    `usage` is that of one call, since some prices depend on the length of its prompt. A model that
    `extra` names is priced by `extra` alone.
    """
    if model.startswith(RECORDED):
        live = taken_apart(model).live
        return cost(live, usage, on, extra) if live else 0.0
    if model.startswith(SCRIPTED):
        return 0.0
    own = [price for price in extra if price.model == model]
    price = _price(own or _table(model), usage, on)
    if price is None:
        return None
    cached = price.input if price.cached is None else price.cached
    return (
        (usage.input - usage.cached) * price.input
        + usage.cached * cached
        + (usage.output + usage.thinking) * price.output
    ) / TOKENS


def _price(prices: Sequence[Price], usage: Usage, on: date) -> Price | None:
    """Return the latest price that had begun by then, of the highest tier that the call reached."""
    begun = [price for price in prices if price.start <= on]
    latest = max((price.start for price in begun), default=None)
    tiers = [p for p in begun if p.start == latest and (not p.above or usage.input > p.above)]
    return max(tiers, key=lambda price: price.above, default=None)


def _table(model: str) -> list[Price]:
    return [price for price in _own_prices() if price.model == model]


@cache
def _own_prices() -> tuple[Price, ...]:
    return _parsed(resources.files("models").joinpath("prices.toml").read_bytes())


def _parsed(data: bytes) -> tuple[Price, ...]:
    return msgspec.toml.decode(data, type=_PriceFile).price
