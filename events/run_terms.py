"""What a run is about, and the values that its commands and events share."""

from typing import Literal

import msgspec

from events.ids import CommitId, RunId, TreeId
from events.policy import Policy
from events.settings import Settings
from events.track import TrackSpec

Ending = Literal["completed", "blocked", "cancelled"]


RULES_VERSION = 1
"""Raised whenever a decision changes, so that `verify` knows which logs must re-derive exactly."""


class Start(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that a run is about but its tickets."""

    run: RunId
    track: TrackSpec
    """The track without its tickets, which follow in pieces."""
    tickets: int
    """How many tickets follow."""
    settings: Settings
    given: tuple[str, ...] = ()
    """Keys of the configuration on which the command line had the last word."""
    policy: Policy
    base: CommitId
    base_tree: TreeId
    repository: str
    """Absolute path of the user's repository when the run began."""
    source: str = ""
    """The track file, as it was named."""
    track_digest: str = ""
    """sha256 of the track file."""
    program: str = ""
    """Version of trackside."""
    rules: int = RULES_VERSION
