"""Objects of the run's repository without a git: trees read, and objects written, in the process.

An object is written as git writes it: under another name, synced, then renamed. So it is durable
before an event can name it, and where its name is, all of it is.
"""

import errno
import os
import re
import threading
import zlib
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

from events.errors import fault_of
from workspace.errors import GitDiskError, ObjectDamagedError, RepositoryLostError
from workspace.git import Git
from workspace.objects import Members, Objects, members_of, object_id, raw_tree

CACHE_BYTES = 2 << 20
"""Of trees as git keeps them; as we hold them they take several times as much."""

_FAST = 1
"""Level of compression: most objects are small, and are read once or never."""

_POORER = re.compile(r"^\s*(filemode|symlinks)\s*=\s*false\s*$", re.IGNORECASE | re.MULTILINE)


class LooseObjects:
    """The objects of one repository, for writers of trees. Any thread may use it."""

    def __init__(self, git: Git) -> None:
        """Take a git on the repository, for trees that do not lie there as files of their own.

        Raises:
            RepositoryLostError: the repository is gone, or its configuration.
        """
        self._git = git
        self._folder = git.directory / "objects"
        try:
            config = (git.directory / "config").read_text("utf-8", "surrogateescape")
        except (FileNotFoundError, NotADirectoryError) as error:
            raise RepositoryLostError(git.directory) from error
        self.exact = _POORER.search(config) is None
        """Whether the file system has modes and symlinks, so that git takes them from it."""
        self._trees: OrderedDict[str, tuple[Members, int]] = OrderedDict()
        self._room = CACHE_BYTES
        self._guard = threading.Lock()

    def tree(self, name: str) -> Members:
        """Return what a tree holds.

        Raises:
            TreeMissingError: it is not there.
            ObjectDamagedError: it is, and cannot be read, or is another one.
        """
        with self._guard:
            found = self._trees.get(name)
            if found is not None:
                self._trees.move_to_end(name)
                return found[0]
        data = self._own_tree(name)
        if data is None:
            with Objects(self._git) as objects:
                kind, data = objects.read(name)
            if kind != "tree":
                raise ObjectDamagedError(name, str(self._git.directory))
        members = dict(members_of(data, len(name) // 2))
        self._remember(name, members, len(data))
        return members

    def keep_tree(self, members: Members, like: str) -> str:
        """Return the id of a tree that is written now, unless it is known to be there.

        Raises:
            GitDiskError: the disk takes no more.
            RepositoryLostError: the repository is gone.
        """
        data = raw_tree(members)
        name = object_id("tree", data, like)
        with self._guard:
            known = name in self._trees
        if not known:
            self._write(name, "tree", data)
            self._remember(name, members, len(data))
        return name

    def keep_blob(self, data: bytes, like: str) -> str:
        """Return the id of a file's bytes, written now if they are not there; as `keep_tree`."""
        name = object_id("blob", data, like)
        self._write(name, "blob", data)
        return name

    def keep_commit(self, data: bytes, like: str) -> str:
        """Return the id of a commit, written now if it is not there; as `keep_tree`."""
        name = object_id("commit", data, like)
        self._write(name, "commit", data)
        return name

    def owns(self, name: str) -> bool:
        """Return whether an object lies there as a file of its own; if not, git may know it."""
        return self._place(name).exists()

    def _remember(self, name: str, members: Members, size_bytes: int) -> None:
        """Know of a tree that is there."""
        with self._guard:
            if name not in self._trees:
                self._trees[name] = members, size_bytes
                self._room -= size_bytes
            while self._room < 0 and len(self._trees) > 1:
                self._room += self._trees.popitem(last=False)[1][1]

    def _own_tree(self, name: str) -> bytes | None:
        """Return a tree that lies there as a file of its own; None: git may know more."""
        try:
            whole = zlib.decompress(self._place(name).read_bytes())
        except (OSError, zlib.error):
            return None
        head, _, data = whole.partition(b"\0")
        is_it = head == b"tree %d" % len(data) and object_id("tree", data, name) == name
        return data if is_it else None

    def _write(self, name: str, kind: str, data: bytes) -> None:
        place = self._place(name)
        if place.exists():
            return
        try:
            place.parent.mkdir(exist_ok=True)
            _write_durably(
                place, zlib.compress(b"%s %d\0" % (kind.encode(), len(data)) + data, _FAST)
            )
        except (FileNotFoundError, NotADirectoryError) as error:
            raise RepositoryLostError(self._git.directory) from error
        except OSError as error:
            if fault_of(error) is None:
                raise
            raise GitDiskError("hash-object", os.strerror(error.errno or errno.EIO)) from error

    def _place(self, name: str) -> Path:
        return self._folder / name[:2] / name[2:]


def _write_durably(place: Path, packed: bytes) -> None:
    scratch = place.with_name(f"tmp_obj_{os.getpid()}_{threading.get_ident()}")
    scratch.unlink(missing_ok=True)
    fd = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o444)
    try:
        with os.fdopen(fd, "wb", buffering=0) as file:
            left = memoryview(packed)
            while left:
                left = left[file.write(left) :]
            os.fsync(fd)
        scratch.replace(place)
    except BaseException:
        with suppress(OSError):
            scratch.unlink()
        raise
