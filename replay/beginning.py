"""Where a look at a moment begins: at the latest snapshot before it, of a log that is vouched for.

It needs little of the program, so that the log can be summed up while the rest is imported.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from replay.fingerprint import fingerprint
from store.skim import Skimmed, skimmed, stands_in
from store.snapshots import Snapshot, Snapshots
from store.vouch import Vouches

VERIFIED = "verified.json"
MAX_POSITION = 2**63 - 1


class Beginning(msgspec.Struct, frozen=True):
    """Some states, and the log that they were made of."""

    chain: Sequence[Snapshot]
    """The latest snapshot and all it builds on."""
    log: Skimmed


@contextmanager
def beginning(log: Path, kept: Path, position: int | None) -> Iterator[Beginning | None]:
    """Give where to begin; the log is summed up during the block. None: at the first record.

    Args:
        log: the log.
        kept: the folder of what is kept of it.
        position: the moment; None: the end.

    Raises:
        LogUnusableError: what is there is no log.
        SealBrokenError: the seal cannot be read.
    """
    chain = Snapshots(kept, fingerprint()).up_to(
        MAX_POSITION if position is None else position, lambda mark: stands_in(log, mark)
    )
    if not chain:
        yield None
        return
    with skimmed(log, chain[-1].mark, Vouches(kept / VERIFIED, fingerprint())) as log_now:
        yield None if log_now is None else Beginning(chain, log_now)
