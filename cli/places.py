"""Where things of the user's are that belong to no repository."""

import hashlib
import os
from errno import EACCES
from pathlib import Path

from cli.errors import CacheUnusableError
from cli.escape import path_text


def plain_path(path: str) -> str:
    """Return a path as it goes on record: absolute, with no ``.`` or ``..``; links stay."""
    return os.path.abspath(path)  # noqa: PTH100 - pathlib would follow links


def from_home(path: str) -> str:
    """Return a path with the home folder for a ``~`` it begins with; that of nobody stays."""
    return os.path.expanduser(path)  # noqa: PTH111 - pathlib raises if there is no such user


def cache_folder() -> Path:
    """Return the folder of all worktrees; all of it can be deleted while nothing runs."""
    home = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(home) if home.startswith("/") else Path.home() / ".cache") / "trackside"


def make_cache_folder() -> None:
    """Make sure that worktrees can be made: better told before a run begins than by its workers.

    Raises:
        CacheUnusableError: the folder cannot be made, or nothing can be made in it.
    """
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(EACCES, os.strerror(EACCES))
    except OSError as error:
        why = error.strerror or str(error)
        raise CacheUnusableError(path_text(folder), why) from error


def worktrees_of(run_folder: Path) -> Path:
    """Return where the worktrees of a run are.

    Two repositories may have runs of one name, so the path of the run folder is part of it.
    """
    place = hashlib.sha256(os.fsencode(run_folder.resolve())).hexdigest()[:12]
    return cache_folder() / f"{run_folder.name}-{place}"


def album_of(run_folder: Path) -> Path:
    """Return where states of a run are kept, and that its log was verified; it may be deleted."""
    return cache_folder() / "snapshots" / worktrees_of(run_folder).name
