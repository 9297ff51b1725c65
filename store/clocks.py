"""What the clocks say now, in the form in which a record keeps it."""

import time
from pathlib import Path

from events.clocks import Clocks

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """Return the kernel's id of its boot; empty where it does not say."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""


def clocks(not_before_s: float = 0.0) -> Clocks:
    """Return what the clocks say now.

    Args:
        not_before_s: A time that is known to be over, in seconds since 1970: the last record's. A
            wall clock that says less was set back, and is taken to say that.
    """
    boottime = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return Clocks(max(time.time(), not_before_s), boot_id(), time.clock_gettime(boottime))
