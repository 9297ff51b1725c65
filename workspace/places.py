"""Which places of the file system a command may read or write: a table that both levels follow.

The deepest row above a path decides about it; what has no row above it is hidden. So a toolchain
can be read inside a home folder that is hidden, and the worktree written inside a cache that is.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

Access = Literal["hidden", "read", "write"]

SYSTEM = tuple(map(Path, (
    "/bin", "/etc", "/gnu/store", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/opt",
    "/sbin", "/sys/devices/system", "/sys/fs/cgroup", "/usr",
    "/var/lib/gems", "/var/lib/ghc", "/var/lib/texmf",
)))  # fmt: skip
"""Where programs and what they need are; the table has a row for each that is there."""


class Row(NamedTuple):
    path: Path
    access: Access


class Places:
    """Rows by their paths, which are absolute and plain."""

    def __init__(self, rows: Mapping[Path, Access]) -> None:
        self._rows = dict(rows)

    def access(self, path: Path) -> Access:
        """Return what a command may do at `path`, which is taken as it is written."""
        for above in (path, *path.parents):
            found = self._rows.get(above)
            if found is not None:
                return found
        return "hidden"

    def adding(self, access: Access, paths: Iterable[Path]) -> "Places":
        """Return the table with these rows too; of two on one path the new one holds.

        A path that leads through symlinks is added as it is written and as it really is, so that
        both names work.
        """
        rows = dict(self._rows)
        for path in paths:
            plain = Path(os.path.abspath(path))  # noqa: PTH100 - pathlib would follow symlinks
            rows[plain] = rows[plain.resolve()] = access
        return Places(rows)

    def rows(self) -> Iterator[Row]:
        """Go through the rows that change something, each after the ones above it.

        Those of paths that are not there, or that we may not reach ourselves, are left out.
        """
        for path, access in sorted(self._rows.items()):
            above = self.access(path.parent) if path != path.parent else "hidden"
            if access != above and os.path.exists(path):  # noqa: PTH110 - pathlib may raise
                yield Row(path, access)

    def __str__(self) -> str:
        """Return a line for each row, for digests."""
        return "".join(f"{access} {path}\n" for path, access in sorted(self._rows.items()))

    def parts(self, folder: Path) -> Iterator[Path]:
        """Go through the fewest paths that hold all of `folder` but what is hidden in it.

        Symlinks are left out, since what they lead to has a place of its own. What is hidden need
        not be there yet.
        """
        hidden = [path for path, access in self._rows.items() if access == "hidden"]
        yield from _without(hidden, folder)


def system_places() -> Places:
    """Return what everybody may read of this machine."""
    return Places({}).adding("read", SYSTEM).adding("hidden", _shut(Path("/etc")))


def _without(hidden: list[Path], folder: Path) -> Iterator[Path]:
    inside = [path for path in hidden if path.is_relative_to(folder)]
    if not inside:
        yield folder
        return
    if folder in inside:
        return
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if not entry.is_symlink():
                yield from _without(inside, folder / entry.name)


def _shut(folder: Path) -> Iterator[Path]:
    """Go through what root can read below `folder` and others cannot, such as ``/etc/shadow``.

    For anybody else, the permissions of the files themselves see to it.
    """
    if os.geteuid() != 0:
        return
    for above, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(above, name)
            if not path.is_symlink() and not path.stat().st_mode & 0o004:
                yield path
        folders[:] = [name for name in folders if (Path(above, name).stat().st_mode & 0o004)]
