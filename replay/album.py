"""The album of a run: snapshots of its state, taken as the state grows."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from events.ids import StreamId
from events.streams import RUN
from events.world import World
from replay.world_codec import decode_versions, encode_states
from store.head import Mark
from store.skim import stands_in
from store.snapshots import EVERY, Snapshot, Snapshots


class Album:
    """Takes a snapshot when `EVERY` records have come since the one before. For one thread."""

    def __init__(
        self,
        snapshots: Snapshots,
        mark: Mark | None = None,
        versions: Mapping[StreamId, int] | None = None,
    ) -> None:
        """Go on behind the snapshot at `mark`, with the versions of all streams there, or begin."""
        self._snapshots = snapshots
        self.mark = mark
        """The place of the last snapshot; None: there is none."""
        self._versions: Mapping[StreamId, int] = versions or {}

    @classmethod
    def behind(cls, snapshots: Snapshots, log: Path, position: int) -> "Album":
        """Return the album that goes on from the last snapshot of this very log.

        Args:
            snapshots: that were kept under the name of the run; some may be of another log.
            log: the log; it must have been verified up to the position.
            position: where it is now.
        """
        chain = snapshots.up_to(position, lambda mark: stands_in(log, mark))
        if not chain:
            return cls(snapshots)
        try:
            return cls(snapshots, chain[-1].mark, decode_versions(one.changed for one in chain))
        except msgspec.MsgspecError:
            return cls(snapshots)

    @property
    def due(self) -> int:
        """The position from which on a state should be kept."""
        return EVERY + (0 if self.mark is None else self.mark.position)

    def keep(self, world: World, mark: Mark, at: str) -> None:
        """Keep a state: the run's own whole, and what has changed of all others.

        Args:
            world: the state, made of records that are verified and safe.
            mark: where in the log it stands.
            at: the time of the record there.
        """
        assert world.position == mark.position, "a state is kept at its own place"
        states, versions, before = world.states, world.versions, self._versions
        grown = [stream for stream, version in versions.items() if before.get(stream) != version]
        changed = encode_states(states, versions, [one for one in grown if one != RUN])
        whole = encode_states(states, versions, [RUN])
        self._snapshots.add(Snapshot(mark, at, self.mark, changed, whole))
        self.mark, self._versions = mark, versions
