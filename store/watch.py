"""Waiting for files and folders to change without asking again and again: inotify, if there is one.

Where there is none (another system, or its limits are used up) they are looked at every 0.2 s.
"""

import ctypes
import os
import select
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Self

POLL_S = 0.2
"""How often files are looked at without inotify."""
LONGEST_S = 10.0
"""Even with inotify we look again after so long: a network file system tells of no change."""

# inotify(7). A file is closed after writing also when a process dies. Names come into a folder by
# being made or linked, or by a rename, and leave it by being deleted.
_MODIFY, _CLOSE_WRITE, _MOVED_TO, _CREATE, _DELETE = 0x2, 0x8, 0x80, 0x100, 0x200
_WANTED = _MODIFY | _CLOSE_WRITE | _MOVED_TO | _CREATE | _DELETE
_EVENTS_BYTES = 65_536


class Watch:
    """Waits for changes of some files and folders since the last wait. For one thread."""

    def __init__(self, files: Iterable[Path]) -> None:
        """Begin to watch; a change from here on ends the next `wait` at once."""
        self._files = tuple(files)
        self._woken, self._waker = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._fd = _inotify(self._files)
        self._seen = self._looks()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
        os.close(self._woken)
        os.close(self._waker)

    def wake(self) -> None:
        """End the wait under way, or else the next one. From any thread, while it is not closed."""
        os.write(self._waker, b"!")

    def wait(self, most_s: float | None = None) -> None:
        """Return when something has changed, or `wake` was called; sometimes without a cause.

        After `most_s` seconds it returns in any case; None: whenever it is time to look again.
        """
        longest_s = LONGEST_S if most_s is None else min(most_s, LONGEST_S)
        if self._fd is not None:
            for fd in select.select([self._fd, self._woken], [], [], longest_s)[0]:
                os.read(fd, _EVENTS_BYTES)
            return
        until = time.monotonic() + longest_s
        while self._looks() == self._seen and time.monotonic() < until:
            if select.select([self._woken], [], [], POLL_S)[0]:
                os.read(self._woken, _EVENTS_BYTES)
                break
        self._seen = self._looks()

    def _looks(self) -> list[object]:
        return [_look(file) for file in self._files]


def _look(file: Path) -> object:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


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
        if libc.inotify_add_watch(fd, os.fsencode(file), ctypes.c_uint32(_WANTED)) < 0:
            os.close(fd)
            return None
    return fd
