"""What the clocks say now, in the form in which a record keeps it."""

import time
from datetime import datetime
from functools import cache
from pathlib import Path

from events.clocks import Clocks

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@cache
def boot_id() -> str:
    """Return the kernel's id of its boot, for all its processes; empty where it does not say."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""


def clocks(not_before: str = "") -> Clocks:
    """Return what the clocks say now.

    Args:
        not_before: A time that is known to be over, as records hold it: that of the last one. A
            wall clock that says less was set back, and is taken to say that.
    """
    boottime = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    known_s = datetime.fromisoformat(not_before).timestamp() if not_before else 0.0
    return Clocks(max(time.time(), known_s), boot_id(), time.clock_gettime(boottime))
