"""The plan: a track is a DAG of tickets, and a pure value; each change gives a new one.

The cost of a change does not depend on the number of tickets: tickets live in a persistent map, and
the ready ones are bits of one integer, lowest bit first in line.
"""

from collections import Counter, deque
from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import chain
from typing import Self, TypeVar, get_args

import msgspec
from rpds import HashTrieMap

from events.errors import CommandRefusedError
from events.ids import TicketId
from events.payload import Text
from events.ticket import DONE, LIFE, OPEN, Block, Cause, Ticket, TicketState

K = TypeVar("K")
V = TypeVar("V")

_RANK_OF_PRIORITY = {"high": 0, "medium": 1, "low": 2}


class TrackSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A validated track as it stands in its file and in the record of a run's start."""

    id: str
    title: str = ""
    description: str = ""
    base: str | None = None
    """The revision to start from; None: the HEAD of the repository."""
    setup: str | None = None
    """Command that runs once in each new worktree."""
    check: str | None = None
    """Command that must exit 0 before a ticket without a check of its own counts as completed."""
    tickets: tuple[Ticket, ...]


class _Plan(msgspec.Struct, frozen=True):
    """What never changes while a track runs."""

    order: tuple[TicketId, ...]
    """File order."""
    queue: tuple[TicketId, ...]
    """By priority, then file order."""
    rank: dict[TicketId, int]
    """Place in the queue."""
    dependents: dict[TicketId, tuple[TicketId, ...]]


class Release(msgspec.Struct, frozen=True):
    """What happens to one blocked ticket when a block ends."""

    ticket: TicketId
    to: TicketState
    """``pending``, ``locked``, or ``blocked`` if another ticket holds it still."""
    by: TicketId | None = None
    """The ticket that holds it still."""


class Track(msgspec.Struct, frozen=True):
    """A track in the middle of its life."""

    spec: TrackSpec
    plan: _Plan
    tickets: "HashTrieMap[TicketId, Ticket]"
    waiting_on: "HashTrieMap[TicketId, int]"
    """How many dependencies of a ticket are not completed or skipped."""
    ready: int
    """Bit n is set if the n-th ticket of the queue is pending."""
    counts: dict[TicketState, int]
    """How many tickets are in each state; of all states, also those that no ticket is in."""

    @classmethod
    def of(cls, spec: TrackSpec) -> Self:
        """Return the track of a validated `spec`, with each ticket locked, pending or completed."""
        order = tuple(ticket.id for ticket in spec.tickets)
        by_priority = sorted(spec.tickets, key=lambda ticket: _RANK_OF_PRIORITY[ticket.priority])
        queue = tuple(ticket.id for ticket in by_priority)
        done = {ticket.id for ticket in spec.tickets if ticket.status in DONE}
        dependents: dict[TicketId, list[TicketId]] = {ticket: [] for ticket in order}
        tickets, waiting_on, ready = {}, {}, 0
        counts: dict[TicketState, int] = dict.fromkeys(get_args(TicketState), 0)
        rank = {ticket: place for place, ticket in enumerate(queue)}
        for ticket in spec.tickets:
            for dependency in ticket.depends_on:
                dependents[dependency].append(ticket.id)
            open_ones = len(ticket.depends_on)
            if done:
                open_ones -= sum(map(done.__contains__, ticket.depends_on))
            born = ticket
            if ticket.id not in done and not open_ones:
                born = ticket.move("unlock")
                ready |= 1 << rank[ticket.id]
            tickets[ticket.id] = born
            waiting_on[ticket.id] = open_ones
            counts[born.status] += 1
        plan = _Plan(order, queue, rank, {key: tuple(value) for key, value in dependents.items()})
        return cls(spec, plan, HashTrieMap(tickets), HashTrieMap(waiting_on), ready, counts)

    def __iter__(self) -> Iterator[Ticket]:
        """Go through the tickets in file order."""
        return (self.tickets[ticket] for ticket in self.plan.order)

    def __len__(self) -> int:
        """Return the number of tickets."""
        return len(self.plan.order)

    def __getitem__(self, ticket: TicketId) -> Ticket:
        """Return a ticket by id.

        Raises:
            CommandRefusedError: the track has no such ticket.
        """
        found = self.tickets.get(ticket)
        if found is None:
            raise CommandRefusedError("lookup", f'the track has no ticket "{ticket}"')
        return found

    def count(self, *states: TicketState) -> int:
        """Return how many tickets are in any of `states`."""
        return sum(self.counts[state] for state in states)

    @property
    def next_ready(self) -> Ticket | None:
        """The pending ticket that is first in line, by priority, then file order."""
        return next(self.in_line(), None)

    def get_executable_tickets(self) -> list[Ticket]:
        """Return the tickets that can start now, by priority, then file order."""
        return list(self.in_line())

    def in_line(self) -> Iterator[Ticket]:
        """Give the tickets that can start now, by priority, then file order."""
        left = self.ready
        while left:
            first = left & -left
            yield self.tickets[self.plan.queue[first.bit_length() - 1]]
            left ^= first

    def mark_complete(self, ticket: TicketId) -> "Track":
        """Return the track with `ticket` completed and its dependents unlocked where they can be.

        Raises:
            CommandRefusedError: the ticket is unknown, or not pending or in progress.
        """
        track = self.put(self[ticket].mark_complete())
        return track.put_all(track[free].move("unlock") for free in track.unlocked_by(ticket))

    def mark_blocked(self, ticket: TicketId, reason: Text, cause: Cause = "manual") -> "Track":
        """Return the track with `ticket` blocked, and with it all that depend on it.

        Raises:
            CommandRefusedError: the ticket is unknown, or not open.
        """
        track = self.put(self[ticket].mark_blocked(reason, cause))
        return track.put_all(
            track[held].mark_blocked("", "dependency", by) for held, by in track.held_by(ticket)
        )

    def unlocked_by(self, ticket: TicketId) -> list[TicketId]:
        """Return the locked dependents that wait for nothing once `ticket` is done, if not yet."""
        last = 0 if self.tickets[ticket].status in DONE else 1
        return [
            dependent
            for dependent in self.plan.dependents[ticket]
            if self.waiting_on[dependent] == last and self.tickets[dependent].status == "locked"
        ]

    def held_by(self, ticket: TicketId) -> list[tuple[TicketId, TicketId]]:
        """Return every locked ticket that a block of `ticket` holds, and by which dependency."""
        held: list[tuple[TicketId, TicketId]] = []
        seen = {ticket}
        front = deque([ticket])
        while front:
            blocker = front.popleft()
            for dependent in self.plan.dependents[blocker]:
                if dependent not in seen and self.tickets[dependent].status == "locked":
                    seen.add(dependent)
                    held.append((dependent, blocker))
                    front.append(dependent)
        return held

    def released_with(self, ticket: TicketId) -> list[Release]:
        """Return what becomes of `ticket`, and of all that its block held, when it is released.

        A ticket that another blocked dependency holds too stays blocked, by that one.
        """
        released: dict[TicketId, Release] = {}
        holders = {ticket: self._blocked_dependencies(ticket)}
        front = deque([ticket] if not holders[ticket] else [])
        while front:
            free = front.popleft()
            released[free] = Release(free, "locked" if self.waiting_on[free] else "pending")
            for dependent in filter(self._is_held, self.plan.dependents[free]):
                if dependent not in holders:
                    holders[dependent] = self._blocked_dependencies(dependent)
                holders[dependent] -= 1
                if not holders[dependent]:
                    front.append(dependent)
        return [*released.values(), *self._handed_over(holders, released)]

    def put(self, ticket: Ticket) -> "Track":
        """Return the track with `ticket` in place of its earlier self."""
        return self.put_all((ticket,))

    def edit(self, edited: Ticket) -> Self:
        """Return the track with what an author wrote of a ticket in place of what was written.

        Where the ticket is in its life stays, and so do its dependencies.
        """
        now = self.tickets[edited.id]
        standing = {field: getattr(now, field) for field in LIFE}
        ticket = msgspec.structs.replace(edited, depends_on=now.depends_on, **standing)
        tickets = self.tickets.insert(ticket.id, ticket)
        if ticket.priority == now.priority:
            return msgspec.structs.replace(self, tickets=tickets)
        return self._queued_anew(tickets)

    def put_all(self, tickets: Iterable[Ticket]) -> "Track":
        """Return the track with each of `tickets` in place of its earlier self."""
        draft = TrackDraft(self)
        for ticket in tickets:
            draft[ticket.id] = ticket
        return draft.close()

    def _queued_anew(self, tickets: "HashTrieMap[TicketId, Ticket]") -> Self:
        """Return the track with `tickets`, its queue in the order of their priorities."""
        in_file = [tickets[ticket] for ticket in self.plan.order]
        by_priority = sorted(in_file, key=lambda ticket: _RANK_OF_PRIORITY[ticket.priority])
        queue = tuple(ticket.id for ticket in by_priority)
        rank = {ticket: place for place, ticket in enumerate(queue)}
        plan = msgspec.structs.replace(self.plan, queue=queue, rank=rank)
        ready = sum(1 << rank[ticket.id] for ticket in in_file if ticket.status == "pending")
        return msgspec.structs.replace(self, tickets=tickets, plan=plan, ready=ready)

    def _is_held(self, ticket: TicketId) -> bool:
        block = self.tickets[ticket].block
        return self.tickets[ticket].status == "blocked" and _is_dependency(block)

    def _blocked_dependencies(self, ticket: TicketId) -> int:
        return sum(self.tickets[other].status == "blocked" for other in self[ticket].depends_on)

    def _handed_over(
        self, reached: Iterable[TicketId], released: Container[TicketId]
    ) -> Iterator[Release]:
        """Go through the tickets that stay blocked, but no longer by the one on their record."""
        for ticket in reached:
            block = self.tickets[ticket].block
            stays = ticket not in released
            if stays and (block is None or block.by is None or block.by in released):
                holder = next(
                    other
                    for other in self.tickets[ticket].depends_on
                    if other not in released and self.tickets[other].status == "blocked"
                )
                yield Release(ticket, "blocked", holder)


class TrackDraft(dict[TicketId, Ticket]):
    """The tickets of a track that have moved, by id; the others are looked up in the track.

    The track itself stays as it is. For one thread.
    """

    __slots__ = ("_track",)

    def __init__(self, track: Track) -> None:
        """Begin where `track` stands."""
        self._track = track

    def __missing__(self, ticket: TicketId) -> Ticket:
        """Return a ticket that has not moved; raises as `Track`."""
        return self._track[ticket]

    def close(self) -> Track:
        """Return the track as it stands now; what is derived of the tickets is worked out here."""
        track = self._track
        plan, ready, counts = track.plan, track.ready, dict(track.counts)
        met: list[tuple[TicketId, ...]] = []
        for name, ticket in self.items():
            before, now = track.tickets[name].status, ticket.status
            if now == before:
                continue
            counts[before] -= 1
            counts[now] += 1
            if now == "pending":
                ready |= 1 << plan.rank[name]
            elif before == "pending":
                ready &= ~(1 << plan.rank[name])
            if now in DONE:
                met.append(plan.dependents[name])
        waiting_on = track.waiting_on
        if met:
            times = Counter(chain.from_iterable(met))
            fewer = {held: waiting_on[held] - some for held, some in times.items()}
            waiting_on = _changed(waiting_on, fewer)
        tickets = _changed(track.tickets, self)
        return Track(track.spec, plan, tickets, waiting_on, ready, counts)


def _changed(before: "HashTrieMap[K, V]", changed: Mapping[K, V]) -> "HashTrieMap[K, V]":
    """Return a map with the values of some of its keys changed."""
    if len(changed) == len(before):  # a map is made in half the time in which one is changed
        return HashTrieMap(changed)
    return before.update(changed) if changed else before


def _is_dependency(block: Block | None) -> bool:
    return block is not None and block.cause == "dependency"


def is_over(track: Track) -> bool:
    """Return whether no ticket can move any more without a person's word."""
    return track.count(*OPEN) == 0
