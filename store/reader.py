"""Reads a log from disk: never writes, never waits for the writer, trusts no byte unverified."""

import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Self

from events.base import Event
from store.chain import Chain
from store.codec import Codec, Line
from store.errors import LogAbsentError, LogDamagedError, LogUnusableError
from store.head import MAX_DECISION_BYTES, Head
from store.log import Recorded
from store.opening import open_to_read
from store.seal import check_absent, read_seal, seal_beside
from store.tail import CLEAN, TAIL_BYTES, Tail, judge

BLOCK_BYTES = 128 << 10


class LogReader:
    """Reads the whole decisions of a log, from its first byte on, and goes on as the log grows.

    For one thread. What a live writer has begun and not finished is simply not there yet. Memory
    is bounded by a block and the largest decision, whatever the size of the log.
    """

    def __init__(
        self,
        path: Path,
        codec: Codec,
        *,
        fd: int | None = None,
        until: int | None = None,
        sealed: bool = True,
        vouched: Head | None = None,
    ) -> None:
        """Open `path`; nothing is read yet.

        Args:
            path: the log.
            codec: knows the types of its events.
            fd: a descriptor of the log to read from instead of opening it; it stays the caller's.
            until: how many bytes to look at; None for all there are.
            sealed: whether the log must agree with the seal beside it, if there is one.
            vouched: where to begin instead of at the first byte, in a log that is vouched for as a
                whole, see `store.skim`: nothing is summed up then.

        Raises:
            LogUnusableError: there is no log.
            SealBrokenError: the seal cannot be read, or there is no log and once was.
        """
        self._path = path
        self._codec = codec
        self._seal_path = seal_beside(path)
        self._seal = read_seal(self._seal_path) if sealed else None
        self._chain = Chain(codec, vouched)
        self._until = until
        self._tail = CLEAN
        self._owned = fd is None
        self._fd = self._opened() if fd is None else fd

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file. A second call does nothing."""
        if self._owned:
            self._owned = False
            os.close(self._fd)

    @property
    def head(self) -> Head:
        """Where the reader stands: behind the last decision that it gave."""
        return self._chain.head

    @property
    def tail(self) -> Tail:
        """What stood behind the last whole decision when the reader last reached the end."""
        return self._tail

    def __iter__(self) -> Iterator[Recorded]:
        """Give every record from here to the end, as it is now, in order; raises as `poll`."""
        return chain.from_iterable(iter(self.poll, []))

    def poll(self) -> list[Line[Event]]:
        """Return the next records, in order: about a block of them; none if all have been given.

        The cause of a record keeps its whole block in memory while it lives.

        Raises:
            LogDamagedError: with the place. Every decision before it has been given by then.
            LogTooNewError: a later program wrote on.
            SealBrokenError: the log is not the one that was sealed, or its end is missing.
        """
        data, start = b"", self._chain.head.offset
        while True:
            block = self._read(BLOCK_BYTES, start + len(data))
            data += block
            lines, well = self._chain.take(data)
            if lines:
                self._check_seal(lines)
                return lines
            if not well or not block or len(data) > MAX_DECISION_BYTES:
                self._tail = self._judge(data)
                return []

    def _judge(self, data: bytes) -> Tail:
        """Return what `data` begins, now that it holds no whole decision."""
        head = self._chain.head
        data += self._read(TAIL_BYTES - len(data), head.offset + len(data))
        tail = judge(self._path, head, data, self._codec)
        if len(data) == TAIL_BYTES:
            reason = f"no decision ends within {len(data)} bytes"
            raise LogDamagedError(
                self._path, head.position + 1, head.offset, reason, whole=head.position
            )
        if self._seal is not None and self._until is None:
            self._seal.check_end(self._seal_path, head.position)
        return tail

    def _check_seal(self, lines: list[Line[Event]]) -> None:
        seal, first = self._seal, lines[0].position
        if seal is not None and first <= seal.position <= lines[-1].position:
            sealed = lines[seal.position - first]
            seal.check(self._seal_path, sealed.position, sealed.sum)

    def _opened(self) -> int:
        try:
            return open_to_read(self._path)
        except LogAbsentError:
            if self._seal is not None:
                check_absent(self._path)
            raise

    def _read(self, size: int, offset: int) -> bytes:
        if self._until is not None:
            size = min(size, self._until - offset)
        if size <= 0:
            return b""
        try:
            return os.pread(self._fd, size, offset)
        except OSError as error:
            reason = f"the log cannot be read at byte {offset} ({error.strerror})"
            raise LogUnusableError(self._path, reason, error) from error
