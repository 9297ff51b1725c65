"""Writing the file that a person named with `-o`: a whole new file, or straight into what is there.

A regular file, or a place where nothing is, gets all of it in one step. A pipe, a device or an open
descriptor (``/dev/fd/1``, the shell's ``>(...)``) is no file that could be replaced: it is written.
"""

import errno
import os
import re
import secrets
import stat
from pathlib import Path

from cli.errors import OutputUnwritableError
from events.errors import REFUSED_BY_SYSTEM

_OPEN = re.compile(r"/(?:dev|proc/self)/fd/(\d{1,9})")
_STANDARD = {"/dev/stdout": 1, "/dev/stderr": 2}
_DISK = REFUSED_BY_SYSTEM - {errno.EACCES, errno.EPERM}
"""For these the edge of the program has words; where permission is missing, `-o` names the wrong
place."""
_NEW_FILE = 0o666
_ANY_WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def write_output(path: str, data: bytes) -> None:
    """Have `data` be at `path`; a regular file is replaced as a whole or not at all.

    A file that is replaced keeps its mode, and links to it stay links.

    Raises:
        OutputUnwritableError: nothing can be written there; nothing was.
        OSError: the disk is full or fails, or the reader of a pipe has gone.
    """
    try:
        _write(path, data)
    except BrokenPipeError:
        raise
    except OSError as error:
        why = error.strerror or str(error)
        if error.errno in _DISK:
            raise OSError(error.errno, why, path) from error
        raise OutputUnwritableError(path, why) from error


def _write(path: str, data: bytes) -> None:
    found = _OPEN.fullmatch(path)
    descriptor = int(found[1]) if found else _STANDARD.get(path)
    if descriptor is not None:
        _write_all(os.dup(descriptor), data)
        return
    try:
        mode = Path(path).stat().st_mode
    except FileNotFoundError:
        _replace(path, data, None)
        return
    if stat.S_ISREG(mode):
        _require_writable(path, mode)
        _replace(path, data, stat.S_IMODE(mode))
    else:
        _write_all(os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOCTTY), data)


def _require_writable(path: str, mode: int) -> None:
    """Refuse a file that may not be written, as an editor does; to replace it, nobody would ask."""
    if not mode & _ANY_WRITE:  # which nothing hinders root to write
        raise PermissionError(errno.EACCES, "the file is read-only", path)
    os.close(os.open(path, os.O_WRONLY | os.O_CLOEXEC))


def _replace(path: str, data: bytes, mode: int | None) -> None:
    """Put a new file where `path` leads; None: there is no old one, so its mode is the usual."""
    target = Path(os.path.realpath(path)) if path else Path(path)
    scratch = target.with_name(f".trackside-{secrets.token_hex(8)}.new")
    try:
        fd = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _NEW_FILE)
        if mode is not None:
            os.fchmod(fd, mode)
        _write_all(fd, data)
        scratch.replace(target)
    finally:
        scratch.unlink(missing_ok=True)


def _write_all(fd: int, data: bytes) -> None:
    with os.fdopen(fd, "wb") as stream:
        stream.write(data)
