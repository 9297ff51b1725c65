"""What an event log is: recorded events in one order, and the promise that they stay."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec

from events.base import Command, Event
from events.ids import StreamId

NO_CAUSE = msgspec.Raw(b"null")

Clock = Callable[[], datetime]
"""Returns the time, with its zone."""


class Recorded(msgspec.Struct, gc=False, frozen=True, kw_only=True):
    """One event as it stands in the log."""

    position: int
    """1, 2, 3, ... over the log: its order, whatever the clocks said."""
    epoch: int
    """1, 2, 3, ...: which opening of the log wrote it."""
    stream: StreamId
    version: int
    """1, 2, 3, ... in its stream."""
    at: str
    """UTC, as ``2026-11-22T01:35:27.123456Z``."""
    commit: int
    """The position of the last event of the same decision."""
    cause: msgspec.Raw = NO_CAUSE
    """The command, as JSON, on the first event of its decision; else ``null``. See `cause_as`."""
    event: Event
    sum: str = ""
    """On the last event of a decision: the digest of the log up to here. See docs/log-format.md."""

    def cause_as(self, command_type: Any) -> Command | None:  # noqa: ANN401  # a union
        """Return the command that caused the event, or None if none is on record here.

        `command_type` is that of the stream's decider.

        Raises:
            msgspec.ValidationError: it is a command of another type.
        """
        command: Command | None = msgspec.json.decode(self.cause, type=command_type | None)
        return command


class EventLog(Protocol):
    """An append-only log of events, safe to use from several threads.

    Only whole decisions are ever read, and only those that would survive a power cut. They become
    safe in their order: what is safe never rests on something that is not.
    """

    @property
    def last_position(self) -> int:
        """The position of the last event that is safe."""

    @property
    def end_position(self) -> int:
        """The position of the last event that was appended or enqueued, safe or not yet."""

    @property
    def epoch(self) -> int:
        """Which opening of the log this is; outcomes of work begun in an older one are stale."""

    def append(
        self,
        stream: StreamId,
        events: Sequence[Event],
        *,
        expected: int,
        cause: Command | None = None,
    ) -> tuple[Recorded, ...]:
        """Record one decision; return when its events would survive a power cut.

        Lone surrogates in texts become U+FFFD, so go on with the events that come back. Without
        events nothing is recorded. Must not be called by a listener.

        Raises:
            VersionConflictError: `stream` is not at version `expected`.
            EventUnwritableError: an event has no faithful form, or is too long.
            LogPoisonedError: the disk failed, now or before.
            LogClosedError: the log has been closed.
        """

    def enqueue(
        self,
        stream: StreamId,
        events: Sequence[Event],
        *,
        expected: int,
        cause: Command | None = None,
    ) -> tuple[Recorded, ...]:
        """Record one decision without waiting for the disk; else as `append`.

        It may be believed, and decided upon, by this process; before anything outside may see or
        feel what follows from it, `flush` must have returned. It is safe before long also if nobody
        asks for that.
        """

    def flush(self, position: int) -> None:
        """Return when all events up to `position` would survive a power cut.

        Must not be called by a listener.

        Raises:
            LogPoisonedError: they may be lost, as the disk failed, now or before.
        """

    def read(self, *, after: int = 0) -> Iterator[Recorded]:
        """Give the events behind position `after` that are on record now, in order.

        Raises:
            LogDamagedError: the log was changed under our hands.
        """

    def read_stream(self, stream: StreamId) -> Iterator[Recorded]:
        """Give the events of one stream that are on record now, in order; raises as `read`."""

    def subscribe(self, listener: Callable[[Recorded], None]) -> None:
        """Have `listener` called with each event from now on, in order, once it is on record.

        It is called on any thread that uses the log, or on one of its own, before any append or
        flush of the event returns; it must be quick, must not raise and must not append. If one
        raises all the same, the others are told none the less, and whoever brought the event to
        disk gets the error.
        """

    def close(self) -> None:
        """Let go of the log; what was appended stays. A second call does nothing."""


def tell_all(listeners: Sequence[Callable[[Recorded], None]], records: Sequence[Recorded]) -> None:
    """Tell each listener of each record, also after one has raised; then raise the first error."""
    raised: list[Exception] = []
    for record in records:
        for listener in listeners:
            try:
                listener(record)
            except Exception as error:  # noqa: BLE001 - raised below
                raised.append(error)
    if raised:
        raise raised[0]


def utc_now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


def stamp(time: datetime) -> str:
    """Return `time` as records hold it.

    >>> stamp(datetime(2026, 11, 22, 1, 35, 27, 123456, UTC))
    '2026-11-22T01:35:27.123456Z'
    """
    if time.tzinfo is not UTC:
        time = time.astimezone(UTC)
    return time.isoformat(timespec="microseconds")[:26] + "Z"
