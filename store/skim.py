"""A whole log vouched for at the speed of its hash: its bytes are summed up, its records not read.

The last sum of a log speaks for every byte before it. So a fold may begin in the middle, behind a
place whose sum is known, if the sums at that place, at the seal and at the end all agree. Where one
does not, this says only so: who reads the log record by record is told what is wrong, and where.
"""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from events.ids import StreamId
from store.errors import LogAbsentError
from store.head import SUM_BYTES, SUM_DIGITS, SUM_END, SUM_MARK, Head, Mark
from store.opening import open_to_read
from store.seal import Seal, read_seal, seal_beside
from store.vouch import SETTLED_NS, Vouches, look_at, status_of, unsettled_ns

_BLOCK_BYTES = 16 << 20
"""Hashed at one go; between two blocks a thread may have to wait for the interpreter."""
_LONGEST_LINE = 1 << 20


class _Numbered(msgspec.Struct):
    position: int


class Skimmed(msgspec.Struct, frozen=True):
    """A log that was vouched for as a whole."""

    head: Head
    """At the place that was asked for: a `LogReader` may begin there."""
    last: int
    """The last position."""
    bytes: int
    """How far the log reached when it was looked at."""
    summed: bool
    """Whether the log was summed up now; else it was before, and has not been touched since."""


def skim(
    path: Path, mark: Mark, versions: Mapping[StreamId, int], vouches: Vouches | None = None
) -> Skimmed | None:
    """Return the log at `path`, vouched for, with its head at `mark`; None: read it from its start.

    Args:
        path: the log.
        mark: a place that it is said to have.
        versions: of all streams there; who learns them later moves the head to `mark` again.
        vouches: what is remembered of the log; a log that is summed up is remembered there.

    Raises:
        LogUnusableError: what is there is no log.
        SealBrokenError: the seal cannot be read.
    """
    seal = read_seal(seal_beside(path))
    try:
        fd = open_to_read(path)
    except LogAbsentError:
        return None  # whoever reads it from its start says what is lost
    try:
        look = look_at(os.fstat(fd))
        size = look.status.size
        places = _places(fd, size, mark, seal)
        if places is None:
            return None
        known = vouches is not None and vouches.hold(look.status)
        head = _found(fd, places) if known else _followed(fd, places, mark)
        if head is None:
            return None
        if vouches is not None and not known:
            vouches.remember(look, status_of(os.fstat(fd)))
        head.move_to(mark, versions)
        return Skimmed(head, _last_position(fd, size), size, summed=not known)
    finally:
        os.close(fd)


def vouch_for(path: Path, mark: Mark, vouches: Vouches) -> None:
    """Sum up a log that was just written to its end, so that the next look at it need not.

    First it waits, `store.vouch.SETTLED_NS` at most, until any later change must show; where that
    takes longer, nothing is done. Arguments and errors are those of `skim`.
    """
    wait_ns = unsettled_ns(status_of(path.stat()))
    if wait_ns <= SETTLED_NS:
        time.sleep(wait_ns / 1e9)
        skim(path, mark, {}, vouches)


def stands_in(path: Path, mark: Mark) -> bool:
    """Return whether the log at `path` says of itself that it has a place; nothing is summed up."""
    try:
        fd = open_to_read(path)
    except LogAbsentError:
        return False
    try:
        return mark.offset >= SUM_BYTES and _sum_at(fd, mark.offset) == mark.sum
    finally:
        os.close(fd)


def _places(fd: int, size: int, mark: Mark, seal: Seal | None) -> dict[int, str] | None:
    """Return what the sum must be at `mark`, at the seal and at the end; None if that cannot be."""
    places = {mark.offset: mark.sum}
    if seal is not None and places.setdefault(seal.bytes, seal.sum) != seal.sum:
        return None
    if max(places) > size or min(places) < SUM_BYTES:
        return None
    said = _sum_at(fd, size)
    return None if said is None or places.setdefault(size, said) != said else places


def _found(fd: int, places: Mapping[int, str]) -> Head | None:
    """Return a head, if the sums that stand at the places are those that must be there."""
    return Head() if all(_sum_at(fd, place) == said for place, said in places.items()) else None


def _sum_at(fd: int, end: int) -> str | None:
    """Return the sum that a decision ends with at `end`; None if none ends there."""
    found = os.pread(fd, SUM_BYTES, end - SUM_BYTES)
    if not (found.startswith(SUM_MARK) and found.endswith(SUM_END)):
        return None
    return found[len(SUM_MARK) : len(SUM_MARK) + SUM_DIGITS].decode("ascii", "replace")


def _followed(fd: int, places: Mapping[int, str], mark: Mark) -> Head | None:
    """Return a head whose hasher has seen all before `mark`, if every place has its sum."""
    head = Head()
    hasher, offset = head.hasher.copy(), 0
    for place in sorted(places):
        offset = sum_up(fd, hasher.update, offset, place - SUM_BYTES)
        if hasher.hexdigest()[:SUM_DIGITS] != places[place]:
            return None
        offset = sum_up(fd, hasher.update, offset, place)
        if place == mark.offset:
            head.hasher = hasher.copy()
    return head


def sum_up(fd: int, update: Callable[[bytes], None], offset: int, end: int) -> int:
    """Have `update` take the bytes up to `end`, and return it."""
    while offset < end:
        block = os.pread(fd, min(_BLOCK_BYTES, end - offset), offset)
        if not block:  # the log has become shorter: the sums will not agree
            break
        update(block)
        offset += len(block)
    return end


def _last_position(fd: int, size: int) -> int:
    start = max(0, size - _LONGEST_LINE)
    tail = os.pread(fd, size - start, start)
    line = tail[:-1].rpartition(b"\n")[2]
    return msgspec.json.decode(line, type=_Numbered).position
