"""What the clocks said at one moment: enough to tell later how long ago it was."""

import msgspec


class Clocks(msgspec.Struct, frozen=True, omit_defaults=True):
    """The wall clock, which anybody can set, and the one since the boot, which nobody can."""

    wall_s: float
    """Seconds since 1970, UTC."""
    boot: str = ""
    """The kernel's id of its boot; empty if it does not say."""
    up_s: float = 0.0
    """Seconds since that boot, those asleep included."""


def elapsed_s(since: Clocks, now: Clocks) -> float:
    """Return how many seconds lie between two moments, never less than none.

    Within one boot the wall clock does not count, so setting it back gains no time.

    >>> elapsed_s(Clocks(1000.0, "b", 5.0), Clocks(400.0, "b", 65.0))
    60.0
    >>> elapsed_s(Clocks(1000.0, "b", 5.0), Clocks(1030.0, "c", 1.0))
    30.0
    """
    if since.boot and since.boot == now.boot:
        return max(0.0, now.up_s - since.up_s)
    return max(0.0, now.wall_s - since.wall_s)
