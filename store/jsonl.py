"""The log on disk: one line an event, one writer, and nothing said before it is safe."""

import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Self

from events import journal
from events.base import Command, Event
from events.ids import RunId, StreamId
from events.journal import LogOpened
from events.secret_patterns import Redact
from store.codec import FORMAT_NAME, Codec, Line
from store.disk import REAL_DISK, Disk, sync_folder
from store.encode import as_it_is, decision_encoded
from store.errors import (
    EventUnwritableError,
    LogClosedError,
    LogPoisonedError,
)
from store.group_commit import LINGER_S, GroupCommit
from store.head import Head, Mark
from store.lock import LOCK_NAME, Lock
from store.log import Clock, Recorded, stamp, utc_now
from store.opening import open_to_write
from store.reader import LogReader
from store.recovery import reason_of, recoveries, set_aside_torn
from store.seal import Seal, check_absent, seal_beside, write_seal

_SALT_BYTES = 16


class JsonlLog:
    """A log open for writing, by this process alone. Safe to use from several threads.

    Decisions share syncs, see `GroupCommit`. A failed write or sync poisons the log: nobody knows
    then what the disk holds, so nothing more is promised until it is opened, and so verified, anew.
    """

    def __init__(  # only `open` calls it
        self,
        path: Path,
        codec: Codec,
        head: Head,
        fd: int,
        clock: Clock,
        disk: Disk,
        redact: Redact,
        linger_s: float,
    ) -> None:
        """Go on behind `head`; see `open`."""
        self.path = path
        self._codec = codec
        self._clock = clock
        self._disk = disk
        self._redact = redact
        self._resources = ExitStack()
        self._head = head
        """Whoever moves it holds the order of the group."""
        self._group = GroupCommit(path, fd, disk, head.mark, linger_s)
        self._closed = False

    @classmethod
    def open(
        cls,
        path: Path,
        codec: Codec,
        *,
        clock: Clock = utc_now,
        on_records: Callable[[Iterable[Recorded]], None] | None = None,
        program: str | None = None,
        disk: Disk = REAL_DISK,
        redact: Redact = as_it_is,
        linger_s: float = LINGER_S,
    ) -> "JsonlLog":
        """Return the log at `path`, verified whole and opened for writing in a new epoch.

        A missing or empty log is begun. A torn end is set aside, see docs/log-format.md.

        Args:
            path: the log; its folder is the run folder, with the lock and the seal.
            codec: knows the types of its events.
            clock: tells the time that records carry.
            on_records: called with all records that there are, in order, to go through them once;
                and then with those of the opening.
            program: the version to put on record; by default the installed one.
            disk: the system calls.
            redact: takes the secrets out of every text that is recorded.
            linger_s: how long an enqueued decision that nobody waits for may stay unsafe.

        Raises:
            HeldError: another process writes it.
            LogUnusableError: it cannot be opened, or is not a file that could be a log.
            DamageError: it is damaged, too new, or not what its seal says; it was not changed.
            LogPoisonedError: the disk failed.
        """
        see = on_records or _go_through
        with ExitStack() as stack:
            stack.enter_context(closing(Lock.take(path.parent / LOCK_NAME, disk)))
            if not os.path.lexists(path):
                check_absent(path)
            fd = open_to_write(path, disk)
            stack.callback(os.close, fd)
            reader = LogReader(path, codec, fd=fd)
            see(reader)
            _go_through(reader)  # what was left out is verified all the same
            head, tail = reader.head.copy(), reader.tail
            try:
                sync_folder(disk, path.parent)
                if not tail.clean:
                    set_aside_torn(disk, path, fd, head)
            except OSError as error:
                raise LogPoisonedError(path, head.position, error) from error
            log = cls(path, codec, head, fd, clock, disk, redact, linger_s)
            see(log._begin(program or _program(), reason_of(tail)))
            log._resources = stack.pop_all()
            return log

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def last_position(self) -> int:
        """The position of the last event that is safe."""
        return self._group.safe.position

    @property
    def safe(self) -> Mark:
        """The place up to which all is safe.

        To a listener, the end of the batch of decisions that it is being told of.
        """
        return self._group.safe

    @property
    def end_position(self) -> int:
        """The position of the last event that was appended or enqueued, safe or not yet."""
        return self._head.position

    @property
    def epoch(self) -> int:
        """Which opening of the log this is."""
        return self._head.epoch

    def append(
        self,
        stream: StreamId,
        events: Sequence[Event],
        *,
        expected: int,
        cause: Command | None = None,
    ) -> tuple[Recorded, ...]:
        """Record one decision durably; see `EventLog.append`."""
        lines = self._enqueue(stream, events, expected, cause)
        if lines:
            self.flush(lines[-1].position)
        return lines

    def enqueue(
        self,
        stream: StreamId,
        events: Sequence[Event],
        *,
        expected: int,
        cause: Command | None = None,
    ) -> tuple[Recorded, ...]:
        """Record one decision without waiting for the disk; see `EventLog.enqueue`."""
        lines = self._enqueue(stream, events, expected, cause)
        if lines:
            self._group.linger()
        return lines

    def flush(self, position: int) -> None:
        """Return when all events up to `position` are safe; see `EventLog.flush`."""
        self._group.flush(position)

    def read(self, *, after: int = 0) -> Iterator[Recorded]:
        """Give the events behind position `after` that are safe now; see `EventLog.read`."""
        with LogReader(self.path, self._codec, until=self._group.safe.offset) as reader:
            for recorded in reader:
                if recorded.position > after:
                    yield recorded

    def read_stream(self, stream: StreamId) -> Iterator[Recorded]:
        """Give the events of one stream that are safe now; the whole log is read for them."""
        return (recorded for recorded in self.read() if recorded.stream == stream)

    def subscribe(self, listener: Callable[[Recorded], None]) -> None:
        """Have `listener` called with each event from now on; see `EventLog.subscribe`."""
        with self._group.order:
            self._group.listeners += (listener,)

    def seal(self) -> Seal:
        """Put on record, apart from the log, how far it reaches; return that once it is safe.

        Raises:
            LogPoisonedError: the disk failed, now or before.
            LogClosedError: the log has been closed.
        """
        self._check_usable()
        safe = self._group.safe
        seal = Seal(
            run=RunId(self.path.parent.name),
            position=safe.position,
            bytes=safe.offset,
            sum=safe.sum,
            at=stamp(self._clock()),
        )
        try:
            write_seal(seal_beside(self.path), seal, self._disk)
        except OSError as error:
            raise LogPoisonedError(self.path, seal.position, error) from error
        return seal

    def close(self) -> None:
        """Bring to disk what is not there yet, and let go of log and lock. Again: does nothing.

        Raises:
            LogPoisonedError: what was enqueued may be lost, as the disk failed.
        """
        with self._group.order:
            self._closed = True
        self._group.close(self._resources.close)

    def _begin(self, program: str, reason: str) -> tuple[Recorded, ...]:
        """Put the opening on record: the first decision of a new epoch."""
        head = self._head
        opened = LogOpened(
            run=RunId(self.path.parent.name),
            format=FORMAT_NAME,
            salt=secrets.token_hex(_SALT_BYTES),
            epoch=head.epoch + 1,
            pid=os.getpid(),
            program=program,
        )
        torn = recoveries(self.path, head.position + 1, reason)
        version = head.versions.get(journal.STREAM, 0)
        head.epoch += 1
        return self.append(journal.STREAM, [opened, *torn], expected=version)

    def _enqueue(
        self, stream: StreamId, events: Sequence[Event], expected: int, cause: Command | None
    ) -> tuple[Line[Event], ...]:
        written, command = decision_encoded(events, cause, self._redact)
        with self._group.order:
            self._check_usable()
            self._head.expect(stream, expected)
            if not written:
                return ()
            lines, data = self._frame(stream, written, command)
            self._group.join(lines, data)
        return lines

    def _frame(
        self, stream: StreamId, events: list[tuple[Event, bytes]], command: bytes
    ) -> tuple[tuple[Line[Event], ...], bytes]:
        try:
            at, synced = stamp(self._clock()), self._group.safe.position
            return self._head.frame(stream, events, cause=command, at=at, synced=synced)
        except EventUnwritableError:
            raise
        except BaseException as error:  # interrupted halfway: the hash may be ahead of the bytes
            self._group.failure = error
            raise

    def _check_usable(self) -> None:
        self._group.check_is_no_listener()
        if self._closed:
            raise LogClosedError(self.path)
        self._group.check_healthy()


def _program() -> str:
    from importlib import metadata

    try:
        return metadata.version("trackside")
    except metadata.PackageNotFoundError:
        return "unknown"


def _go_through(records: Iterable[Recorded]) -> None:
    for _ in records:
        pass
