"""Where a log and what is worked out from it do not agree."""

from typing import Literal

import msgspec

from events.ids import StreamId

Kind = Literal[
    "decision", "cause", "prompt", "context", "hint", "merge", "commit",
    "fold", "payload", "tree", "edit",
]  # fmt: skip

RULED: frozenset[Kind] = frozenset(
    {"decision", "cause", "prompt", "context", "hint", "merge", "commit"}
)
"""What follows from rules and words that another version of trackside may have had otherwise."""


class Divergence(msgspec.Struct, frozen=True, kw_only=True):
    """One place where what was expected is not what is there."""

    position: int
    stream: StreamId
    kind: Kind
    """``decision``: a rule decides otherwise; ``cause``: a command says what the rest of the log
    does not; ``prompt``, ``context``, ``hint``, ``merge``, ``commit``: made again, it is another;
    ``fold``: the state cannot follow; ``payload``, ``tree``: lost or damaged; ``edit``: the
    recorded edit does not lead to the recorded tree."""
    expected: str
    got: str
    """What the log, or the disk, holds."""
