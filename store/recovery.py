"""Setting an end of the log aside: copied beside it first, cut off then, and put on record last.

Each step is durable before the next, and all of them can be done again after a crash. What is put
on record is read off the names of the copies, so a recovery that was itself cut short is not lost.
"""

import os
import re
from contextlib import ExitStack, closing
from pathlib import Path

from events.journal import LogRecovered
from store.codec import Codec
from store.disk import REAL_DISK, Disk, sync_folder, write_all
from store.errors import LogPoisonedError, LogUnusableError
from store.head import Head
from store.lock import LOCK_NAME, Lock
from store.opening import open_to_write
from store.reader import LogReader
from store.seal import seal_beside
from store.tail import Tail

_BLOCK_BYTES = 1 << 20
_KEPT = re.compile(r"(?P<why>torn|cut)-(?P<position>\d+)-(?P<size>\d+)")
"""``torn`` by a crash, ``cut`` by hand; the position of the first record in it; its bytes."""


def set_aside_torn(disk: Disk, log: Path, fd: int, head: Head) -> None:
    """Cut the log, open as `fd`, behind `head`; raises `OSError`."""
    _set_aside(disk, log, fd, head, "torn")


def cut(log: Path, codec: Codec, *, after: int, disk: Disk = REAL_DISK) -> Path:
    """Cut the log behind position `after`, and return where what stood there is kept.

    All up to there is verified first. The next opening puts the cut on record. A seal that speaks
    of what is cut off is set aside too, as ``seal.json.cut``.

    Raises:
        HeldError: a process writes the log.
        LogUnusableError: there is no log, or `after` is not the end of a decision.
        DamageError: what stands before is damaged too.
        LogPoisonedError: the disk failed; the log is as it was, or cut.
    """
    with ExitStack() as stack:
        stack.enter_context(closing(Lock.take(log.parent / LOCK_NAME, disk)))
        fd = open_to_write(log, disk, make=False)
        stack.callback(os.close, fd)
        offset = _end_of_line(fd, after)
        reader = LogReader(log, codec, fd=fd, until=offset, sealed=False)
        while reader.poll():
            pass
        if offset == 0 or reader.head.offset != offset:
            raise LogUnusableError(log, f"no decision ends at position {after}; it was not cut")
        seal = seal_beside(log)
        try:
            if seal.exists():
                disk.rename(seal, seal.with_name(f"{seal.name}.cut"))
            return _set_aside(disk, log, fd, reader.head, "cut")
        except OSError as error:
            raise LogPoisonedError(log, after, error) from error


def recoveries(log: Path, position: int, reason: str) -> tuple[LogRecovered, ...]:
    """Return what must be put on record of the ends that began at `position`, for `reason`.

    More than one if a recovery was cut short before it was on record.
    """
    found = []
    for copy in sorted(log.parent.glob(f"*-{position}-*")):
        named = _KEPT.fullmatch(copy.name)
        if named is None or copy.stat().st_size != int(named["size"]):
            continue  # not ours, or not finished before a crash
        why = "cut by hand" if named["why"] == "cut" else reason
        found.append(LogRecovered(bytes=int(named["size"]), reason=why, kept=copy.name))
    return tuple(found)


def reason_of(tail: Tail) -> str:
    """Return why an end was torn off; a clean tail means that an earlier opening cut it."""
    return tail.reason or "torn; an earlier recovery was cut short"


def _set_aside(disk: Disk, log: Path, fd: int, head: Head, why: str) -> Path:
    size = os.fstat(fd).st_size - head.offset
    copy = log.with_name(f"{why}-{head.position + 1}-{size}")
    _copy(disk, fd, head.offset, copy)
    sync_folder(disk, log.parent)
    disk.ftruncate(fd, head.offset)
    disk.fsync(fd)
    return copy


def _copy(disk: Disk, source: int, offset: int, target: Path) -> None:
    fd = disk.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        while data := os.pread(source, _BLOCK_BYTES, offset):
            write_all(disk, fd, data)
            offset += len(data)
        disk.fsync(fd)
    finally:
        os.close(fd)


def _end_of_line(fd: int, number: int) -> int:
    """Return where line `number` (1, 2, ...) ends, which is that of the record; 0 if nowhere."""
    offset = 0
    while number > 0 and (data := os.pread(fd, _BLOCK_BYTES, offset)):
        lines = data.count(b"\n")
        if lines < number:
            number -= lines
            offset += len(data)
            continue
        end = 0
        for _ in range(number):
            end = data.index(b"\n", end) + 1
        return offset + end
    return 0
