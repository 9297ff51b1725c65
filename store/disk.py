"""The few system calls that durability rests on: one object, which tests replace by a bad one."""

import errno
import os
from pathlib import Path
from typing import Protocol

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


class Disk(Protocol):
    """What the store asks of the operating system when it writes. Everything raises `OSError`."""

    def open(self, path: Path, flags: int) -> int:
        """Return a descriptor of a file that only the user may read; links are not followed."""

    def write(self, fd: int, data: bytes) -> int:
        """Write some of `data`, at least a byte; return how many bytes."""

    def fdatasync(self, fd: int) -> None:
        """Return when the contents of the file would survive a power cut."""

    def fsync(self, fd: int) -> None:
        """Return when the file, or the names in the folder, would survive a power cut."""

    def ftruncate(self, fd: int, size: int) -> None:
        """Cut the file to `size` bytes."""

    def rename(self, source: Path, target: Path) -> None:
        """Put `source` in the place of `target`, at once."""

    def mkdir(self, path: Path) -> None:
        """Make a folder that only the user may enter."""


class RealDisk:
    """The operating system itself."""

    def open(self, path: Path, flags: int) -> int:
        return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE_FILE)

    def write(self, fd: int, data: bytes) -> int:
        return os.write(fd, data)

    def fdatasync(self, fd: int) -> None:
        os.fdatasync(fd)

    def fsync(self, fd: int) -> None:
        os.fsync(fd)

    def ftruncate(self, fd: int, size: int) -> None:
        os.ftruncate(fd, size)

    def rename(self, source: Path, target: Path) -> None:
        source.replace(target)

    def mkdir(self, path: Path) -> None:
        path.mkdir(PRIVATE_FOLDER)


REAL_DISK = RealDisk()


def write_all(disk: Disk, fd: int, data: bytes) -> None:
    """Write all of `data`; a disk that takes only a part is asked again for the rest."""
    written = disk.write(fd, data)
    if written == len(data):
        return
    rest = memoryview(data)[written:]
    while rest:
        written = disk.write(fd, bytes(rest))
        if written == 0:
            raise OSError(errno.EIO, "the disk takes no more bytes and does not say why")
        rest = rest[written:]


def sync_folder(disk: Disk, folder: Path) -> None:
    """Return when the names in `folder` would survive a power cut."""
    fd = disk.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        disk.fsync(fd)
    finally:
        os.close(fd)


def make_folder(disk: Disk, folder: Path) -> None:
    """Make `folder` durably, unless it is there; a link in its place is refused.

    Raises:
        NotADirectoryError: something else stands there.
    """
    try:
        disk.mkdir(folder)
    except FileExistsError:
        if folder.is_symlink() or not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "not a folder", str(folder)) from None
    sync_folder(disk, folder.parent)


def write_file(disk: Disk, path: Path, data: bytes, temporary: Path) -> None:
    """Put `data` at `path` as a whole or not at all, durably; `temporary` is in the same folder."""
    write_synced(disk, temporary, data)
    disk.rename(temporary, path)
    sync_folder(disk, path.parent)


def write_synced(disk: Disk, path: Path, data: bytes) -> None:
    """Write `data` to `path`, over what is there, and sync it; a crash may leave a part of it."""
    fd = disk.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        write_all(disk, fd, data)
        disk.fsync(fd)
    finally:
        os.close(fd)
