"""Waiting for a file to change without asking again and again: inotify, where there is one."""

import ctypes
import os
import select
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Self

POLL_S = 0.2
"""Without inotify (another system, or its limits are used up) files are looked at so often."""
LONGEST_S = 10.0
"""Even with inotify we look again after so long: a network file system tells of no change."""

_MODIFY, _CLOSE_WRITE = 0x2, 0x8  # inotify(7); the latter also when a process dies
_EVENTS_BYTES = 65_536


class Watch:
    """Waits for changes of some files since the last wait. For one thread."""

    def __init__(self, files: Iterable[Path]) -> None:
        """Begin to watch; a change from here on ends the next `wait` at once."""
        self._files = tuple(files)
        self._fd = _inotify(self._files)
        self._seen = self._looks()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def wait(self) -> None:
        """Return when a file was written to or a writer closed it; sometimes without a cause."""
        if self._fd is not None:
            if select.select([self._fd], [], [], LONGEST_S)[0]:
                os.read(self._fd, _EVENTS_BYTES)
            return
        waited_s = 0.0
        while self._looks() == self._seen and waited_s < LONGEST_S:
            time.sleep(POLL_S)
            waited_s += POLL_S
        self._seen = self._looks()

    def _looks(self) -> list[object]:
        return [_look(file) for file in self._files]


def _look(file: Path) -> object:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _inotify(files: Iterable[Path]) -> int | None:
    """Return a descriptor that can be read once a file has changed; None if there is no such."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        fd: int = libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, AttributeError):
        return None
    if fd < 0:
        return None
    for file in files:
        if (
            libc.inotify_add_watch(fd, os.fsencode(file), ctypes.c_uint32(_MODIFY | _CLOSE_WRITE))
            < 0
        ):
            os.close(fd)
            return None
    return fd
