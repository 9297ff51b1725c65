"""Which process works on a run: seen from outside, without touching its lock."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

_LOCKS = Path("/proc/locks")


def holder_of(lock: Path, table: Path = _LOCKS) -> int | None:
    """Return the process that holds the lock file of a run; None if nobody does.

    Trying the lock for a moment would tell too, but in that moment a `resume` would be turned away;
    so the kernel's own table is read. Only where there is none (it is of Linux) the lock is tried,
    and the answer for a held one is 0: held, by we do not know whom.
    """
    try:
        inode = lock.stat().st_ino
    except OSError:
        return None
    try:
        rows = table.read_text().splitlines()
    except OSError:
        return _tried(lock)
    for row in map(str.split, rows):
        # 1: FLOCK ADVISORY WRITE 1234 fe:00:56789 0 EOF; a row with an arrow only waits for one
        if (
            row[1] == "FLOCK"
            and row[5].rpartition(":")[2] == str(inode)
            and _has_open(row[4], lock)
        ):
            return int(row[4])
    return None


def _has_open(pid: str, lock: Path) -> bool:
    """Return whether `pid` may have `lock` open: another file system may use the inode number too.

    A process of another user does not let us look; it is believed.
    """
    try:
        descriptors = list((Path("/proc") / pid / "fd").iterdir())
    except OSError:
        return True
    for descriptor in descriptors:
        with suppress(OSError):  # closed meanwhile
            if descriptor.samefile(lock):
                return True
    return False


def _tried(lock: Path) -> int | None:
    try:
        fd = os.open(lock, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return 0
    finally:
        os.close(fd)
    return None
