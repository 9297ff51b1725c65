"""A whole log vouched for at the speed of its hash: its bytes are summed up, its records not read.

The last sum of a log speaks for every byte before it. So a fold may begin in the middle, behind a
place whose sum is known, if the sums at that place, at the seal and at the end all agree. Where one
does not, this says only so: who reads the log record by record is told what is wrong, and where.

To sum up a large log takes longer than most of what is asked of it. So that is done aside, while
the answer is made, which nobody is given before.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import msgspec

from store.errors import LogAbsentError
from store.head import SUM_BYTES, SUM_DIGITS, SUM_END, SUM_MARK, Head, Mark
from store.opening import open_to_read
from store.seal import Seal, read_seal, seal_beside
from store.vouch import SETTLED_NS, Look, Vouches, look_at, status_of, unsettled_ns

_BLOCK_BYTES = 16 << 20
"""Hashed at one go; between two blocks a thread may have to wait for the interpreter."""
_TURN_S = 0.0003
_LONGEST_LINE = 1 << 20


class _Numbered(msgspec.Struct):
    position: int


class Skimmed(msgspec.Struct, frozen=True):
    """A log that is being vouched for as a whole; nobody may be told of it what was not."""

    fd: int
    """The log, open for reading during the block."""
    last: int
    """The last position, as the log says."""
    bytes: int
    """How far the log reached when it was looked at."""
    vouched: Callable[[], bool]
    """Waits, and returns whether all of that is the log that was written, and still stands there:
    what was read of it in the block has not been cut off meanwhile."""


@contextmanager
def skimmed(path: Path, mark: Mark, vouches: Vouches | None = None) -> Iterator[Skimmed | None]:
    """Give the log at `path`, which is summed up during the block; None: read it from its start.

    Args:
        path: the log.
        mark: a place that it is said to have.
        vouches: what is remembered of the log; what is remembered whole is not summed up again, and
            what is summed up is remembered.

    Raises:
        LogUnusableError: what is there is no log.
        SealBrokenError: the seal cannot be read.
    """
    seal = read_seal(seal_beside(path))
    try:
        fd = open_to_read(path)
    except LogAbsentError:
        yield None  # whoever reads it from its start says what is lost
        return
    try:
        look = look_at(os.fstat(fd))
        size = look.status.size
        places, last = _places(fd, size, mark, seal), _last_position(fd, size)
        if places is None or last is None:
            yield None
        elif vouches is not None and vouches.hold(look.status):
            yield Skimmed(fd, last, size, lambda: _says_sums(fd, places))
        else:
            with _quick_turns(), ThreadPoolExecutor(1) as aside:
                verdict = aside.submit(_agrees, fd, places, look, vouches)
                yield Skimmed(fd, last, size, lambda: verdict.result() and _says_sums(fd, places))
    finally:
        os.close(fd)


@contextmanager
def _quick_turns() -> Iterator[None]:
    """Have threads that want the interpreter wait for less than 5 ms, which is usual.

    Hashing lets go of it for a block at a time, and would stand still as long before the next.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(_TURN_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _agrees(fd: int, places: Mapping[int, str], look: Look, vouches: Vouches | None) -> bool:
    """Return whether every place has its sum; a log of which that is true is remembered."""
    if not _has_sums(fd, places):
        return False
    if vouches is not None:
        vouches.remember(look, status_of(os.fstat(fd)))
    return True


def vouch_for(path: Path, mark: Mark, vouches: Vouches) -> None:
    """Sum up a log that was just written to its end, so that the next look at it need not.

    First it waits, `store.vouch.SETTLED_NS` at most, until any later change must show; where that
    takes longer, nothing is done. Arguments and errors are those of `skimmed`.
    """
    wait_ns = unsettled_ns(status_of(path.stat()))
    if wait_ns <= SETTLED_NS:
        time.sleep(wait_ns / 1e9)
        with skimmed(path, mark, vouches):
            pass


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


def _says_sums(fd: int, places: Mapping[int, str]) -> bool:
    """Return whether the sum that stands at every place is the one that must be there."""
    return all(_sum_at(fd, place) == said for place, said in places.items())


def _sum_at(fd: int, end: int) -> str | None:
    """Return the sum that a decision ends with at `end`; None if none ends there."""
    found = os.pread(fd, SUM_BYTES, end - SUM_BYTES)
    if not (found.startswith(SUM_MARK) and found.endswith(SUM_END)):
        return None
    return found[len(SUM_MARK) : len(SUM_MARK) + SUM_DIGITS].decode("ascii", "replace")


def _has_sums(fd: int, places: Mapping[int, str]) -> bool:
    """Return whether the sum at every place is that of all before it."""
    hasher, offset = Head().hasher, 0
    for place in sorted(places):
        offset = sum_up(fd, hasher.update, offset, place - SUM_BYTES)
        if hasher.hexdigest()[:SUM_DIGITS] != places[place]:
            return False
        offset = sum_up(fd, hasher.update, offset, place)
    return True


def sum_up(fd: int, update: Callable[[memoryview], None], offset: int, end: int) -> int:
    """Have `update` take the bytes up to `end`, and return it."""
    block = memoryview(bytearray(max(0, min(_BLOCK_BYTES, end - offset))))
    while offset < end:
        size = os.preadv(fd, [block[: end - offset]], offset)
        if not size:  # the log has become shorter: the sums will not agree
            break
        update(block[:size])
        offset += size
    return end


def _last_position(fd: int, size: int) -> int | None:
    """Return what position the last line says to have; None if it says none."""
    start = max(0, size - _LONGEST_LINE)
    line = os.pread(fd, size - start, start)[:-1].rpartition(b"\n")[2]
    try:
        return msgspec.json.decode(line, type=_Numbered).position
    except ValueError:
        return None
