"""Submodules of the base: other repositories, of whose files we have none; nobody writes there.

In a worktree each is an empty folder. A tree that had a file there would have lost the submodule.
"""

import os
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from workspace.errors import FileRefusedError
from workspace.folders import remove_folder


def require_outside(path: str, submodules: Collection[str]) -> None:
    """Check that a plain `path` is in none of the `submodules`.

    Raises:
        FileRefusedError: it is.
    """
    for name in submodules:
        if path.startswith(f"{name}/"):
            raise FileRefusedError(
                path, f"is in the submodule {name!r}; that is another repository, leave it alone"
            )


def put_back(root: Path, submodules: Collection[str]) -> list[str]:
    """Make each of the submodules an empty folder again; return what was there, or was not.

    Nothing outside of `root` is reached, whatever links have been put in the way.
    """
    found = []
    for name in sorted(submodules):
        place, whole = root / name, True
        for above in (root / folder for folder in [*PurePosixPath(name).parents][-2::-1]):
            if above.is_symlink() or not above.is_dir():
                above.unlink(missing_ok=True)
                above.mkdir()
                whole = False
        if place.is_symlink() or not place.is_dir():
            whole = False
        if whole and not any(place.iterdir()):
            continue
        found += sorted(_files_in(root, place)) if whole else [name]
        remove_folder(place)
        place.mkdir()
    return found


def _files_in(root: Path, place: Path) -> list[str]:
    """Return what is in a folder, but for repositories' own; the folder itself if that is none."""
    files = []
    for above, folders, names in os.walk(place):
        files += [str(Path(above, name).relative_to(root)) for name in names]
        folders[:] = [name for name in folders if name != ".git"]
    return files or [str(place.relative_to(root))]
