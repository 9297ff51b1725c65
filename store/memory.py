"""A log that lasts as long as its process: for tests, and for trying a decision out."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from events import journal
from events.base import Command, Event
from events.ids import RunId, StreamId
from events.journal import LogOpened
from store.codec import FORMAT_NAME
from store.encode import decision_encoded
from store.errors import LogClosedError
from store.head import Head
from store.log import Clock, Recorded, stamp, tell_all, utc_now

_PLACE = Path("(memory)")


class MemoryLog:
    """An `EventLog` in memory. Like one on disk it begins with the record of its opening."""

    def __init__(self, run: str = "memory", *, clock: Clock = utc_now) -> None:
        """Begin an empty log of `run`."""
        self._clock = clock
        self._records: list[Recorded] = []
        self._listeners: tuple[Callable[[Recorded], None], ...] = ()
        self._turn = threading.RLock()
        self._head = Head()
        self._head.epoch = 1
        self._publishing = False
        self._closed = False
        opened = LogOpened(
            run=RunId(run), format=FORMAT_NAME, salt="", epoch=1, pid=0, program="memory"
        )
        self.append(journal.STREAM, [opened], expected=0)

    @property
    def last_position(self) -> int:
        """The position of the last event."""
        return len(self._records)

    @property
    def end_position(self) -> int:
        """The same: nothing here waits for a disk."""
        return self.last_position

    @property
    def epoch(self) -> int:
        """Always 1."""
        return self._head.epoch

    def append(
        self,
        stream: StreamId,
        events: Sequence[Event],
        *,
        expected: int,
        cause: Command | None = None,
    ) -> tuple[Recorded, ...]:
        """Record one decision; see `EventLog.append`."""
        written, command = decision_encoded(events, cause)
        with self._turn:
            if self._publishing:
                raise RuntimeError("a listener must not use the log to write")
            if self._closed:
                raise LogClosedError(_PLACE)
            self._head.expect(stream, expected)
            if not written:
                return ()
            lines, _ = self._head.frame(
                stream, written, cause=command, at=stamp(self._clock()), synced=self.last_position
            )
            self._records.extend(lines)
            self._publish(lines)
        return lines

    enqueue = append

    def flush(self, position: int) -> None:
        """Return at once: nothing here waits for a disk."""

    def read(self, *, after: int = 0) -> Iterator[Recorded]:
        """Give the events behind position `after` that are there now."""
        with self._turn:
            return iter(self._records[after:])

    def read_stream(self, stream: StreamId) -> Iterator[Recorded]:
        """Give the events of one stream that are there now."""
        return (recorded for recorded in self.read() if recorded.stream == stream)

    def subscribe(self, listener: Callable[[Recorded], None]) -> None:
        """Have `listener` called with each event from now on; see `EventLog.subscribe`."""
        with self._turn:
            self._listeners += (listener,)

    def close(self) -> None:
        """Take nothing more; what is there can still be read."""
        with self._turn:
            self._closed = True

    def _publish(self, lines: Sequence[Recorded]) -> None:
        self._publishing = True
        try:
            tell_all(self._listeners, lines)
        finally:
            self._publishing = False
