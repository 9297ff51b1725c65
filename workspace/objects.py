"""Git objects, many and fast: one git answers for all of them, and what it says is hashed here."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO, NamedTuple, Protocol, Self

from workspace.errors import GitFailedError, ObjectDamagedError, TreeMissingError
from workspace.git import Git, bytes_of

CACHE_BYTES = 32 << 20
"""Of trees, which are asked for again and again."""
_SERVE = ("cat-file", "--batch-command")
FOLDER, SUBMODULE = "40000", "160000"
"""Modes as a tree object spells them."""


class Member(NamedTuple):
    """One entry of a tree object."""

    mode: str
    """``100644``, ``100755``, ``120000``, or `FOLDER`, or `SUBMODULE`."""
    object: str
    """The id of its bytes, of its own tree, or of a commit of another repository."""


Members = Mapping[bytes, Member]
"""What a folder holds, by name."""


class Objects:
    """Reads objects of one repository, each verified by its own id; for one thread.

    Close it (it is a context manager), so that its git ends.
    """

    def __init__(self, git: Git) -> None:
        """Start a git that waits for questions."""
        self._git = git
        self._process = git.start(*_SERVE)
        self._trees: OrderedDict[str, tuple[Members, int]] = OrderedDict()
        self._room = CACHE_BYTES

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the git end. A second call does nothing."""
        self._process.communicate()

    def read(self, name: str) -> tuple[str, bytes]:
        """Return kind (``blob``, ``tree``, ``commit``) and bytes of the object with id `name`.

        Raises:
            TreeMissingError: it is not there.
            ObjectDamagedError: it is, and cannot be read, or is another one.
            RepositoryLostError: the repository is gone.
        """
        kind, size = self._ask("contents", name)
        data = self._out.read(size + 1)
        if len(data) <= size:  # git has met bytes that it cannot read, and has ended
            self.close()
            self._process = self._git.start(*_SERVE)
        if object_id(kind, data[:size], name) != name:
            raise ObjectDamagedError(name, str(self._git.directory))
        return kind, data[:size]

    def has(self, name: str) -> bool:
        """Return whether there is an object with id `name`; its bytes are not looked at."""
        try:
            self._ask("info", name)
        except TreeMissingError:
            return False
        return True

    def blob(self, name: str) -> bytes:
        """Return the bytes of a file; raises as `read` does."""
        return self._read_as("blob", name)

    def commit(self, name: str) -> bytes:
        """Return a commit as it is kept; raises as `read` does."""
        return self._read_as("commit", name)

    def tree(self, name: str) -> Members:
        """Return what a tree holds; raises as `read` does."""
        found = self._trees.pop(name, None)
        if found is None:
            data = self._read_as("tree", name)
            found = dict(members_of(data, len(name) // 2)), len(data)
            self._room -= found[1]
        self._trees[name] = found
        while self._room < 0 and len(self._trees) > 1:
            self._room += self._trees.popitem(last=False)[1][1]
        return found[0]

    def find(self, tree: str, path: str) -> Member | None:
        """Return the entry at `path` in `tree`, or None; raises as `read` does."""
        *way, last = _names(path)
        members = self.tree(tree)
        for name in way:
            folder = members.get(name)
            if folder is None or folder.mode != FOLDER:
                return None
            members = self.tree(folder.object)
        return members.get(last)

    def _read_as(self, kind: str, name: str) -> bytes:
        found, data = self.read(name)
        if found != kind:
            raise ObjectDamagedError(name, str(self._git.directory))
        return data

    @property
    def _out(self) -> IO[bytes]:
        assert self._process.stdout is not None, "it was started with a pipe"
        return self._process.stdout

    def _ask(self, question: str, name: str) -> tuple[str, int]:
        assert self._process.stdin is not None, "it was started with a pipe"
        try:
            self._process.stdin.write(f"{question} {name}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # git has ended, and there is no answer
        match self._out.readline().decode().split():
            case [_, kind, size]:
                return kind, int(size)
            case [_, "missing"]:
                raise TreeMissingError(name, str(self._git.directory))
            case _:
                exit_code = self._process.wait()
                self._git.require()
                raise GitFailedError("cat-file", exit_code, "it ended before it was asked")


def object_id(kind: str, data: bytes, like: str) -> str:
    """Return the id of an object, in the hash that the id `like` is of."""
    algorithm = "sha1" if len(like) == hashlib.sha1().digest_size * 2 else "sha256"  # noqa: S324 - git's
    return hashlib.new(algorithm, b"%s %d\0" % (kind.encode(), len(data)) + data).hexdigest()


class Trees(Protocol):
    """Whatever knows the trees of a repository; `Objects` does."""

    def tree(self, name: str) -> Members:
        """Return what a tree holds."""
        ...


KeepTree = Callable[[Members, str], str]
"""Takes what a tree holds, and an id in the same hash; returns the id of the tree."""


def paper(members: Members, like: str) -> str:
    """Return the id of a tree; nothing is written."""
    return object_id("tree", raw_tree(members), like)


def edited_tree(
    trees: Trees, tree: str, changes: Mapping[str, Member | None], keep: KeepTree = paper
) -> str:
    """Return the id that `tree` has once each path holds its entry (None: no file).

    A file displaces a folder of its name, and a folder a file. Folders without files are in no
    tree. `keep` gets every tree that is not as it was. Raises as `trees` does.
    """
    by_name = {tuple(_names(path)): member for path, member in changes.items()}
    return _Edit(trees, tree, keep).of(tree, by_name) or keep({}, tree)


Way = tuple[bytes, ...]


class _Edit(NamedTuple):
    trees: Trees
    like: str
    keep: KeepTree

    def of(self, name: str, changes: Mapping[Way, Member | None]) -> str | None:
        """Return the id of the folder `name` (empty: a new one); None if nothing is left in it."""
        before = self.trees.tree(name) if name else {}
        after = dict(before)
        deeper: dict[bytes, dict[Way, Member | None]] = {}
        for (entry, *rest), member in changes.items():
            if rest:
                deeper.setdefault(entry, {})[tuple(rest)] = member
            elif member is not None:
                after[entry] = member
            elif entry in after and after[entry].mode != FOLDER:
                del after[entry]
        for entry, below in deeper.items():
            self._go_into(after, entry, below)
        if after == before:
            return name or None
        return self.keep(after, self.like) if after else None

    def _go_into(
        self, members: dict[bytes, Member], entry: bytes, changes: Mapping[Way, Member | None]
    ) -> None:
        folder = members.get(entry)
        is_folder = folder is not None and folder.mode == FOLDER
        if not is_folder and not any(changes.values()):
            return  # nothing is there to be taken away
        edited = self.of(folder.object if folder is not None and is_folder else "", changes)
        if edited is not None:
            members[entry] = Member(FOLDER, edited)
        else:
            members.pop(entry, None)


def raw_tree(members: Members) -> bytes:
    """Return a tree object: git sorts a folder as if its name ended with a slash."""

    def place(name: bytes) -> bytes:
        return name + b"/" if members[name].mode == FOLDER else name

    return b"".join(
        b"%s %s\0%s" % (members[name].mode.encode(), name, bytes.fromhex(members[name].object))
        for name in sorted(members, key=place)
    )


def members_of(data: bytes, id_bytes: int) -> Iterator[tuple[bytes, Member]]:
    """Give the entries of a tree object, each with its name; an id has `id_bytes`."""
    start = 0
    while start < len(data):
        end = data.index(b"\0", start)
        mode, _, name = data[start:end].partition(b" ")
        start = end + 1 + id_bytes
        yield name, Member(mode.decode(), data[end + 1 : start].hex())


def _names(path: str) -> Iterable[bytes]:
    return bytes_of([path])[:-1].split(b"/")


class Pair(NamedTuple):
    """One path at which two trees differ."""

    path: str
    """Bytes of it that are no UTF-8 are spelled out, since it is to be read and encoded."""
    before: Member | None
    after: Member | None


def differing(
    before: Objects, tree: str, after: Objects, other: str, folder: bytes = b""
) -> Iterator[Pair]:
    """Give every path at which two trees differ, by name; they may be of two repositories.

    Raises as `Objects.read` does.
    """
    if tree == other:
        return
    ours = before.tree(tree) if tree else {}
    theirs = after.tree(other) if other else {}
    for name in sorted({*ours, *theirs}):
        mine, yours = ours.get(name), theirs.get(name)
        if mine == yours:
            continue
        path = folder + name
        below = tuple(_below(each) for each in (mine, yours))
        if any(below):
            yield from differing(before, below[0], after, below[1], path + b"/")
        files = tuple(None if _below(each) else each for each in (mine, yours))
        if any(files):
            yield Pair(path.decode("utf-8", "backslashreplace"), *files)


def _below(member: Member | None) -> str:
    """Return the tree of a folder; empty for all else."""
    return member.object if member is not None and member.mode == FOLDER else ""
