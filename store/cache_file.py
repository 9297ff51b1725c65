"""Files in the user's cache folder: never half there, and never a reason to fail."""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO


def keep_file(path: Path, *parts: bytes) -> None:
    """Have `path` hold these parts, one behind the other, if the disk lets us.

    It is written aside and put in its place at once; its folder is made when it is missing. Nothing
    waits for the disk: a power cut may leave other bytes, so whoever reads it must be able to tell.
    What processes that are gone left unfinished in the folder is removed.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _sweep(path.parent)
        try:
            temporary.write_bytes(b"".join(parts))
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def open_kept(path: Path) -> BinaryIO:
    """Return the file at `path`, to be read and closed.

    Raises:
        OSError: there is none, or what stands there is no file: nobody waits for a FIFO.
    """
    file = open(path, "rb", opener=_opener)  # noqa: SIM115 - Path.open takes no opener
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise FileNotFoundError(errno.ENOENT, "not a file", str(path))
    return file


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def _sweep(folder: Path) -> None:
    for left in folder.glob(".*"):
        pid = left.name.rpartition(".")[2]
        if pid.isdigit() and not Path("/proc", pid).exists():
            left.unlink(missing_ok=True)
