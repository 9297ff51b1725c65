"""The tree that a worktree was last written as, while its index lags behind by a few files.

To tell git's index of a change costs a process, and to write a tree from it another. So a few
changes are written in this process, onto the tree before, and the index is told of them later. What
it does not know yet is kept beside it, in a file that goes with exactly that index.
"""

import os
import stat
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from workspace.git import bytes_of, text_of
from workspace.loose import LooseObjects
from workspace.objects import Member, edited_tree

MOST_BYTES = 4 << 20
"""A larger file is left to git, which need not have it in memory."""

_AGES = {"young": True, "old": False}

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Untold(NamedTuple):
    """What is known of a worktree besides its index."""

    tree: str
    paths: tuple[str, ...] = ()
    """Paths of `tree` that the index may hold otherwise."""
    young: bool = False
    """Whether the index may be as new as its files, so that git compares them byte by byte."""


def read_untold(place: Path, index: Path) -> Untold | None:
    """Return what is kept at `place`; None if nothing is, or about another state of `index`."""
    try:
        stamp, tree, age, *paths = text_of(place.read_bytes()).split("\0")
        agrees = paths and paths[-1] == "" and stamp == _stamp(index)
        return Untold(tree, tuple(paths[:-1]), _AGES[age]) if agrees else None
    except (OSError, ValueError, KeyError):
        return None


def write_untold(place: Path, index: Path, untold: Untold) -> None:
    """Keep it, for `index` as it is. It need not outlive the machine: a resume restores."""
    scratch = _scratch_of(place)
    age = "young" if untold.young else "old"
    scratch.write_bytes(bytes_of((_stamp(index), untold.tree, age, *untold.paths)))
    place.unlink(missing_ok=True)  # ext4 writes what replaces a file to the disk at once
    scratch.rename(place)


def forget_untold(place: Path) -> None:
    """Remove what is kept at `place`; again is harmless."""
    for each in (place, _scratch_of(place)):
        each.unlink(missing_ok=True)


def _scratch_of(place: Path) -> Path:
    return place.with_name(place.name + ".new")


def _stamp(index: Path) -> str:
    found = index.stat()
    return f"{found.st_ino} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"


def drawn(objects: LooseObjects, root: Path, tree: str, paths: Iterable[str]) -> str | None:
    """Return the id of `tree` with the files at `paths` as they are below `root`, written now.

    None if one of them is nothing that can be taken without git: a large file, or a name of which
    git has an opinion.

    Raises:
        OSError: a file cannot be read.
        GitDiskError: the disk takes no more.
        TreeMissingError, ObjectDamagedError: a tree cannot be read.
    """
    changes: dict[str, Member | None] = {}
    if not objects.exact:
        return None
    for path in paths:
        if not _is_plain(path):
            return None
        found = _file_at(root, path)
        if found is None:
            changes[path] = None
            continue
        mode, data = found
        if len(data) > MOST_BYTES:
            return None
        changes[path] = Member(mode, objects.keep_blob(data, tree))
    return edited_tree(objects, tree, changes, objects.keep_tree)


def stat_of(root: Path, path: str) -> os.stat_result | None:
    """Return what is at `path`, if it is a file or a symlink, and not behind a symlink."""
    place = root / path
    above = (root / folder for folder in PurePosixPath(path).parents)
    try:
        found = place.lstat()
    except OSError:
        return None
    is_file = stat.S_IFMT(found.st_mode) in (stat.S_IFREG, stat.S_IFLNK)
    return found if is_file and not any(each.is_symlink() for each in above) else None


def _is_plain(path: str) -> bool:
    """Return whether git takes a name as it is: some it refuses, as some file system's ``.git``."""
    parts = path.split("/")
    low = path.lower()
    return not ({"", ".", ".."}.intersection(parts) or ".git" in low or "git~" in low)


def _file_at(root: Path, path: str) -> tuple[str, bytes] | None:
    """Return mode and bytes of a file, or of a symlink; None if there is neither."""
    found = stat_of(root, path)
    if found is None:
        return None
    if stat.S_ISLNK(found.st_mode):
        return "120000", os.fsencode((root / path).readlink())
    with os.fdopen(os.open(root / path, _READ), "rb") as file:
        found = os.fstat(file.fileno())
        mode = "100755" if found.st_mode & stat.S_IXUSR else "100644"
        return mode, file.read(MOST_BYTES + 1)
