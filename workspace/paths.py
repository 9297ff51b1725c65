"""Path rules: what a worker may name, and how a name is walked without leaving the worktree.

Every step of a walk is opened below a folder that is already open and never through a symlink, so
that a folder swapped for a link in the meantime leads nowhere. Links are followed by hand.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from events.paths import clean_path, path_problem
from events.protected import protected_part
from workspace.errors import FileRefusedError, PathRefusedError

MAX_LINKS = 40
"""Symlinks on one way before it counts as a loop: the kernel's own limit."""

_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Spot(NamedTuple):
    """A name in an open folder: where a file is or would be. Valid inside its `with` block."""

    folder: int
    """Descriptor of the folder, good for ``dir_fd``."""
    name: str
    real: str
    """The path from the root, links resolved."""


def plain(path: str) -> str:
    """Return `path` in its plain form (``src/app.py``); only the text is looked at.

    Raises:
        PathRefusedError: it breaks one of the rules in `events.paths`.
    """
    problem = path_problem(path)
    if problem is not None:
        raise PathRefusedError(path, f"it {problem}")
    return clean_path(path)


def plain_for_writing(path: str) -> str:
    """Return `path` in its plain form, if a tool may also write there.

    Raises:
        PathRefusedError: it breaks a rule, or holds a protected name.
    """
    result = plain(path)
    name = protected_part(result)
    if name:
        raise PathRefusedError(path, f"{name!r} steers other programs; tools do not write it")
    return result


@contextmanager
def followed(root: Path, path: str) -> Iterator[Spot]:
    """Give the spot that a plain `path` leads to, links that stay inside followed.

    Raises:
        PathRefusedError: a link leads outside, into a closed folder, or in a circle.
        FileRefusedError: the path ends at a folder.
        OSError: a folder on the way is missing or is no folder.
    """
    with ExitStack() as held:
        folders = [_hold(held, os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC))]
        names: list[str] = []
        todo = path.split("/")[::-1]
        links = 0
        while todo:
            name = todo.pop()
            if name == "..":
                if not names:
                    raise PathRefusedError(path, "a symlink on the way leaves the worktree")
                names.pop()
                folders.pop()
                continue
            if path_problem(name) is not None:
                raise PathRefusedError(path, f"a symlink on the way leads to {name!r}")
            target = _link_target(name, folders[-1])
            if target is not None:
                links += 1
                todo += behind(path, target, links)
            elif todo:
                folders.append(_hold(held, os.open(name, _FOLDER, dir_fd=folders[-1])))
                names.append(name)
            else:
                yield Spot(folders[-1], name, "/".join([*names, name]))
                return
        raise FileRefusedError(path, "is a folder")


def behind(path: str, target: str, links: int) -> list[str]:
    """Return the names that take the place of a symlink on the way of `path`, the last one first.

    It is the `links`-th on this way, and leads to `target`.

    Raises:
        PathRefusedError: the target is absolute, or there are too many links for a way with an end.
    """
    if links > MAX_LINKS:
        raise PathRefusedError(path, "the symlinks on the way run in a circle")
    if target.startswith("/"):
        raise PathRefusedError(path, "a symlink on the way leaves the worktree")
    return [name for name in target.split("/")[::-1] if name not in {"", "."}]


@contextmanager
def direct(root: Path, path: str, *, make_folders: bool = False) -> Iterator[Spot]:
    """Give the spot of a plain `path`, no link on the way; its last name is not looked at.

    With `make_folders`, missing folders on the way are made, durably.

    Raises:
        PathRefusedError: a symlink is on the way.
        FileRefusedError: something on the way is not a folder.
        FileNotFoundError: a folder on the way is missing.
    """
    *way, last = path.split("/")
    with ExitStack() as held:
        folder = _hold(held, os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC))
        for name in way:
            folder = _hold(held, _step(path, name, folder, make=make_folders))
        yield Spot(folder, last, path)


def sync_folder(folder: int) -> None:
    """Make the names in the folder of a `Spot` durable."""
    opened = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _step(path: str, name: str, folder: int, *, make: bool) -> int:
    if make:
        try:
            os.mkdir(name, dir_fd=folder)
            sync_folder(folder)
        except FileExistsError:
            pass
    mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    if stat.S_ISLNK(mode):
        raise PathRefusedError(path, f"{name!r} on the way is a symlink; write to its target")
    if not stat.S_ISDIR(mode):
        raise FileRefusedError(path, f"cannot be there: {name!r} on the way is not a folder")
    return os.open(name, _FOLDER, dir_fd=folder)


def _link_target(name: str, folder: int) -> str | None:
    try:
        return os.readlink(name, dir_fd=folder)
    except OSError as error:
        if error.errno in {errno.EINVAL, errno.ENOENT}:
            return None
        raise


def _hold(held: ExitStack, descriptor: int) -> int:
    held.callback(os.close, descriptor)
    return descriptor
