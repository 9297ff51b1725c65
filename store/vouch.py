"""That a log was verified whole, remembered for as long as nobody has touched it since.

To sum up a large log takes longer than to show a state of it. What the system says of a file (which
one it is, its size, when its bytes and when its inode last changed) is different whenever somebody
has written to it or put another in its place, and the time of the inode cannot be set by hand. So a
log of which all of that is as it was when it was last summed up is that log. Whoever has to prove
something, as `verify` does, sums it up all the same.

It is kept in the user's cache folder, beside the snapshots and for the same reason.
"""

import os
import time
from pathlib import Path

import msgspec

from store.cache_file import keep_file, open_kept

SETTLED_NS = 50_000_000
"""A file that changed less than so long ago may change again and show the same time: the kernel
takes it from a clock that is behind by up to a tick, 10 ms at most, and no file system that keeps
parts of a second keeps less than hundredths (exFAT). The rest is room."""
COARSE_NS = 2_000_000_000
"""So much longer where times are kept in whole seconds, or in pairs of them (FAT)."""
_SECOND_NS = 1_000_000_000


class Status(msgspec.Struct, frozen=True):
    """What the system says of a file."""

    device: int
    inode: int
    size: int
    """Bytes."""
    changed_ns: int
    """When its bytes were last changed, in ns since 1970."""
    touched_ns: int
    """When anything of it was last changed."""


class Look(msgspec.Struct, frozen=True):
    """What a log was before it was read."""

    status: Status
    settled: bool
    """Whether any change since must show."""


class _Vouch(msgspec.Struct, frozen=True):
    program: str
    status: Status


class Vouches:
    """What is remembered of one log. Nothing here ever fails: without it, things take longer."""

    def __init__(self, path: Path, program: str) -> None:
        """Keep it at `path`.

        Args:
            path: of this log alone; its folder is made when it is needed.
            program: a fingerprint of what verifies; what another program saw does not count.
        """
        self._path = path
        self._program = program

    def hold(self, status: Status) -> bool:
        """Return whether the log was verified whole as it is now."""
        try:
            with open_kept(self._path) as file:
                vouch = msgspec.json.decode(file.read(), type=_Vouch)
        except (OSError, ValueError):
            return False
        return vouch == _Vouch(self._program, status)

    def remember(self, before: Look, after: Status) -> None:
        """Keep that the log was verified whole, if it cannot have changed meanwhile.

        Args:
            before: what it was before its first byte was read.
            after: what it was when it had been read.
        """
        if before.settled and before.status == after:
            keep_file(self._path, msgspec.json.encode(_Vouch(self._program, after)))


def look_at(found: os.stat_result) -> Look:
    """Return what `os.stat` or `os.fstat` has just found of a log that is about to be read."""
    status = status_of(found)
    return Look(status, settled=unsettled_ns(status) == 0)


def status_of(found: os.stat_result) -> Status:
    """Return what counts of what `os.stat` or `os.fstat` found of a log."""
    return Status(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def unsettled_ns(status: Status) -> int:
    """Return for how long from now on the file may still change without showing it; 0: it cannot.

    A time without a part below a second may come from a coarse clock, and is taken for one.
    """
    coarse = status.touched_ns % _SECOND_NS == 0
    settled = status.touched_ns + SETTLED_NS + (COARSE_NS if coarse else 0)
    return max(0, settled - time.time_ns())
