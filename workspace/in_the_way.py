"""What of a checkout a fast-forward would overwrite, though git does not track it.

git itself looks after untracked files, and takes ignored ones for worthless: ``read-tree -u``
overwrites them without a word.
"""

import os
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from events.ids import CommitId
from workspace.git import text_of
from workspace.user_repository import UserRepository


def in_the_way(user: UserRepository, base: CommitId, commit: CommitId) -> str:
    """Return a path of the checkout that stands where `commit` has a new file; empty if none does.

    Args:
        user: Its checkout is clean and at `base`; it has both commits.
        base: What it holds there is tracked, and gives way.
        commit: What the checkout is to hold.
    """
    tracked = set(_names(user, "ls-tree", "-r", base))
    new = _names(user, "diff-tree", "-r", "--no-renames", "--diff-filter=A", base, commit)
    return next(filter(None, (_untracked_at(user.top, path, tracked) for path in new)), "")


def _names(user: UserRepository, *command: str) -> list[str]:
    return text_of(user.git.run(*command[:1], "-z", "--name-only", *command[1:])).split("\0")[:-1]


def _untracked_at(top: Path, path: str, tracked: Collection[str]) -> str:
    """Return what is at `path`, in the folder there, or a folder's stead on the way; else empty."""
    for part in [*map(str, [*PurePosixPath(path).parents][-2::-1]), path]:
        place = top / part
        if place.is_symlink() or not place.is_dir():
            return part if os.path.lexists(place) and part not in tracked else ""
    for above, folders, names in os.walk(top / path):
        links = [name for name in folders if Path(above, name).is_symlink()]
        for name in (*names, *links):
            found = str(Path(above, name).relative_to(top))
            if found not in tracked:
                return found
    return ""
