"""Reading one file that a person names: regular, of bounded size, or a clear word why not."""

import errno
import os
import stat
from pathlib import Path
from typing import Final

from workspace.views.errors import FileUnreadableError

MOST_BYTES: Final = 64 * 1024 * 1024
"""Larger files are refused before they are read."""


def read_file(path: Path) -> bytes:
    """Return the content of the regular file at `path`; never waits, never reads without end.

    Raises:
        FileUnreadableError: there is none, it may not be read, it is a folder, pipe or device, or
            it is larger than `MOST_BYTES`.
    """
    try:
        # A pipe without a writer would make an ordinary open wait for one.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise FileUnreadableError(str(path), "it is not a regular file") from None
        raise FileUnreadableError(str(path), _reason(error)) from None
    except ValueError:
        raise FileUnreadableError(str(path), "the name holds a zero byte") from None
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise FileUnreadableError(str(path), "it is a directory")
        if not stat.S_ISREG(status.st_mode):
            raise FileUnreadableError(str(path), "it is not a regular file")
        if status.st_size > MOST_BYTES:
            size = f"it has {status.st_size:,} bytes; at most {MOST_BYTES:,} are read"
            raise FileUnreadableError(str(path), size)
        with os.fdopen(os.dup(descriptor), "rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise FileUnreadableError(str(path), _reason(error)) from None
    finally:
        os.close(descriptor)
    if len(content) > MOST_BYTES:  # it grew, or it is a file of the kernel that has no size
        raise FileUnreadableError(str(path), f"it has more than {MOST_BYTES:,} bytes")
    return content


def _reason(error: OSError) -> str:
    words = error.strerror or str(error)
    return words[:1].lower() + words[1:]
