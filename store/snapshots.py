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
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from operator import eq
from pathlib import Path

import msgspec

from store.cache_file import keep_file, open_kept
from store.head import Mark

EVERY = 20_000
"""Records between two snapshots; a log that is shorter is folded in less time than it takes to
read one."""
FORMAT = "trackside.snapshot/3"
_SUFFIX = ".snapshot"
_HEADER_BYTES = 4096


class Snapshot(msgspec.Struct, frozen=True):
    """The state at one place of a log, together with the snapshots before it."""

    mark: Mark
    at: str
    """Time of the record there."""
    before: Mark | None
    """The place of the snapshot before; None: there is none."""
    changed: bytes
    """What has changed since the snapshot before; known to who made it."""
    whole: bytes = b""
    """What is taken from the last snapshot alone; empty where another builds on it."""


class _Header(msgspec.Struct, frozen=True):
    format: str
    program: str
    mark: Mark
    at: str
    before: Mark | None
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

    def up_to(self, position: int, stands: Callable[[Mark], bool]) -> list[Snapshot]:
        """Return the latest snapshot at or before a position with all those it builds on.

        The first comes first. One that is not whole, or builds on one that is not, is passed over;
        so is one of another log, as there may have been under this name: `stands` says whether the
        log has a place.
        """
        kept = sorted((place for place in self._positions() if place <= position), reverse=True)
        return next(filter(None, (self._chain_to(place, stands) for place in kept)), [])

    def _chain_to(self, position: int, stands: Callable[[Mark], bool]) -> list[Snapshot]:
        chain: list[Snapshot] = []
        while found := self._read(position, stands, last=not chain):
            chain.append(found)
            before = found.before
            if before is None:
                return chain[::-1]
            if before.position >= position:
                break
            position, stands = before.position, partial(eq, before)
        return []

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
        first, path = msgspec.json.encode(header), self._path(snapshot.mark.position)
        keep_file(path, _digest(first), b" ", first, b"\n", snapshot.changed, snapshot.whole)

    def _path(self, position: int) -> Path:
        return self._folder / f"{position}{_SUFFIX}"

    def _positions(self) -> list[int]:
        with suppress(OSError):
            names = [path.stem for path in self._folder.iterdir() if path.suffix == _SUFFIX]
            return [int(name) for name in names if name.isascii() and name.isdigit()]
        return []

    def _read(
        self, position: int, stands: Callable[[Mark], bool], *, last: bool
    ) -> Snapshot | None:
        """Return one snapshot; of any but the `last`, what is whole in it is left where it is."""
        try:
            with open_kept(self._path(position)) as file:
                digest, _, first = file.readline(_HEADER_BYTES).removesuffix(b"\n").partition(b" ")
                if digest != _digest(first):
                    return None
                header = msgspec.json.decode(first, type=_Header)
                if not self._counts(header, position) or not stands(header.mark):
                    return None
                changed = file.read(header.changed.size)
                whole = file.read() if last else b""
        except (OSError, ValueError):
            return None
        if header.changed != _part_of(changed) or (last and header.whole != _part_of(whole)):
            return None
        return Snapshot(header.mark, header.at, header.before, changed, whole)

    def _counts(self, header: _Header, position: int) -> bool:
        """Return whether this program has made what stands at a position."""
        made = (header.format, header.program, header.mark.position)
        return made == (FORMAT, self._program, position)


def _part_of(data: bytes) -> _Part:
    return _Part(len(data), _digest(data).decode())


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).hexdigest().encode()
