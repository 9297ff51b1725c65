"""What the process says when it ends: the numbers that scripts rely on."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Each number has one meaning in every command."""

    COMPLETED = 0
    BLOCKED = 1
    """The run ended with blocked or cancelled tickets, or its delivery was refused.

    Of `export --send`: no collector took it.
    """
    BAD_INPUT = 2
    """Bad usage or input; nothing was written."""
    WAITING = 3
    """Waiting for a person, or paused; can be resumed."""
    LOG_DAMAGED = 4
    """The log is damaged, or a decision in it cannot be derived again."""
    HELD = 5
    """Another process holds the run."""
    BUG = 70
    DISK = 74
    """A disk is full, failing or read-only; can be resumed once it is mended."""
    INTERRUPTED = 130
    """Can be resumed."""
