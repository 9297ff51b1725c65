"""The log's own diary: who opened it for writing, and what was dropped when it was torn."""

from events.base import Event
from events.ids import RunId, StreamId

STREAM = StreamId("log")
"""The one stream that the store writes by itself."""


class LogOpened(Event, frozen=True, tag="log.opened", kw_only=True):
    """A process began to write the log: the first record of its epoch, and so of the log."""

    run: RunId
    format: str
    """``trackside.log/1``."""
    salt: str
    """Random hex digits, so that no two logs, and no two epochs, have equal digests."""
    epoch: int
    """1 for the first opening, then one more each time."""
    pid: int
    program: str
    """The version of trackside that writes."""


class LogRecovered(Event, frozen=True, tag="log.recovered", kw_only=True):
    """The end of the log was torn, by a crash or by hand, and was set aside."""

    bytes: int
    """How much was dropped."""
    reason: str
    kept: str
    """The file beside the log that holds what was dropped."""


JournalEvent = LogOpened | LogRecovered
