"""Files in the user's cache folder: never half there, and never a reason to fail."""

import os
from contextlib import suppress
from pathlib import Path


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


def _sweep(folder: Path) -> None:
    for left in folder.glob(".*"):
        pid = left.name.rpartition(".")[2]
        if pid.isdigit() and not Path("/proc", pid).exists():
            left.unlink(missing_ok=True)
