"""A folder that is filled as a whole: where that fails, it is empty again, or not there again."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import takewhile
from pathlib import Path

from events.errors import REFUSED_BY_SYSTEM
from workspace.errors import WorkspaceError
from workspace.git import printable

_DISK = REFUSED_BY_SYSTEM - {errno.EACCES, errno.EPERM}
"""For these a person mends the disk; where permission is missing, the wrong place was named."""


@contextmanager
def filling(directory: Path) -> Iterator[tuple[Path, Path]]:
    """Give `directory`, made if missing, by its whole path, and a folder in it for scratch.

    The scratch is gone at the end. If the block raises, so is all that was written, and each
    folder that was made for it.

    Raises:
        WorkspaceError: there is something in the directory, or it can be none.
        OSError: the disk is full, failing or read-only.
    """
    made: list[Path] = []
    try:
        place, scratch = _prepared(directory, made)
        try:
            yield place, scratch
            shutil.rmtree(scratch)
        except BaseException:  # an interrupt leaves no half either
            _empty(place)
            raise
    except BaseException:
        for folder in reversed(made):
            with suppress(OSError):  # somebody has put something there
                folder.rmdir()
        raise


def _prepared(directory: Path, made: list[Path]) -> tuple[Path, Path]:
    shown = printable(str(directory))
    try:
        _make(directory, made)
        if any(directory.iterdir()):
            raise WorkspaceError(f"{shown} is not empty; name a folder that is, or a new one")
        place = directory.resolve()
        return place, Path(tempfile.mkdtemp(prefix=".trackside-", dir=place))
    except OSError as error:
        why = error.strerror or str(error)
        if error.errno in _DISK:
            raise OSError(error.errno, why, str(directory)) from error
        raise WorkspaceError(
            f"{shown}: {why}; name an empty folder that can be written, or a new one"
        ) from error


def _make(directory: Path, made: list[Path]) -> None:
    """Make the folders that are missing, outermost first, and add them to `made`."""
    around = (directory, *directory.parents)
    for folder in reversed(list(takewhile(lambda each: not each.is_dir(), around))):
        try:
            folder.mkdir()
        except FileExistsError:
            if not folder.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None
        else:
            made.append(folder)


def _empty(directory: Path) -> None:
    """Take away what was written into a directory, as far as that can be."""
    with suppress(OSError):
        for entry in directory.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)
