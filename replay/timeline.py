"""The whole state of a run at any moment of its history: a fold of its log up to there."""

from collections.abc import Iterator

import msgspec

from events.world import World, evolve, fold
from replay.archive import Archive
from replay.errors import MomentUnknownError
from replay.moment import Moment
from store.log import Recorded, stamp


class Frame(msgspec.Struct, frozen=True):
    """The state of a run at one moment."""

    world: World
    at: str
    """Time (UTC) of the last record that is part of it."""
    last: int
    """The last position of the log."""


def state_at(archive: Archive, at: Moment | None = None) -> World:
    """Return the state of all streams at a moment, else at the end; raises as `frame_at`."""
    return frame_at(archive, at).world


def frame_at(archive: Archive, at: Moment | None = None) -> Frame:
    """Return the state at a moment with its surroundings; without one, at the end.

    The log is verified whole, whatever part of it is asked for.

    Raises:
        MomentUnknownError: the log begins later, or ends earlier.
        DamageError: the log cannot be trusted.
        LogUnusableError: there is none.
    """
    if isinstance(at, int):
        return _at_position(archive, at)
    return _at_time(archive, None if at is None else stamp(at))


def _at_position(archive: Archive, position: int) -> Frame:
    time, last = "", 0

    def up_to_there() -> Iterator[Recorded]:
        nonlocal time, last
        for recorded in archive.records():
            last = recorded.position
            if last <= position:
                time = recorded.at
                yield recorded

    world = fold(up_to_there())
    if not 1 <= position <= last:
        raise MomentUnknownError(
            f"{archive.folder.run} has no position {position}: its log goes from 1 to {last}"
        )
    return Frame(world, time, last)


def _at_time(archive: Archive, limit: str | None) -> Frame:
    """Return the state after the last record that is not later than `limit`."""
    world, found, time, first = World(), World(), "", ""
    for recorded in archive.records():
        world = evolve(world, recorded.stream, recorded.event, recorded.position)
        first = first or recorded.at
        if limit is None or recorded.at <= limit:
            found, time = world, recorded.at
    if not found.position:
        raise MomentUnknownError(f"{archive.folder.run} began later, at {first}")
    return Frame(found, time, world.position)
