"""Folders in which commands were: made accessible, swept, deleted, whatever they left there.

And folders of the system's for what is needed for a moment only.
"""

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Give a folder that is gone at the end.

    Raises:
        OSError: the disk is full, failing or read-only, or no place for it can be written.
    """
    try:
        tempfile.gettempdir()
    except FileNotFoundError as error:  # of several, so it is no more than that to the program
        why = "there is no folder for temporary files that can be written, name one by TMPDIR"
        raise OSError(errno.EROFS, why) from error
    with tempfile.TemporaryDirectory(prefix="trackside-") as name:
        yield Path(name)


def sweep(folder: Path) -> None:
    """Remove what git does not see in a folder of a tree: ``.git``, pipes, sockets."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name == ".git":
                    remove_folder(folder / entry.name)
            elif entry.name == ".git" or not (
                entry.is_symlink() or entry.is_file(follow_symlinks=False)
            ):
                (folder / entry.name).unlink()


def remove_folder(folder: Path) -> None:
    """Delete a folder that commands may have made inaccessible; again is harmless."""
    if folder.is_symlink() or not folder.is_dir():
        folder.unlink(missing_ok=True)
    else:
        make_accessible(folder)
        shutil.rmtree(folder)


def make_accessible(root: Path) -> None:
    """Give the owner back every folder below `root`, and every file's reading."""
    root.chmod(0o700)
    for above, folders, names in os.walk(root):
        for name in (*folders, *names):
            path = Path(above, name)
            mode = path.lstat().st_mode
            if stat.S_ISDIR(mode):
                path.chmod(stat.S_IMODE(mode) | 0o700)
            elif stat.S_ISREG(mode):
                path.chmod(stat.S_IMODE(mode) | 0o600)
