"""The whole state of a run at any moment of its history: a fold of its log up to there."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import msgspec
from rpds import HashTrieMap

from events.garbage import no_search_for_garbage
from events.world import Fold, World
from replay.album import Album
from replay.archive import Archive
from replay.errors import MomentUnknownError
from replay.moment import Moment
from replay.world_codec import decode_states
from store.head import Mark
from store.log import Recorded, stamp
from store.reader import LogReader
from store.skim import skim, stands_in
from store.tail import CLEAN

MAX_POSITION = 2**63 - 1
Batch = tuple[Sequence[Recorded], Mark]
"""Some whole decisions, and where they end."""


class Frame(msgspec.Struct, frozen=True):
    """The state of a run at one moment."""

    world: World
    at: str
    """Time (UTC) of the last record that is part of it."""
    last: int
    """The last position of the log."""


def frame_at(archive: Archive, at: Moment | None = None) -> Frame:
    """Return the state at a moment with its surroundings; without one, at the end.

    The log is verified whole, whatever part of it is asked for, unless it was before and nobody has
    touched it since; see `store.vouch`.

    Raises:
        MomentUnknownError: the log begins later, or ends earlier.
        DamageError: the log cannot be trusted.
        LogUnusableError: there is none.
    """
    if isinstance(at, datetime):
        at = _position_at(archive, stamp(at))
    with no_search_for_garbage():
        frame = _from_snapshot(archive, at) or _folded(archive, at)
    if at is not None and not 0 < at == frame.world.position:
        raise MomentUnknownError(
            f"{archive.folder.run} has no position {at}: its log goes from 1 to {frame.last}"
        )
    return frame


def _folded(archive: Archive, position: int | None) -> Frame:
    """Return the state at a position, or at the end, from the first record on."""
    if archive.snapshots is None:
        return _fold_on(Frame(World(), "", 0), archive.batches(), position)
    album, before = Album(archive.snapshots), archive.look()
    frame = _fold_on(Frame(World(), "", 0), archive.batches(), position, album)
    if album.mark is not None and archive.tail.clean:
        archive.remember(before)
    return frame


def _fold_on(
    frame: Frame, batches: Iterable[Batch], position: int | None, album: Album | None = None
) -> Frame:
    """Return the state at a position, or at the end, from `frame` on.

    On the way snapshots are kept, so that the next time less has to be folded.
    """
    under_way, time, at, last = Fold(frame.world), frame.at, frame.world.position, frame.last
    for batch, mark in batches:
        wanted = _up_to(position, batch)
        if wanted:
            under_way.take(wanted)
            time, at = wanted[-1].at, wanted[-1].position
        if album is not None and album.due <= mark.position == at:
            world = under_way.close()
            album.keep(world, mark, time)
            under_way = Fold(world)
        last = max(last, mark.position)
    return Frame(under_way.close(), time, last)


def _up_to(position: int | None, batch: Sequence[Recorded]) -> Sequence[Recorded]:
    """Return the records of a batch up to a position, or all."""
    if not batch or position is None or batch[-1].position <= position:
        return batch
    return [one for one in batch if one.position <= position]


def _position_at(archive: Archive, limit: str) -> int:
    """Return the position of the last record that is not later than `limit`.

    Raises:
        MomentUnknownError: all are later.
    """
    position, first = 0, ""
    for recorded in archive.records():
        first = first or recorded.at
        if recorded.at <= limit:
            position = recorded.position
    if not position:
        raise MomentUnknownError(f"{archive.folder.run} began later, at {first}")
    return position


def _from_snapshot(archive: Archive, position: int | None) -> Frame | None:
    """Return the state by the latest snapshot and the records behind it; None if that cannot be."""
    if archive.snapshots is None:
        return None
    log = archive.folder.log
    chain = archive.snapshots.up_to(
        MAX_POSITION if position is None else position, lambda mark: stands_in(log, mark)
    )
    if not chain:
        return None
    mark, time = chain[-1].mark, chain[-1].at
    with ThreadPoolExecutor(1) as aside:  # hashing lets go of the interpreter
        skimming = aside.submit(skim, log, mark, {}, archive.vouches)
        try:
            states, versions = decode_states([*(one.changed for one in chain), chain[-1].whole])
        except msgspec.MsgspecError:
            return None
        skimmed = skimming.result()
    if skimmed is None:
        return None
    skimmed.head.move_to(mark, versions)
    world = World(
        position=mark.position, states=HashTrieMap(states), versions=HashTrieMap(versions)
    )
    archive.tail = CLEAN
    with LogReader(
        log,
        archive.codec,
        head=skimmed.head,
        until=skimmed.bytes,
        sealed=False,
        summed=skimmed.summed,
    ) as reader:
        kept = Frame(world, time, skimmed.last)
        album = Album(archive.snapshots, mark, versions)
        return _fold_on(kept, _until(position, reader), position, album)


def _until(position: int | None, reader: LogReader) -> Iterator[Batch]:
    """Give what `reader` has to say up to a position, or to its end."""
    while position is None or reader.head.position < position:
        batch = reader.poll()
        if not batch:
            return
        yield batch, reader.head.mark
