"""Path rules: what a worker may name, and how a name is walked without leaving the worktree.

Every step of a walk is opened below a folder that is already open and never through a symlink, so
that a folder swapped for a link in the meantime leads nowhere. Links are followed by hand.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from workspace.errors import FileRefusedError, PathRefusedError

MAX_PATH_BYTES = 4095
"""PATH_MAX of Linux, without the final NUL."""
MAX_NAME_BYTES = 255
"""NAME_MAX of the usual file systems."""
MAX_LINKS = 40
"""Symlinks on one way before it counts as a loop: the kernel's own limit."""

CLOSED = frozenset({".git", ".trackside"})
"""Names that stand for machinery: neither read nor written, at any depth, in any letter case."""

GUARDED = frozenset({
    ".bash_profile", ".bashrc", ".claude", ".cursor", ".envrc", ".gemini", ".githooks",
    ".gitmodules", ".husky", ".idea", ".profile", ".vscode", ".zshenv", ".zshrc",
    "trackside.toml",
})  # fmt: skip
"""Names that make a shell, an editor, an agent, git or trackside itself run or allow things later:
read, never written by a tool, in any letter case, whether they exist or not."""

_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Spot(NamedTuple):
    """A name in an open folder: where a file is or would be. Valid inside its `with` block."""

    folder: int
    """Descriptor of the folder, good for ``dir_fd``."""
    name: str
    real: str
    """The path from the root, links resolved."""


def _is_not_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return True
    return "\0" in path


_RULES: tuple[tuple[Callable[[str], bool], str], ...] = (
    (_is_not_text, "it is not valid text for a file name"),
    (lambda path: not path.strip(), "it is empty"),
    (lambda path: path.startswith("/"), "it is absolute; name it from the worktree's root"),
    (lambda path: path.startswith("~"), "home folders are outside the worktree"),
    (lambda path: ".." in path.split("/"), "'..' is not allowed"),
    (lambda path: len(path.encode()) > MAX_PATH_BYTES, "it is too long"),
    (
        lambda path: any(len(name.encode()) > MAX_NAME_BYTES for name in path.split("/")),
        "a name in it is too long",
    ),
    (lambda path: _names(path) == [], "it names the worktree itself"),
    (
        lambda path: any(name.casefold() in CLOSED for name in _names(path)),
        "git's and trackside's own folders are closed",
    ),
)


def _names(path: str) -> list[str]:
    return [name for name in path.split("/") if name not in {"", "."}]


def plain(path: str) -> str:
    """Return `path` in its plain form; only the text is looked at.

    Raises:
        PathRefusedError: it breaks a rule.

    >>> plain("./src//app.py")
    'src/app.py'
    """
    for broken, reason in _RULES:
        if broken(path):
            raise PathRefusedError(path, reason)
    return "/".join(_names(path))


def plain_for_writing(path: str) -> str:
    """Return `path` in its plain form, if a tool may also write there.

    Raises:
        PathRefusedError: it breaks a rule, or holds a guarded name.
    """
    result = plain(path)
    for name in _names(path):
        if name.casefold() in GUARDED:
            raise PathRefusedError(path, f"{name!r} is not written by tools, as it steers programs")
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
        todo = _names(path)[::-1]
        links = 0
        while todo:
            name = todo.pop()
            if name == "..":
                if not names:
                    raise PathRefusedError(path, "a symlink on the way leaves the worktree")
                names.pop()
                folders.pop()
                continue
            if name.casefold() in CLOSED:
                raise PathRefusedError(path, "a symlink on the way leads into a closed folder")
            target = _link_target(name, folders[-1])
            if target is not None:
                links += 1
                if links > MAX_LINKS:
                    raise PathRefusedError(path, "the symlinks on the way run in a circle")
                if target.startswith("/"):
                    raise PathRefusedError(path, "a symlink on the way leaves the worktree")
                todo.extend(_names(target)[::-1])
            elif todo:
                folders.append(_hold(held, os.open(name, _FOLDER, dir_fd=folders[-1])))
                names.append(name)
            else:
                yield Spot(folders[-1], name, "/".join([*names, name]))
                return
        raise FileRefusedError(path, "is a folder")


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
