"""Where a log stands after its last whole decision, and what the next one must look like."""

import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from events import journal
from events.base import Event
from events.ids import StreamId
from events.journal import LogOpened
from store.codec import ALL_BEFORE, BadLineError, Line
from store.errors import EventUnwritableError, VersionConflictError
from store.log import NO_CAUSE

MAX_LINE_BYTES = 1 << 20
"""A longer line is refused, on writing and on reading; long texts belong into blobs."""
MAX_DECISION_BYTES = 8 << 20
"""All lines of one decision together; it bounds what a reader has to hold."""

SUM_MARK = b',"sum":"'
SUM_DIGITS = 32
"""Hex digits: the first 16 bytes of the sha256."""
SUM_END = b'"}\n'
SUM_BYTES = len(SUM_MARK) + SUM_DIGITS + len(SUM_END)

_PIECE_BYTES = 2047
"""One less than hashlib's HASHLIB_GIL_MINSIZE."""
_LINE = (
    b'{"v":1,"position":%d,"epoch":%d,"stream":%b,"version":%d,"at":"%b","commit":%d,%b'
    b'"cause":%b,"event":%b'
)


class Mark(msgspec.Struct, frozen=True):
    """A place in a log: behind a whole decision."""

    position: int
    epoch: int
    offset: int
    """Bytes before it."""
    sum: str
    """Of the decision."""


class Head:
    """The running state of a log, for its writer and for each of its readers. Not thread-safe."""

    __slots__ = ("_end", "epoch", "hasher", "offset", "position", "sum", "versions")

    def __init__(self) -> None:
        """Stand before the first record."""
        self.position = 0
        self.epoch = 0
        self.offset = 0
        """Bytes of all whole decisions."""
        self.sum = ""
        """Of the last decision."""
        self.versions: dict[StreamId, int] = {}
        self.hasher = hashlib.sha256()
        """Has seen `offset` bytes."""
        self._end = 0

    def move_to(self, mark: Mark, versions: Mapping[StreamId, int]) -> None:
        """Stand at `mark`; the hasher stays where it is, so that nothing is summed up from here."""
        self.position = self._end = mark.position
        self.epoch, self.offset, self.sum = mark.epoch, mark.offset, mark.sum
        self.versions = dict(versions)

    @property
    def mark(self) -> Mark:
        """Where the head stands."""
        return Mark(self.position, self.epoch, self.offset, self.sum)

    def copy(self) -> "Head":
        """Return a head that goes its own way from here."""
        twin = Head()
        twin.position, twin.epoch, twin.offset = self.position, self.epoch, self.offset
        twin.sum, twin.versions, twin._end = self.sum, dict(self.versions), self._end
        twin.hasher = self.hasher.copy()
        return twin

    def expect(self, stream: StreamId, version: int) -> None:
        """Raise `VersionConflictError` unless `stream` is at `version`."""
        actual = self.versions.get(stream, 0)
        if actual != version:
            raise VersionConflictError(stream, version, actual)

    def follow(self, lines: Sequence[Line[Event]]) -> None:
        """Check that `lines` go on from here without a gap, and go there; the hash stays behind.

        Raises:
            BadLineError: they do not; then nothing has changed.
        """
        position, epoch, end = self.position, self.epoch, self._end
        versions = self.versions
        try:
            for line in lines:
                position += 1
                version = versions.get(line.stream, 0) + 1
                if position > end:
                    end = line.commit
                if line.epoch != epoch:
                    epoch = _next_epoch(line, epoch)
                # One test for all that is as it should be: a replay does this for every record.
                if (
                    line.position != position
                    or line.version != version
                    or line.commit != end
                    or end < position
                    or (not line.sum) is (position == end)
                ):
                    reason = _what_is_wrong(line, position, version, end)
                    raise BadLineError(reason)  # noqa: TRY301  # a call a record would cost more
                versions[line.stream] = version
        except BadLineError:
            for line in lines[: position - self.position - 1]:
                versions[line.stream] -= 1
            raise
        self.position, self.epoch, self._end = position, epoch, end

    def frame(
        self,
        stream: StreamId,
        events: Sequence[tuple[Event, bytes]],
        *,
        cause: bytes,
        at: str,
        synced: int,
    ) -> tuple[tuple[Line[Event], ...], bytes]:
        """Return the records of one decision and their bytes, and stand behind them.

        Args:
            stream: where the decision was made.
            events: each with its JSON; at least one.
            cause: the command as JSON.
            at: the time, as records hold it.
            synced: the last position that is safe by now.

        Raises:
            EventUnwritableError: a line would be too long; then nothing has changed.
        """
        before, version = self.position, self.versions.get(stream, 0)
        commit = before + len(events)
        name, time = msgspec.json.encode(stream), at.encode()
        texts = []
        for number, (_, data) in enumerate(events):
            texts.append(
                _LINE
                % (
                    before + 1 + number,
                    self.epoch,
                    name,
                    version + 1 + number,
                    time,
                    commit,
                    b"" if synced == before + number else b'"synced":%d,' % synced,
                    b"null" if number else cause,
                    data,
                )
            )
        body = b"}\n".join(texts)
        if len(body) + SUM_BYTES > MAX_LINE_BYTES:
            _check_sizes(texts)
        _sum_up(self.hasher, body)
        digest = self.hasher.hexdigest()[:SUM_DIGITS]
        mark = SUM_MARK + digest.encode() + SUM_END
        self.hasher.update(mark)
        self.position = self._end = commit
        self.offset += len(body) + SUM_BYTES
        self.sum = digest
        self.versions[stream] = version + len(events)
        lines = tuple(
            Line(
                position=before + 1 + number,
                epoch=self.epoch,
                stream=stream,
                version=version + 1 + number,
                at=at,
                commit=commit,
                cause=NO_CAUSE if number else msgspec.Raw(cause),
                event=event,
                sum=digest if before + 1 + number == commit else "",
                synced=ALL_BEFORE if synced == before + number else synced,
            )
            for number, (event, _) in enumerate(events)
        )
        return lines, body + mark


def _sum_up(hasher: "hashlib._Hash", data: bytes) -> None:
    """Have `hasher` take `data` in pieces for which hashlib keeps the interpreter.

    For a larger one, and from then on for each, it lets go of it, so that other threads go on: on
    reading that is a gain, but between two decisions it costs more than the sum.
    """
    for start in range(0, len(data), _PIECE_BYTES):
        hasher.update(data[start : start + _PIECE_BYTES])


def _check_sizes(texts: Sequence[bytes]) -> None:
    if max(map(len, texts)) + SUM_BYTES > MAX_LINE_BYTES:
        raise EventUnwritableError("the event", f"its record is longer than {MAX_LINE_BYTES} bytes")
    if sum(map(len, texts)) + SUM_BYTES * len(texts) > MAX_DECISION_BYTES:
        raise EventUnwritableError(
            "the decision", f"its records are longer than {MAX_DECISION_BYTES} bytes"
        )


def _next_epoch(line: Line[Event], epoch: int) -> int:
    """Return the epoch of `line` if it may begin one."""
    if line.epoch < epoch:
        raise BadLineError(f"epoch {line.epoch} after epoch {epoch}: written by an older process")
    if line.epoch != epoch + 1:
        raise BadLineError(f"epoch {line.epoch} after epoch {epoch}: records are missing")
    if line.stream != journal.STREAM or not isinstance(line.event, LogOpened):
        raise BadLineError(f"epoch {line.epoch} does not begin with an opening of the log")
    return line.epoch


def _what_is_wrong(line: Line[Event], position: int, version: int, end: int) -> str:
    if line.position != position:
        return f"it says position {line.position}; {position} must follow here"
    if line.version != version:
        return f"it says version {line.version} of stream {line.stream}; {version} must follow here"
    if line.commit != end or end < position:
        return f"it says its decision ends at {line.commit}, which cannot be here"
    return "a decision ends with a sum, and nothing else does"
