"""A file of a tree by its path, for a context: symlinks that stay inside are followed."""

from typing import Final

from events.ids import TreeId
from workspace.context import FileAt
from workspace.errors import FileRefusedError, PathRefusedError
from workspace.git import text_of
from workspace.objects import FOLDER, SUBMODULE, Objects
from workspace.paths import behind

_LINK: Final = "120000"


def file_at(objects: Objects, tree: TreeId, path: str) -> FileAt | None:
    """Return the file that a plain `path` leads to in `tree`, or None if nothing is there.

    Raises:
        PathRefusedError: a link leads outside, or in a circle.
        FileRefusedError: a link leads to nothing, or to no file.
        TreeMissingError, ObjectDamagedError: it cannot be read.
    """
    names: list[str] = []
    todo = path.split("/")[::-1]
    links = 0
    while todo:
        name = todo.pop()
        if name == "..":
            if not names:
                raise PathRefusedError(path, "a symlink on the way leaves the worktree")
            names.pop()
            continue
        real = "/".join([*names, name])
        found = objects.find(tree, real)
        if found is not None and found.mode == _LINK:
            links += 1
            todo += behind(path, text_of(objects.blob(found.object)), links)
        elif found is None or (not todo and found.mode in {FOLDER, SUBMODULE}):
            if links:
                raise FileRefusedError(path, f"is a symlink to {real!r}, where no file is")
            return None
        elif todo:
            names.append(name)
        else:
            return FileAt(objects.blob(found.object), found.object, real if links else "")
    raise FileRefusedError(path, "is a symlink to a folder")


def file_as_it_lies(objects: Objects, tree: TreeId, path: str) -> FileAt | None:
    """Return the file at a plain `path`; of a link the text, as contexts once showed it."""
    found = objects.find(tree, path)
    if found is None or found.mode in {FOLDER, SUBMODULE}:
        return None
    return FileAt(objects.blob(found.object), found.object)
