"""Long logs summed up ahead: a stretch on a second thread while the one before it is decoded.

Hashing lets go of the interpreter, so where a core is free it costs next to no time (decision 19).
Nothing is said here of what is not as it should be: then nothing is ahead, and who reads block by
block finds it, with its place.
"""

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING

from events.base import Event
from store.chain import Chain, decision_end, last_decision_end, summed_up
from store.codec import BadLineError, Line

if TYPE_CHECKING:
    from _hashlib import HASH  # the type of a hash has no public name
    from concurrent.futures import ThreadPoolExecutor

STRETCH_BYTES = 2 << 20
"""Summed up at one go: a millisecond, beside a tenth of one to give a thread something to do."""
PIECE_BYTES = 128 << 10
"""Decoded at one go: what a core's cache holds until it has been folded."""
BEGINS_WITHIN_S = 0.001
"""How long a thread that finds a core free takes at most to read a stretch and to begin."""

Read = Callable[[int, int], bytes]
"""Returns so many bytes of the log from an offset on, or fewer at its end."""


class _Stretch:
    """Whole decisions of a log that are being summed up."""

    def __init__(
        self, read: Read, offset: int, before: "HASH", thread: "ThreadPoolExecutor"
    ) -> None:
        self.offset = offset
        """Bytes before it."""
        self.before = before
        self.data = b""
        """It, and the beginning of what follows."""
        self.end = 0
        self._begun = Lock()
        self._begun.acquire()
        self._sum = thread.submit(self._sum_up, read)
        # For that the thread needs the interpreter, which for long is let go of nowhere but here.
        self._begun.acquire(timeout=BEGINS_WITHIN_S)

    def behind(self, read: Read) -> "HASH | None":
        """Return the hash behind it, when it is there; None: its sum is wrong, or there is none."""
        try:
            if self._sum.cancel():  # no core was free
                return self._sum_up(read)
            return self._sum.result()
        except BadLineError:
            return None

    def _sum_up(self, read: Read) -> "HASH | None":
        self.data = read(STRETCH_BYTES, self.offset)
        self.end = last_decision_end(self.data)
        self._begun.release()
        if self.end == 0:
            return None
        return summed_up(self.before, memoryview(self.data)[: self.end])


class Ahead:
    """What was read of a log beyond what its chain has taken. For one thread, beside its own."""

    def __init__(self, chain: Chain) -> None:
        """Have nothing yet.

        `chain` takes what is verified. While a part of a stretch is left, its hash is that of the
        end of the stretch.
        """
        self._chain = chain
        self._at_hand: _Stretch | None = None
        """Its sum is right."""
        self._taken = 0
        """How much of it the chain has."""
        self._coming: _Stretch | None = None
        self._thread: ThreadPoolExecutor | None = None
        """There is one only while something is coming."""

    def begin(self, read: Read) -> None:
        """Begin to sum up what is behind the chain, if that is long."""
        head = self._chain.head
        self._begin(read, head.offset, head.hasher)

    def poll(self, read: Read) -> list[Line[Event]]:
        """Return the records of the next whole decisions; none: nothing is ahead."""
        stretch = self._at_hand or self._next(read)
        if stretch is None:
            return []
        piece = _piece(stretch.data, self._taken)
        try:
            lines = self._chain.follow(piece)
        except BadLineError:
            self._give_up(stretch)
            return []
        self._taken += len(piece)
        if self._taken == stretch.end:
            self._at_hand = None
        return lines

    def close(self) -> None:
        """Have nothing any more; the thread has ended."""
        self._at_hand = None
        self._end()

    def _next(self, read: Read) -> _Stretch | None:
        """Take up the stretch that was coming, and begin with the one behind it."""
        stretch = self._coming
        behind = None if stretch is None else stretch.behind(read)
        if stretch is None or behind is None:
            self._end()
            return None
        self._begin(read, stretch.offset + stretch.end, behind)
        self._chain.head.hasher = behind
        self._at_hand, self._taken = stretch, 0
        return stretch

    def _begin(self, read: Read, offset: int, before: "HASH") -> None:
        """Have the stretch at `offset` come, unless the log ends before it does, or no decision."""
        if not read(1, offset + STRETCH_BYTES - 1):
            self._end()
            return
        self._thread = self._thread or _new_thread()
        self._coming = _Stretch(read, offset, before, self._thread)

    def _give_up(self, stretch: _Stretch) -> None:
        """Have the hash of the chain stand where the chain does."""
        self.close()
        hasher = stretch.before.copy()
        hasher.update(stretch.data[: self._taken])
        self._chain.head.hasher = hasher

    def _end(self) -> None:
        self._coming = None
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None


def _new_thread() -> "ThreadPoolExecutor":
    # Short logs are most, and what shows them starts in less time without this.
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(1, "sums")


def _piece(data: bytes, start: int) -> bytes:
    """Return whole decisions of `data` from `start` on: about a piece, but one at least."""
    end = last_decision_end(data, start, start + PIECE_BYTES) or decision_end(data, start)
    return data[start:end]
