"""Reading a file that a person named: whole, bounded, and without ever waiting."""

import os
import stat
from pathlib import Path

from cli.errors import InputUnreadableError
from events.documents import MAX_BYTES

_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def read_input(path: str | Path) -> bytes:
    """Return the bytes of the regular file at `path`, of which there are at most `MAX_BYTES`.

    Raises:
        InputUnreadableError: missing, unreadable, too large, or a folder, pipe or device.
    """
    try:
        return _read(path)
    except FileNotFoundError as error:
        raise InputUnreadableError(str(path), "there is no such file") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise InputUnreadableError(str(path), f"cannot be read: {reason}") from error


def _read(path: str | Path) -> bytes:
    descriptor = os.open(path, _FLAGS)
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            what = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
            raise InputUnreadableError(str(path), f"is {what}, not a file")
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(MAX_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(data) > MAX_BYTES:
        raise InputUnreadableError(str(path), f"is larger than {MAX_BYTES} bytes")
    return data
