"""One stream, living: decide, record, then believe, in one place and in this order."""

from collections.abc import Callable, Sequence
from typing import Any, Generic

from events.decider import C, Decider, E, S
from events.ids import StreamId
from store.log import EventLog, Recorded


class Entity(Generic[S, C, E]):
    """A stream and its state, for one thread at a time; the log guards it against all others."""

    def __init__(
        self,
        log: EventLog,
        stream: StreamId,
        decider: Decider[S, C, E],
        state: S | None = None,
        version: int = 0,
    ) -> None:
        """Stand at `version` of `stream` with `state`; by default before its first event."""
        self._log = log
        self._decider = decider
        self._state = decider.initial if state is None else state
        self._version = version
        self._position = 0
        self.stream = stream

    @classmethod
    def load(cls, log: EventLog, stream: StreamId, decider: Decider[S, C, E]) -> "Entity[S, C, E]":
        """Return the stream as it stands in `log`."""
        entity = cls(log, stream, decider)
        entity._take(tuple(log.read_stream(stream)))
        return entity

    @property
    def state(self) -> S:
        """What is believed after everything that is on record."""
        return self._state

    @property
    def version(self) -> int:
        """How many events the stream has."""
        return self._version

    def execute(self, command: C) -> tuple[Recorded, ...]:
        """Decide upon `command`, record what happens, believe it, and return it.

        Without events nothing is recorded.

        Raises:
            CommandRefusedError: by the rules; nothing was recorded.
            StoreError: it could not be recorded, see `EventLog.append`; the state is as before.
        """
        return self._do(command, self._log.append)

    def enqueue(self, command: C) -> tuple[Recorded, ...]:
        """As `execute`, but do not wait for the disk; `flush` before what follows leaves us."""
        return self._do(command, self._log.enqueue)

    def flush(self) -> None:
        """Return when all that is believed here, and all that came before it, is safe.

        Raises:
            StoreError: see `EventLog.flush`.
        """
        self._log.flush(self._position)

    def _do(self, command: C, record: Callable[..., tuple[Recorded, ...]]) -> tuple[Recorded, ...]:
        events = self._decider.decide(command, self._state)
        recorded = record(self.stream, events, expected=self._version, cause=command)
        self._take(recorded)
        return recorded

    def _take(self, records: Sequence[Recorded]) -> None:
        if not records:
            return
        events: list[Any] = [recorded.event for recorded in records]
        self._state = self._decider.fold(events, self._state)
        self._version = records[-1].version
        self._position = records[-1].position
