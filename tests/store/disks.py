"""Disks for the tests: the real one, but for the faults that a test asks for."""

import errno
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from store.disk import REAL_DISK


class CountingDisk:
    """The real disk without its syncs, which take time and show nothing here; counts calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.before: Callable[[str, int], None] = lambda call, number: None
        """Called with the name of each call and its number, 1, 2, ...; may raise."""

    def open(self, path: Path, flags: int) -> int:
        self._enter("open")
        return REAL_DISK.open(path, flags)

    def write(self, fd: int, data: bytes) -> int:
        self._enter("write")
        return REAL_DISK.write(fd, data)

    def fdatasync(self, fd: int) -> None:
        self._enter("fdatasync")

    def fsync(self, fd: int) -> None:
        self._enter("fsync")

    def ftruncate(self, fd: int, size: int) -> None:
        self._enter("ftruncate")
        REAL_DISK.ftruncate(fd, size)

    def rename(self, source: Path, target: Path) -> None:
        self._enter("rename")
        REAL_DISK.rename(source, target)

    def mkdir(self, path: Path) -> None:
        self._enter("mkdir")
        REAL_DISK.mkdir(path)

    def _enter(self, call: str) -> None:
        self.calls.append(call)
        self.before(call, len(self.calls))


class FailingDisk(CountingDisk):
    """Refuses call number `at`, and with `forever` all calls behind it too."""

    def __init__(self, at: int, code: int = errno.ENOSPC, *, forever: bool = False) -> None:
        super().__init__()

        def fail(call: str, number: int) -> None:
            if number == at or (forever and number > at):
                raise OSError(code, os.strerror(code))

        self.before = fail


class StingyDisk(CountingDisk):
    """Takes only a few bytes with each write."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def write(self, fd: int, data: bytes) -> int:
        return super().write(fd, data[: self._most])


class Crash(BaseException):  # it is no error of the program: the machine stops
    """The machine stops here."""


FATES = ("kept", "dropped", "zeroed", "torn", "first sector zeroed")
"""What a crash makes of bytes that were written and not synced; kept: only the process died."""


@dataclass
class CrashingDisk(CountingDisk):
    """Stops at call number `at`; then `aftermath` shows what a power cut may have left.

    It knows which bytes of which file, and which names of which folder, were synced.
    """

    at: int = 0
    """0: never."""
    share: float = 0.0
    """How much of a write is done when the crash hits it."""
    synced: dict[int, bytes] = field(default_factory=dict)
    """By inode."""
    named: dict[Path, dict[str, int]] = field(default_factory=dict)
    """By folder."""
    _paths: dict[int, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()
        self.before = self._crash

    def open(self, path: Path, flags: int) -> int:
        fd = super().open(path, flags)
        self._paths[fd] = path
        return fd

    def write(self, fd: int, data: bytes) -> int:
        try:
            return super().write(fd, data)
        except Crash:
            REAL_DISK.write(fd, data[: int(len(data) * self.share)])
            raise

    def fdatasync(self, fd: int) -> None:
        super().fdatasync(fd)
        self._sync(fd)

    def fsync(self, fd: int) -> None:
        super().fsync(fd)
        self._sync(fd)

    def aftermath(self, folder: Path, target: Path, fate: str) -> None:
        """Make `target` what `folder` is after the crash."""
        target.mkdir()
        present = {path.name: path.stat().st_ino for path in folder.iterdir() if path.is_file()}
        names = present if fate == "kept" else {**self.named.get(folder, {})}
        contents = {path.stat().st_ino: path.read_bytes() for path in folder.iterdir()}
        for name, inode in names.items():
            now = contents.get(inode, b"")
            (target / name).write_bytes(_after(self.synced.get(inode, b""), now, fate))

    def _crash(self, call: str, number: int) -> None:
        if number == self.at:
            raise Crash

    def _sync(self, fd: int) -> None:
        path = self._paths[fd]
        if path.is_dir():
            self.named[path] = {one.name: one.stat().st_ino for one in path.iterdir()}
        else:
            self.synced[os.fstat(fd).st_ino] = path.read_bytes()


def _after(synced: bytes, now: bytes, fate: str) -> bytes:
    if fate == "kept":
        return now
    if not now.startswith(synced) or fate == "dropped":  # cut, and the cut was not synced
        return synced
    fresh = now[len(synced) :]
    if fate == "zeroed":
        return synced + bytes(len(fresh))
    if fate == "torn":
        return synced + fresh[: len(fresh) // 2]
    sector = min(512 - len(synced) % 512, len(fresh))
    return synced + bytes(sector) + fresh[sector:]


def every_call(disk: CountingDisk) -> Iterator[int]:
    """Give the number of each call that `disk` has seen."""
    return iter(range(1, len(disk.calls) + 1))
