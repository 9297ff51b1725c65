"""What models cost the user: the file of prices beside the user's settings, over those we ship."""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial

from cli.settings import user_file
from events.conversation import Usage
from models.prices import Price, cost, read_prices

FILE = "prices.toml"

PriceOf = Callable[[str, Usage], float | None]
"""Returns what a call of a model costs today, in USD; None: nobody knows."""


def prices_in_force(environment: Mapping[str, str]) -> PriceOf:
    """Return what tells prices: a model in ``$XDG_CONFIG_HOME/trackside/prices.toml`` costs that.

    Raises:
        PricesInvalidError: the file cannot be read or used.
    """
    path = user_file(environment).with_name(FILE)
    own = read_prices(path) if os.path.lexists(path) else ()
    return partial(_cost_today, own)


def _cost_today(own: tuple[Price, ...], model: str, usage: Usage) -> float | None:
    return cost(model, usage, datetime.now(UTC).date(), own)
