"""States of a log at some of its places, so that the next fold need not begin at the beginning.

A snapshot is disposable and never trusted over its log: it says by which program it was made, at
which place of which log (by the sum there), and what the sum of its own bytes is; if any of that
does not agree, there is no snapshot. Each holds what has changed since the one before it, so that
all of them together are about as large as the last state; and, apart, what changes all the time and
counts in the last one alone.

They are kept in the user's cache folder, not beside the log: a repository that comes from somebody
else may bring a log, but not a state that we would take for a fold of it.
"""

import hashlib
import os
from contextlib import suppress
from pathlib import Path

import msgspec

from store.head import Mark

FORMAT = "trackside.snapshot/2"
_SUFFIX = ".snapshot"
_HEADER_BYTES = 4096


class Snapshot(msgspec.Struct, frozen=True):
    """The state at one place of a log, together with the snapshots before it."""

    mark: Mark
    at: str
    """Time of the record there."""
    before: int
    """Position of the snapshot before; 0: there is none."""
    changed: bytes
    """What has changed since the snapshot before; known to who made it."""
    whole: bytes = b""
    """What is taken from the last snapshot alone; empty where another builds on it."""


class _Header(msgspec.Struct, frozen=True):
    format: str
    program: str
    mark: Mark
    at: str
    before: int
    changed: "_Part"
    whole: "_Part"


class _Part(msgspec.Struct, frozen=True):
    size: int
    digest: str


class Snapshots:
    """The snapshots of one log. Nothing here ever fails: without them, things only take longer."""

    def __init__(self, folder: Path, program: str) -> None:
        """Keep them in `folder`.

        Args:
            folder: of this log alone; it is made when it is needed.
            program: a fingerprint of all that a payload depends on; others are passed over.
        """
        self._folder = folder
        self._program = program

    def up_to(self, position: int) -> list[Snapshot]:
        """Return the latest snapshot at or before a position with all those it builds on.

        The first comes first. One that is not whole, or builds on one that is not, is passed over.
        """
        there = sorted((place for place in self._positions() if place <= position), reverse=True)
        return next(filter(None, map(self._chain_to, there)), [])

    def _chain_to(self, position: int) -> list[Snapshot]:
        chain: list[Snapshot] = []
        wanted = position
        while wanted:
            found = self._read(wanted, last=not chain)
            if found is None or found.before >= wanted:
                return []
            chain.append(found)
            wanted = found.before
        return chain[::-1]

    def add(self, snapshot: Snapshot) -> None:
        """Keep a snapshot, if the disk lets us."""
        header = _Header(
            FORMAT,
            self._program,
            snapshot.mark,
            snapshot.at,
            snapshot.before,
            _part_of(snapshot.changed),
            _part_of(snapshot.whole),
        )
        path = self._path(snapshot.mark.position)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            first = msgspec.json.encode(header)
            parts = (_digest(first), b" ", first, b"\n", snapshot.changed, snapshot.whole)
            temporary.write_bytes(b"".join(parts))
            temporary.replace(path)

    def _path(self, position: int) -> Path:
        return self._folder / f"{position}{_SUFFIX}"

    def _positions(self) -> list[int]:
        with suppress(OSError):
            names = [path.stem for path in self._folder.iterdir() if path.suffix == _SUFFIX]
            return [int(name) for name in names if name.isascii() and name.isdigit()]
        return []

    def _read(self, position: int, *, last: bool) -> Snapshot | None:
        """Return one snapshot; of any but the `last`, what is whole in it is left where it is."""
        try:
            with self._path(position).open("rb") as file:
                digest, _, first = file.readline(_HEADER_BYTES).removesuffix(b"\n").partition(b" ")
                if digest != _digest(first):
                    return None
                header = msgspec.json.decode(first, type=_Header)
                changed = file.read(header.changed.size)
                whole = file.read() if last else b""
        except (OSError, ValueError):
            return None
        agrees = (
            (header.format, header.program) == (FORMAT, self._program)
            and header.mark.position == position
            and header.changed == _part_of(changed)
            and (not last or header.whole == _part_of(whole))
        )
        return Snapshot(header.mark, header.at, header.before, changed, whole) if agrees else None


def _part_of(data: bytes) -> _Part:
    return _Part(len(data), _digest(data).decode())


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).hexdigest().encode()
