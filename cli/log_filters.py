"""Which records `trackside log` prints: about an attempt, by an actor, between two moments."""

import argparse
from collections.abc import Sequence
from datetime import datetime

from events.ids import AttemptId, TicketId, attempt_id
from events.streams import kind_of
from replay.moment import Moment, moment_of
from replay.records import attempt_in
from store.log import Recorded, stamp

KIND_OF_ACTOR = {
    "conductor": "run",
    "worker": "attempt",
    "qa": "hint",
    "gate": "approval",
    "store": "log",
}
"""Who writes which kind of stream."""


def add_filters(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--attempt", metavar="N", help="only this attempt at the --ticket, or its whole name, T1.2"
    )
    parser.add_argument(
        "--actor", choices=tuple(KIND_OF_ACTOR), help="only what this kind of actor decided"
    )
    parser.add_argument(
        "--from", dest="start", metavar="POS|TIME", help="not what was before; times are UTC"
    )
    parser.add_argument("--to", dest="end", metavar="POS|TIME", help="not what came after")


class Filter:
    """What the options ask for."""

    def __init__(self, args: argparse.Namespace) -> None:
        """Read the options.

        Raises:
            MomentInvalidError: a moment is written in no form that is known.
        """
        self._attempt = _attempt(args.attempt, args.ticket)
        self._kind = KIND_OF_ACTOR.get(args.actor)
        self._start = None if args.start is None else moment_of(args.start)
        self._end = None if args.end is None else moment_of(args.end)

    def wants(self, recorded: Recorded) -> bool:
        """Return whether a record is asked for."""
        return (
            self._kind in {None, kind_of(recorded.stream)}
            and (self._attempt is None or self._attempt in _attempts_of(recorded))
            and (self._start is None or _compared(recorded, self._start) >= 0)
            and (self._end is None or _compared(recorded, self._end) <= 0)
        )


def _attempt(name: str | None, ticket: str | None) -> AttemptId | None:
    if name is not None and ticket is not None and name.isascii() and name.isdigit():
        return attempt_id(TicketId(ticket), int(name))
    return None if name is None else AttemptId(name)


def _attempts_of(recorded: Recorded) -> Sequence[str]:
    """Return the attempts that a record is about: by its stream, or by its event."""
    return (attempt_in(recorded.stream), getattr(recorded.event, "attempt", None) or "")


def _compared(recorded: Recorded, moment: Moment) -> int:
    """Return whether a record is before (-1), at (0) or behind (1) a moment."""
    if isinstance(moment, datetime):
        limit = stamp(moment)
        return (recorded.at > limit) - (recorded.at < limit)
    return (recorded.position > moment) - (recorded.position < moment)
