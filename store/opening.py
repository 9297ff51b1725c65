"""Opening a log: what is there is looked at before it is trusted to be a log; nothing hangs."""

import os
import stat
from pathlib import Path

from store.disk import REAL_DISK, Disk
from store.errors import LogAbsentError, LogUnusableError

# Without O_NONBLOCK a FIFO that nobody writes to would keep us waiting.
_READ = os.O_RDONLY | os.O_NONBLOCK
_WRITE = os.O_RDWR | os.O_APPEND | os.O_NONBLOCK


def open_to_read(path: Path) -> int:
    """Return a descriptor of the log at `path`.

    Raises:
        LogAbsentError: it is missing or empty.
        LogUnusableError: it is a link, not a regular file, has a second name, or may not be read.
    """
    fd = _open(path, _READ, REAL_DISK)
    if os.fstat(fd).st_size == 0:
        os.close(fd)
        raise LogAbsentError(path, "the log is empty: nothing was ever recorded, or all is lost")
    return fd


def open_to_write(path: Path, disk: Disk, *, make: bool = True) -> int:
    """Return a descriptor of the log at `path`, to read from and append to; `make` it if missing.

    Raises:
        LogUnusableError: as above, but it may be empty.
    """
    return _open(path, _WRITE | os.O_CREAT if make else _WRITE, disk)


def _open(path: Path, flags: int, disk: Disk) -> int:
    try:
        fd = disk.open(path, flags)
    except FileNotFoundError as error:
        if path.is_symlink():
            raise LogUnusableError(path, _LINK) from error
        raise LogAbsentError(path, "there is no log here") from error
    except OSError as error:
        raise LogUnusableError(path, _why_not(path, error), error) from error
    problem = _problem_of(os.fstat(fd))
    if problem:
        os.close(fd)
        raise LogUnusableError(path, problem)
    return fd


def _why_not(path: Path, error: OSError) -> str:
    if path.is_symlink():
        return _LINK
    if isinstance(error, IsADirectoryError):
        return _FOLDER
    return f"the log cannot be opened ({error.strerror})"


_LINK = "this is a symbolic link; name the log itself"
_FOLDER = "this is a folder, not a log"


def _problem_of(status: os.stat_result) -> str:
    if stat.S_ISDIR(status.st_mode):
        return _FOLDER
    if not stat.S_ISREG(status.st_mode):
        return "this is not a regular file"
    if status.st_nlink > 1:
        return "the file has a second name (hard link), so others may change it; copy it instead"
    return ""
