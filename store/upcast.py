"""How events of old shapes become events of today: the one place that knows what was once written.

A changed meaning gets a new tag, so a tag of this table is written no more. Each entry leads one
step on; several steps follow each other until a tag of today is reached.
"""

from collections.abc import Callable, Mapping
from typing import Any

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
"""Takes an event as it stands in the log, tag included, and returns it one step newer."""

UPCASTERS: Mapping[str, Upcaster] = {}
"""Tag of old -> the step to the next shape. Nothing has changed its meaning yet."""


def upcast(event: dict[str, Any], table: Mapping[str, Upcaster]) -> dict[str, Any]:
    """Return `event` in the newest shape that `table` knows a way to.

    >>> upcast({"type": "run.begun"}, {"run.begun": lambda old: {**old, "type": "run.started"}})
    {'type': 'run.started'}
    """
    while (step := table.get(event["type"])) is not None:
        event = step(event)
    return event
