"""What stands behind the last whole decision: nothing, a torn end, or damage; and where and why.

A crash or a power cut leaves one of two shapes, and only these may be dropped:

* an unfinished decision: lines that go on without a gap, and perhaps the beginning of a line;
* zeros: a run of 8 or more NUL bytes up to a sector boundary or the end, in what was written and
  not yet synced. Each line says what was safe when it was written (`synced`), so a line that
  stands behind the zeros tells whether they hit something that had been promised.

Everything else was changed after it was written, and is refused.
"""

from pathlib import Path
from typing import NamedTuple

from events.base import Event
from store.chain import WRONG_SUM, decision_end
from store.codec import ALL_BEFORE, FORMAT, BadLineError, Codec, Line
from store.errors import DamageError, LogDamagedError, LogTooNewError
from store.head import MAX_LINE_BYTES, SUM_BYTES, SUM_DIGITS, SUM_MARK, Head

TAIL_BYTES = 16 << 20
"""A tail is judged up to here; two decisions of the largest size fit in."""
SECTOR_BYTES = 512
LEAST_ZEROS = b"\0" * 8
_BEGINNING = b'{"v":'
_BOM = b"\xef\xbb\xbf"


class Tail(NamedTuple):
    """What stands behind the last whole decision of a log."""

    bytes: int = 0
    reason: str = ""
    """Empty if there is nothing."""

    @property
    def clean(self) -> bool:
        """Whether the log ends with a whole decision."""
        return self.bytes == 0


CLEAN = Tail()
ZEROS = "zeros after a power cut"
TOO_LONG = f"it is longer than {MAX_LINE_BYTES} bytes"


def judge(path: Path, head: Head, data: bytes, codec: Codec) -> Tail:
    """Return what `data` is, which stands behind `head` and reaches to the end of the log.

    Raises:
        LogDamagedError: it is neither whole nor torn.
        LogTooNewError: it was written by a later program.
    """
    return _Judge(path, head, data, codec).verdict() if data else CLEAN


class _Judge:
    """Walks the lines behind the last whole decision; it lives for one verdict."""

    def __init__(self, path: Path, head: Head, data: bytes, codec: Codec) -> None:
        self._path = path
        self._whole = head
        self._head = head.copy()
        self._data = data
        self._codec = codec

    def verdict(self) -> Tail:
        *lines, rest = self._data.split(b"\n")
        start = 0
        for number, line in enumerate(lines):
            try:
                self._take(line, start)
            except BadLineError as error:
                if self._were_unsynced([*lines[number:], rest], start):
                    return Tail(len(self._data), ZEROS)
                raise self._damage(line, start, str(error)) from None
            start += len(line) + 1
        return Tail(len(self._data), self._reason_of(rest, start))

    def _take(self, line: bytes, start: int) -> None:
        """Follow one whole line; raise `BadLineError` if it is not what must stand there."""
        _check_text(line)
        record = self._codec.line(line)
        self._head.follow([record])
        if record.sum and record.sum != self._sum_up_to(start + len(line) + 1):
            raise BadLineError(WRONG_SUM)

    def _sum_up_to(self, end: int) -> str:
        hasher = self._whole.hasher.copy()
        hasher.update(self._data[: end - SUM_BYTES])
        return hasher.hexdigest()[:SUM_DIGITS]

    def _reason_of(self, rest: bytes, start: int) -> str:
        """Return why the last line, or the last decision, is not finished."""
        if not rest:
            return "an unfinished decision"
        if LEAST_ZEROS in rest:
            if self._were_unsynced([rest], start):
                return ZEROS
            raise self._damage(rest, start, "it holds NUL bytes")
        if not rest.startswith(_BEGINNING[: len(rest)]):
            raise self._damage(rest, start, "it is no beginning of a record")
        if len(rest) > MAX_LINE_BYTES:
            raise self._damage(rest, start, TOO_LONG)
        try:
            self._take(rest[:-1], start)
        except BadLineError:
            return "an unfinished line"
        raise self._damage(rest, start, "its line end was changed")

    def _were_unsynced(self, lines: list[bytes], start: int) -> bool:
        """Return whether zeros, and lines that were not yet safe, are all there is from `start`."""
        *lines, rest = lines
        if LEAST_ZEROS not in (lines[0] if lines else rest):
            return False
        for line in lines:
            if LEAST_ZEROS in line:
                if not self._reach_a_boundary(line, start):
                    return False
            elif not self._was_unsynced(line):
                return False
            start += len(line) + 1
        return LEAST_ZEROS not in rest or self._reach_a_boundary(rest, start)

    def _reach_a_boundary(self, line: bytes, start: int) -> bool:
        """Return whether each run of zeros ends where a sector or the file does."""
        end = len(line)
        while (end := line.rfind(LEAST_ZEROS, 0, end)) != -1:
            after = end + len(LEAST_ZEROS)
            offset = self._whole.offset + start + after
            if offset % SECTOR_BYTES and start + after != len(self._data):
                return False
            end = len(line[:end].rstrip(b"\0"))
        return True

    def _was_unsynced(self, line: bytes) -> bool:
        try:
            record: Line[Event] = self._codec.line(line)
        except BadLineError:
            return False
        safe = record.position - 1 if record.synced == ALL_BEFORE else record.synced
        return safe <= self._whole.position

    def _damage(self, line: bytes, start: int, reason: str) -> DamageError:
        """Return what to raise about the line at `start`."""
        whole = self._whole
        position = whole.position + 1 + self._data.count(b"\n", 0, start)
        offset = whole.offset + start
        version = self._codec.version(line)
        if version > FORMAT:
            if self._is_vouched_for():
                return LogTooNewError(self._path, position, offset, version, FORMAT)
            reason = f"it says it is of format {version}, and {WRONG_SUM}"
        if reason == WRONG_SUM:  # which speaks of all records of the decision
            first, last = whole.position + 1, position
            if first != last:
                reason = f"this record, or one up to {last}, was changed: {WRONG_SUM}"
            position, offset = first, whole.offset
        return LogDamagedError(self._path, position, offset, reason, whole=whole.position)

    def _is_vouched_for(self) -> bool:
        """Return whether no sum contradicts the first decision of the tail, whatever it says."""
        end = decision_end(self._data, 0)
        mark = end - SUM_BYTES + len(SUM_MARK)
        return end == 0 or self._data[mark : mark + SUM_DIGITS] == self._sum_up_to(end).encode()


def _check_text(line: bytes) -> None:
    """Raise `BadLineError` for bytes that no record of ours holds."""
    if len(line) >= MAX_LINE_BYTES:
        raise BadLineError(TOO_LONG)
    if not line:
        raise BadLineError("it is blank")
    if b"\0" in line:
        raise BadLineError("it holds NUL bytes")
    if line.startswith(_BOM):
        raise BadLineError("it begins with a byte order mark")
    if line.endswith(b"\r"):
        raise BadLineError("it ends with a carriage return")
    try:
        line.decode()
    except UnicodeDecodeError as error:
        raise BadLineError(f"it is not UTF-8 at byte {error.start} of the line") from None
