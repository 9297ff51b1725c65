"""The clock of a past run: it tells the time of its records, and runs on between them."""

import time
from collections.abc import Callable
from datetime import datetime

from store.log import Recorded

LONGEST_S = 2.0
"""A silence is cut to this: nobody wants to wait for a night to pass."""


class Tape:
    """Says how late it was in the run. One thread moves it, any may ask."""

    def __init__(self, speed: float = 1.0, real: Callable[[], float] = time.monotonic) -> None:
        """Stand before the first record; between records go `speed` times as fast as `real`."""
        self._speed = speed
        self._real = real
        self._came = self._at = 0.0
        self._before: float | None = None
        """When the last record was made."""
        self._playing = False

    def wait_s(self, recorded: Recorded) -> float:
        """Return how long to wait for a record, in real seconds: it is the next one."""
        return min(self._gap(recorded) / self._speed, LONGEST_S) if self._playing else 0.0

    def at(self, recorded: Recorded, *, playing: bool = False) -> None:
        """Stand at a record; time goes on from there only while it is `playing`."""
        self._at += self._gap(recorded)
        self._before = _seconds(recorded)
        self._came = self._real()
        self._playing = playing

    def now(self) -> float:
        """Return the time of the run, in seconds since its first record."""
        passed = min(self._real() - self._came, LONGEST_S) * self._speed if self._playing else 0.0
        return self._at + passed

    def _gap(self, recorded: Recorded) -> float:
        """Return the seconds since the last record; none where the clock was set back."""
        return 0.0 if self._before is None else max(0.0, _seconds(recorded) - self._before)


def _seconds(recorded: Recorded) -> float:
    return datetime.fromisoformat(recorded.at).timestamp()
