"""One limiter for all workers of the process: when may the next request leave?

The clock is the running loop's. A model's calls leave in the order in which they came.
"""

import asyncio
import random
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

Reason = Literal["delay", "server", "rate", "parallel"]
"""Why a call waits: the caller's backoff, the server's word, requests a minute, calls out."""

Tell = Callable[[Reason, float | None], None]
"""Hears of a wait as it begins: its reason, and its length in seconds if that is known."""

_WINDOW_S = 60.0
_JITTER_SHARE = 0.25
_JITTER_MAX_S = 2.0


def jitter(wait_s: float) -> float:
    """Return seconds to add to a wait, so that callers do not come back all at once."""
    most = min(wait_s * _JITTER_SHARE, _JITTER_MAX_S)
    return random.uniform(0.0, most)  # noqa: S311 - spreads load, guards nothing


@dataclass(slots=True)
class _Lane:
    """The queue of one model."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    not_before: float = 0.0
    departures: deque[float] = field(default_factory=deque)


class Limiter:
    """Bounds the calls that are out at once, the requests a minute, and obeys retry delays."""

    def __init__(
        self,
        parallel: int,
        requests_per_minute: int | None = None,
        jitter: Callable[[float], float] = jitter,
    ) -> None:
        """Set the limits: `parallel` over all models, `requests_per_minute` for each."""
        self._places = asyncio.Semaphore(parallel)
        self._per_minute = requests_per_minute
        self._jitter = jitter
        self._lanes: defaultdict[str, _Lane] = defaultdict(_Lane)

    def hold_off(self, model: str, seconds: float) -> None:
        """Let no request for `model` leave within the next `seconds`, by any worker."""
        lane = self._lanes[model]
        until = asyncio.get_running_loop().time() + seconds + self._jitter(seconds)
        lane.not_before = max(lane.not_before, until)

    async def backoff(self, seconds: float, tell: Tell) -> None:
        """Wait for at least `seconds`, as the caller's rules ask for before a retry."""
        if seconds > 0:
            tell("delay", seconds)
            await asyncio.sleep(seconds + self._jitter(seconds))

    @asynccontextmanager
    async def place(self, model: str, tell: Tell) -> AsyncIterator[None]:
        """Wait for a place among the calls that are out, and keep it inside the block."""
        lane = self._lanes[model]
        if lane.turn.locked():
            tell(*(self._hold(lane) or ("parallel", None)))
        async with lane.turn:
            await self._take_place(lane, tell)
            lane.departures.append(asyncio.get_running_loop().time())
        try:
            yield
        finally:
            self._places.release()

    async def _take_place(self, lane: _Lane, tell: Tell) -> None:
        """Return holding a place, at a moment when a request may leave."""
        while True:
            while hold := self._hold(lane):
                tell(*hold)
                await asyncio.sleep(hold[1])
            if self._places.locked():
                tell("parallel", None)
            await self._places.acquire()
            if not self._hold(lane):
                return
            self._places.release()  # the server has spoken while we stood in line

    def _hold(self, lane: _Lane) -> tuple[Reason, float] | None:
        """Return why, and for how many seconds, no request of `lane` may leave; None: it may."""
        now = asyncio.get_running_loop().time()
        if lane.not_before > now:
            return "server", lane.not_before - now
        while lane.departures and lane.departures[0] + _WINDOW_S <= now:
            lane.departures.popleft()
        if self._per_minute is not None and len(lane.departures) >= self._per_minute:
            return "rate", lane.departures[0] + _WINDOW_S - now
        return None
