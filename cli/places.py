"""Where things of the user's are that belong to no repository."""

import hashlib
import os
from pathlib import Path


def cache_folder() -> Path:
    """Return the folder of all worktrees; all of it can be deleted while nothing runs."""
    home = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(home) if home.startswith("/") else Path.home() / ".cache") / "trackside"


def worktrees_of(run_folder: Path) -> Path:
    """Return where the worktrees of a run are.

    Two repositories may have runs of one name, so the path of the run folder is part of it.
    """
    place = hashlib.sha256(os.fsencode(run_folder.resolve())).hexdigest()[:12]
    return cache_folder() / f"{run_folder.name}-{place}"
