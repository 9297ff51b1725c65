"""The time axis of a report: true while somebody is at work; silences are cut short."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

SHARE = 0.04
"""The part of all busy time that one silence may take on the axis."""
SHORTEST_MS = 1_000
"""A silence that is not longer than this is never cut."""


class Axis(NamedTuple):
    """The axis of a run."""

    x: list[int]
    """For each moment its place; later ones never lie before."""
    silences: tuple[tuple[int, int], ...]
    """For each cut the index of the moment behind it, and how long it was in ms."""


def axis_of(moments: Sequence[int], idle: Sequence[bool]) -> Axis:
    """Return the axis for `moments`, in ms, in the order of the log.

    Order is by position: where the clock was set back, time stands still.

    Args:
        moments: One for each record.
        idle: For each whether nobody was at work in the time before it.

    >>> axis_of([0, 100, 3_600_100, 3_600_200], [False, False, True, False])
    Axis(x=[0, 100, 1100, 1200], silences=((2, 3600000),))
    """
    gaps = [max(0, after - before) for before, after in pairwise(moments)]
    busy = sum(gap for gap, silent in zip(gaps, idle[1:], strict=True) if not silent)
    longest = max(SHORTEST_MS, int(busy * SHARE))
    x, silences, now = [0] if moments else [], [], 0
    for index, gap in enumerate(gaps, start=1):
        if idle[index] and gap > longest:
            silences.append((index, gap))
            now += longest
        else:
            now += gap
        x.append(now)
    return Axis(x, tuple(silences))
