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
from replay.beginning import Beginning, beginning
from replay.errors import MomentUnknownError
from replay.moment import Moment
from replay.world_codec import decode_states
from store.head import Head, Mark
from store.log import Recorded, stamp
from store.reader import LogReader
from store.tail import CLEAN

T = TypeVar("T")
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
    if archive.kept is None:
        return seen_from(None, archive, position, see)
    with beginning(archive.folder.log, archive.kept, position) as begun:
        return seen_from(begun, archive, position, see)


def seen_from(
    begun: Beginning | None, archive: Archive, position: int | None, see: Callable[[Frame], T]
) -> T:
    """Return the same as `seen_at`, for whom it was looked up where to begin: see `beginning`."""

    def answer(frame: Frame) -> T:
        if position is not None and not 0 < position == frame.world.position:
            raise MomentUnknownError(
                f"{archive.folder.run} has no position {position}: its log goes from 1 to "
                f"{frame.last}"
            )
        return see(frame)

    with no_search_for_garbage():
        found = None if begun is None else _answered(archive, begun, position, answer)
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


def _answered(
    archive: Archive, begun: Beginning, position: int | None, answer: Callable[[Frame], T]
) -> tuple[T] | None:
    """Return the answer, once the log is vouched for; None: it is not."""
    try:
        found = answer(_built_on(archive, begun, position))
    except msgspec.MsgspecError:
        return None  # the snapshot is not what this program writes
    except Exception:  # of a log that is not what it was, whatever may come
        if begun.log.vouched():
            raise
        return None
    if not begun.log.vouched():
        return None
    archive.tail = CLEAN
    return (found,)


def _built_on(archive: Archive, begun: Beginning, position: int | None) -> Frame:
    """Return the state at a position, or at the end, from a snapshot on."""
    assert archive.snapshots is not None, "there is a snapshot"
    last, head = begun.chain[-1], Head()
    states, versions = decode_states([*(one.changed for one in begun.chain), last.whole])
    head.move_to(last.mark, versions)
    world = World(
        position=head.position, states=HashTrieMap(states), versions=HashTrieMap(versions)
    )
    album = Album(archive.snapshots, last.mark, versions)
    with LogReader(
        archive.folder.log,
        archive.codec,
        fd=begun.log.fd,
        until=begun.log.bytes,
        sealed=False,
        vouched=head,
    ) as reader:
        batches = _until(position, reader, album.due, begun.log.vouched)
        return _fold_on(Frame(world, last.at, begun.log.last), batches, position, album)


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
