"""The whole state of a run at any moment of its history: a fold of its log up to there."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec
from rpds import HashTrieMap

from events.garbage import no_search_for_garbage
from events.world import Fold, World
from replay.album import Album
from replay.archive import Archive
from replay.errors import MomentUnknownError
from replay.moment import Moment
from replay.world_codec import decode_states
from store.head import Head, Mark
from store.log import Recorded, stamp
from store.reader import LogReader
from store.skim import Skimmed, skimmed, stands_in
from store.snapshots import Snapshot
from store.tail import CLEAN

T = TypeVar("T")
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
    """Return the state at a moment with its surroundings; arguments and errors as of `seen_at`."""
    return seen_at(archive, at, lambda frame: frame)


def seen_at(archive: Archive, at: Moment | None, see: Callable[[Frame], T]) -> T:
    """Return what `see` makes of the state at a moment; without one, at the end.

    The log is verified whole, whatever part of it is asked for, unless it was before and nobody has
    touched it since; see `store.vouch`.

    Args:
        archive: the run.
        at: the moment.
        see: makes the answer, and changes nothing: it may be called before the log is verified, and
            is called again if that fails. Its answer, or what it raises, counts only then.

    Raises:
        MomentUnknownError: the log begins later, or ends earlier.
        DamageError: the log cannot be trusted.
        LogUnusableError: there is none.
    """
    position = _position_at(archive, stamp(at)) if isinstance(at, datetime) else at

    def answer(frame: Frame) -> T:
        if position is not None and not 0 < position == frame.world.position:
            raise MomentUnknownError(
                f"{archive.folder.run} has no position {position}: its log goes from 1 to "
                f"{frame.last}"
            )
        return see(frame)

    with no_search_for_garbage():
        found = _from_snapshot(archive, position, answer)
        return answer(_folded(archive, position)) if found is None else found[0]


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


def _from_snapshot(
    archive: Archive, position: int | None, answer: Callable[[Frame], T]
) -> tuple[T] | None:
    """Return the answer by the latest snapshot and the records behind it; None: there is none."""
    if archive.snapshots is None:
        return None
    log = archive.folder.log
    chain = archive.snapshots.up_to(
        MAX_POSITION if position is None else position, lambda mark: stands_in(log, mark)
    )
    if not chain:
        return None
    with skimmed(log, chain[-1].mark, archive.vouches) as log_now:
        if log_now is None:
            return None
        try:
            found = answer(_built_on(archive, chain, log_now, position))
        except msgspec.MsgspecError:
            return None  # the snapshot is not what this program writes
        except Exception:  # of a log that is not what it was, whatever may come
            if log_now.vouched():
                raise
            return None
        if not log_now.vouched():
            return None
    archive.tail = CLEAN
    return (found,)


def _built_on(
    archive: Archive, chain: Sequence[Snapshot], log_now: Skimmed, position: int | None
) -> Frame:
    """Return the state at a position, or at the end, from the last of some snapshots on."""
    assert archive.snapshots is not None, "there is a snapshot"
    mark, head = chain[-1].mark, Head()
    states, versions = decode_states([*(one.changed for one in chain), chain[-1].whole])
    head.move_to(mark, versions)
    world = World(
        position=mark.position, states=HashTrieMap(states), versions=HashTrieMap(versions)
    )
    album = Album(archive.snapshots, mark, versions)
    with LogReader(
        archive.folder.log,
        archive.codec,
        head=head,
        until=log_now.bytes,
        sealed=False,
        summed=False,
    ) as reader:
        batches = _until(position, reader, album.due, log_now.vouched)
        return _fold_on(Frame(world, chain[-1].at, log_now.last), batches, position, album)


def _until(
    position: int | None, reader: LogReader, due: int, vouched: Callable[[], bool]
) -> Iterator[Batch]:
    """Give what `reader` has to say up to a position, or to its end.

    What a snapshot could be made of is given only if it is `vouched` for: the first is `due` there.
    """
    while position is None or reader.head.position < position:
        batch = reader.poll()
        if not batch or (reader.head.position >= due and not vouched()):
            return
        yield batch, reader.head.mark
