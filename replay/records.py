"""The records of a run by stream, read when they are asked for, so that questions can go back."""

import re
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import TypeVar

import msgspec

from events.base import Event
from events.ids import AttemptId, StreamId, TicketId, ticket_of
from events.payload import Text
from events.streams import LOG, RUN, kind_of, name_of
from events.world import World, fold
from replay.archive import Archive
from store.log import NO_CAUSE, Recorded

E = TypeVar("E", bound=Event)

_OF_CALL = re.compile(r"(.+\.\d+)\.[a-z]\w*(?:\.\d+)?", re.DOTALL)
"""A call of an attempt, ``T1.2.c5``; if it was asked about again, ``T1.2.c5.2``."""


class Streams:
    """Answers questions of the kind "what was the last such event before that position"."""

    def __init__(self) -> None:
        """Begin with no record."""
        self._streams: dict[StreamId, list[Recorded]] = {RUN: [], LOG: []}
        self._about: dict[tuple[type[Event], TicketId | None], list[Recorded]] = {}
        """Those of the run, by what they are about: there are as many as tickets, and more."""

    def of(self, stream: StreamId) -> Sequence[Recorded]:
        """Return all records of a stream, in order."""
        return self._streams.get(stream, ())

    def last(
        self,
        stream: StreamId,
        before: int,
        kind: type[E],
        fits: Callable[[E], bool] = lambda _: True,
    ) -> Recorded | None:
        """Return the last record before a position whose event is of `kind` and fits."""
        for recorded in reversed(self.of(stream)):
            event = recorded.event
            if recorded.position < before and isinstance(event, kind) and fits(event):
                return recorded
        return None

    def last_about(
        self, ticket: TicketId | None, before: int, kind: type[Event]
    ) -> Recorded | None:
        """Return the last record of the run before a position that is of `kind` and on a ticket.

        None as the ticket is for events about none.
        """
        there = self._about.get((kind, ticket), ())
        return next((one for one in reversed(there) if one.position < before), None)

    def _add(self, recorded: Recorded) -> None:
        self._streams.setdefault(recorded.stream, []).append(recorded)
        if recorded.stream == RUN:
            about = type(recorded.event), getattr(recorded.event, "ticket", None)
            self._about.setdefault(about, []).append(recorded)

    def decision(self, recorded: Recorded) -> Sequence[Recorded]:
        """Return the records of the decision that a record is part of."""
        return [one for one in self.of(recorded.stream) if one.commit == recorded.commit]


class Growing(Streams):
    """The records up to the last one that was taken."""

    def take(self, recorded: Recorded) -> None:
        """Add the next record; its cause is let go, which would keep its part of the log alive."""
        self._add(msgspec.structs.replace(recorded, cause=NO_CAUSE))

    def decision(self, recorded: Recorded) -> Sequence[Recorded]:
        """Return the records of the last decision; `recorded` is one of them."""
        of_it = takewhile(
            lambda one: one.commit == recorded.commit, reversed(self.of(recorded.stream))
        )
        return [*of_it][::-1]


class Records(Streams):
    """The records of a whole run, read from its log stream by stream."""

    def __init__(self, archive: Archive, about: int | None = None) -> None:
        """Read the streams of the run and of the log, and remember the record at `about`.

        Raises:
            DamageError: the log cannot be trusted.
        """
        super().__init__()
        self._archive = archive
        self._read: set[TicketId] = set()
        self.about: Recorded | None = None
        self.world = World()
        """The state at the end of the log."""
        self._decisions: dict[int, Sequence[Recorded]] = {}
        for batch, _ in archive.batches():
            self.world = fold(batch, self.world)
            for recorded in batch:
                if recorded.stream in self._streams:
                    self._add(recorded)
                if recorded.position == about:
                    self.about = recorded

    def text(self, text: Text) -> str:
        """Return a kept text; raises as `Archive.text`."""
        return self._archive.text(text)

    def of(self, stream: StreamId) -> Sequence[Recorded]:
        """Return all records of a stream, in order."""
        if stream not in self._streams:
            self._read_ticket(ticket_in(stream))
        return super().of(stream)

    def decision(self, recorded: Recorded) -> Sequence[Recorded]:
        """Return the records of the decision that a record is part of."""
        if recorded.commit not in self._decisions:
            self._decisions[recorded.commit] = super().decision(recorded)
        return self._decisions[recorded.commit]

    def _read_ticket(self, ticket: TicketId) -> None:
        """Read all streams about a ticket: it is rare that one is asked for without the others."""
        if ticket in self._read:
            return
        self._read.add(ticket)
        wanted = self._archive.select(
            lambda stream: stream not in self._streams and ticket_in(stream) == ticket
        )
        self._streams.update(wanted)


def ticket_in(stream: StreamId) -> TicketId:
    """Return the ticket that a stream is about; empty if it is about none.

    >>> ticket_in(StreamId("hint/T1.2.c5"))
    'T1'
    """
    attempt = attempt_in(stream)
    return ticket_of(attempt)[0] if attempt else TicketId("")


def attempt_in(stream: StreamId) -> AttemptId:
    """Return the attempt that a stream is about; empty if it is about none.

    >>> attempt_in(StreamId("approval/T1.2.c5.2")), attempt_in(StreamId("attempt/T1.2"))
    ('T1.2', 'T1.2')
    """
    name = name_of(stream)
    if kind_of(stream) in {"hint", "approval"}:
        found = _OF_CALL.fullmatch(name)
        name = found[1] if found else ""
    return AttemptId(name)
