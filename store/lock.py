"""One writer: a lock on a file of the run folder, held for as long as its descriptor is open.

flock, not fcntl: it goes with the open file and not with the process, so closing another descriptor
of the file does not lose it, and the kernel lets go of it when the holder dies, however it dies.
What is written into the file is for messages only.
"""

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from store.clocks import boot_id
from store.disk import REAL_DISK, Disk, write_all
from store.errors import HeldError, LogUnusableError

LOCK_NAME = "lock"
_PROC = Path("/proc")
_LONGEST = 4096
_STARTED = 19
"""Which field of /proc/PID/stat, counted behind the name, is the start time (proc(5): 22)."""
_TRIES = 100
_GONE_TRIES = 50
_GONE_ROUND_S = 0.01
"""How often, and how long apart, a lock is asked for whose holder is dead already."""


class Holder(msgspec.Struct, frozen=True):
    """Who holds the lock, as far as the file says."""

    pid: int
    boot: str = ""
    """The kernel's id of its boot."""
    started: int = 0
    """When the process started, in clock ticks since boot: tells it from a later one of its pid."""


class Lock:
    """The right to write a run; lost when it is closed, or when the process ends."""

    def __init__(self, path: Path, fd: int) -> None:
        """Keep a descriptor that holds the lock; see `take`."""
        self.path = path
        self._fd: int | None = fd

    @classmethod
    def take(cls, path: Path, disk: Disk = REAL_DISK) -> "Lock":
        """Take the lock at `path` at once, or not at all.

        A process that dies while it starts another leaves its lock with that one until its exec,
        so half a second is given to a lock whose holder is dead.

        Raises:
            HeldError: another process has it, or this one.
            LogUnusableError: there is no folder for the lock, or something else is in its place.
        """
        for tried in range(_TRIES):
            try:
                fd = disk.open(path, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK)
            except OSError as error:
                reason = f"the lock cannot be opened ({error.strerror})"
                raise LogUnusableError(path, reason, error) from error
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Whoever deleted the file in between left us with a lock on nothing.
                if _is_same(fd, path):
                    _sign(disk, fd)
                    return cls(path, fd)
            except BlockingIOError:
                holder = _holder(fd)
                os.close(fd)
                if holder is not None and _is_gone(holder) and tried < _GONE_TRIES:
                    time.sleep(_GONE_ROUND_S)
                    continue
                raise HeldError(path, holder.pid if holder else None) from None
            except BaseException:
                os.close(fd)
                raise
            os.close(fd)
        raise LogUnusableError(path, "the lock is replaced again and again")

    def close(self) -> None:
        """Give the lock back. A second call does nothing."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def _is_same(fd: int, path: Path) -> bool:
    try:
        there = path.lstat()
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(fd), there)


def _sign(disk: Disk, fd: int) -> None:
    holder = Holder(os.getpid(), boot_id(), _start_of(os.getpid()))
    with suppress(OSError):  # a full disk; the lock is held all the same
        disk.ftruncate(fd, 0)
        write_all(disk, fd, msgspec.json.encode(holder) + b"\n")


def _holder(fd: int) -> Holder | None:
    try:
        return msgspec.json.decode(os.pread(fd, _LONGEST, 0), type=Holder)
    except ValueError:
        return None


def _is_gone(holder: Holder) -> bool:
    return holder.boot != boot_id() or holder.started != _start_of(holder.pid)


def _start_of(pid: int) -> int:
    try:
        status = (_PROC / f"{pid}/stat").read_text()
    except OSError:
        return 0
    return int(status.rpartition(")")[2].split()[_STARTED])
