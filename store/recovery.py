"""Setting a torn end aside: copied beside the log first, cut off then, and put on record last.

Each step is durable before the next, and all of them may be done again after a crash.
"""

import os
import re
from pathlib import Path

from events.journal import LogRecovered
from store.disk import Disk, sync_folder, write_all
from store.tail import Tail

_COPY_BYTES = 1 << 20
_TORN = re.compile(r"torn-(?P<position>\d+)-(?P<size>\d+)")


def set_aside(disk: Disk, log: Path, fd: int, position: int, offset: int) -> None:
    """Cut the log, open as `fd`, to `offset` bytes; keep what stood behind beside it.

    The copy is ``torn-POSITION-BYTES``; `position` is that of the first record in it.
    """
    size = os.fstat(fd).st_size - offset
    copy = log.with_name(f"torn-{position}-{size}")
    _copy(disk, fd, offset, copy)
    sync_folder(disk, log.parent)
    disk.ftruncate(fd, offset)
    disk.fsync(fd)


def recoveries(log: Path, position: int, reason: str) -> tuple[LogRecovered, ...]:
    """Return what must be put on record of the ends that were torn off before `position`.

    More than one if a recovery was itself cut short before it was on record.
    """
    found = []
    for copy in sorted(log.parent.glob(f"torn-{position}-*")):
        named = _TORN.fullmatch(copy.name)
        if named is not None and copy.stat().st_size == int(named["size"]):
            found.append(LogRecovered(bytes=int(named["size"]), reason=reason, kept=copy.name))
    return tuple(found)


def reason_of(tail: Tail) -> str:
    """Return why an end was torn off; a clean tail means that an earlier opening cut it."""
    return tail.reason or "an earlier recovery was cut short"


def _copy(disk: Disk, source: int, offset: int, target: Path) -> None:
    fd = disk.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        while data := os.pread(source, _COPY_BYTES, offset):
            write_all(disk, fd, data)
            offset += len(data)
        disk.fsync(fd)
    finally:
        os.close(fd)
