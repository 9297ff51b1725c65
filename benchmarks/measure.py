"""How everything here is measured: in turns, several times, and told as ratios within one run."""

import gc
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import msgspec

Better = Literal[">=", "<="]


class Sample(msgspec.Struct, frozen=True):
    """What the rounds of one thing came to."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Sample":
        return cls(statistics.median(values), min(values), max(values))


class Goal(msgspec.Struct, frozen=True):
    """What a ratio should come to."""

    better: Better
    value: float

    def is_met(self, ratio: float) -> bool:
        return ratio >= self.value if self.better == ">=" else ratio <= self.value

    def __str__(self) -> str:
        return f"{self.better} {self.value:g}"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table."""

    work: str
    unit: str
    limit: Sample
    limit_is: str
    """What the limit does, in a few words."""
    ours: Sample
    ratio: Sample
    """Ours by the limit, round by round."""
    goal: Goal | None = None
    peers: dict[str, Sample] = {}
    """Others at the same work, in the same unit, in the same rounds."""
    skipped: tuple[str, ...] = ()
    """Others that are not installed."""
    note: str = ""

    @property
    def met(self) -> bool | None:
        return None if self.goal is None else self.goal.is_met(self.ratio.median)


Task = Callable[[], float]
"""Does the work once and returns its figure."""


def in_turns(rounds: int, tasks: Mapping[str, Task]) -> dict[str, list[float]]:
    """Return the figures of each task: all once, then all again, so that noise falls on all."""
    figures: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(rounds):
        names = list(tasks) if turn % 2 == 0 else list(tasks)[::-1]
        for name in names:
            gc.collect()
            figures[name].append(tasks[name]())
    return figures


def row_of(
    work: str,
    unit: str,
    figures: Mapping[str, Sequence[float]],
    *,
    limit_is: str,
    goal: Goal | None = None,
    skipped: Sequence[str] = (),
    note: str = "",
) -> Row:
    """Return the line of figures that have a ``limit`` and an ``ours``; all others are peers."""
    pairs = zip(figures["ours"], figures["limit"], strict=True)
    return Row(
        work=work,
        unit=unit,
        limit=Sample.of(figures["limit"]),
        limit_is=limit_is,
        ours=Sample.of(figures["ours"]),
        ratio=Sample.of([ours / limit for ours, limit in pairs]),
        goal=goal,
        peers={
            name: Sample.of(values)
            for name, values in figures.items()
            if name not in {"limit", "ours"}
        },
        skipped=tuple(skipped),
        note=note,
    )
