"""The fold of a run into the tables of its page: every record once, in order."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta

import msgspec

from events.approval import ApprovalAnswered, ApprovalAsked, ApprovalVoided
from events.attempt import Attempt
from events.attempt_events import (
    AttemptEnded,
    AttemptRebound,
    AttemptSubmitted,
    CallFailed,
    ReplyRecorded,
    SetupRan,
    ToolFinished,
)
from events.base import Event
from events.conversation import Tier, Usage
from events.fork_words import RunForked
from events.hint import HintGiven
from events.ids import AttemptId, TicketId, TreeId, attempt_id, ticket_of
from events.journal import LogOpened
from events.run_events import TicketAssigned, TicketCompleted, TicketsPlanned
from events.streams import kind_of
from events.ticket import TicketState
from events.world import World, evolve
from replay.causation import cause_of
from replay.records import Growing, attempt_in
from replay.reports.activity import ACTIVITIES, activity_of
from replay.reports.axis import Axis, axis_of
from replay.reports.details import Book
from replay.reports.pool import Pool
from replay.reports.tables import Delta, Events
from store.log import Recorded

STATES: tuple[TicketState, ...] = (
    "locked", "pending", "in_progress", "step_paused", "completed", "blocked", "skipped",
)  # fmt: skip
WORKER: Tier = 3
QA: Tier = 4
_AT_WORK = frozenset(ACTIVITIES) - {"over", "waits"}
_MS = timedelta(milliseconds=1)

Describe = Callable[[Event], str]
"""Says in a few words what an event is about."""
Price = Callable[[str, Usage, date], float | None]
"""What a model call costs, in USD; None: nobody knows."""


class Change(msgspec.Struct, frozen=True):
    """A diff that is still to be made."""

    text: int
    """The row of the pool that waits for it."""
    before: TreeId
    after: TreeId


class Fold:
    """The tables as they grow. Texts go to a pool; diffs are noted, and made all at once later."""

    def __init__(self, book: Book, describe: Describe, price: Price) -> None:
        """Begin with nothing."""
        self._book = book
        self._describe = describe
        self._price = price
        self._records = Growing()
        self._streams: dict[str, int] = {}
        self._types: dict[str, int] = {}
        self._statuses: dict[TicketId, TicketState] = {}
        self._activities: dict[AttemptId, str] = {}
        self._at_work: set[AttemptId] = set()
        self._models: dict[AttemptId, str] = {}
        self._standing = ""
        self._idle: list[bool] = []
        self._moments: list[datetime] = []
        self.world = World()
        self.events = Events(
            at=[], x=[], stream=[], type=[], words=[], cause=[], ticket=[], attempt=[], details=[],
            deltas=[],
        )  # fmt: skip
        self.tickets: dict[TicketId, int] = {}
        self.attempts: dict[AttemptId, int] = {}
        self.begun: list[int] = []
        """Position at which each attempt was assigned."""
        self.changes: list[Change] = []
        self._at_end: dict[AttemptId, Attempt] = {}
        """Attempts as they were when they ended: after that, a state keeps no conversation."""

    @property
    def streams(self) -> tuple[str, ...]:
        """The names of all streams, in the order in which they came."""
        return tuple(self._streams)

    @property
    def types(self) -> tuple[str, ...]:
        """The types of all events, likewise."""
        return tuple(self._types)

    def model_of(self, attempt: AttemptId) -> str:
        """Return the model that an attempt was given last."""
        return self._models[attempt]

    def conversation_of(self, attempt: AttemptId) -> Attempt:
        """Return the attempt with all its turns; of one that is over, as it was before its end."""
        return self._at_end.get(attempt) or self.world.attempt(attempt)

    def take(self, recorded: Recorded) -> None:
        """Add one record."""
        before, event = self.world, recorded.event
        self._idle.append(not self._at_work or isinstance(event, LogOpened | RunForked))
        self._records.take(recorded)
        self.world = evolve(before, recorded.stream, event, recorded.position)
        attempt = _attempt_of(recorded)
        if attempt is not None and isinstance(event, AttemptEnded):
            self._at_end[attempt] = before.attempt(attempt)
        ticket = _ticket_of(event, attempt)
        deltas = tuple(self._deltas(recorded, ticket, attempt))
        rows, cause = self.events, cause_of(self._records, recorded, beyond_roots=True)
        self._moments.append(datetime.fromisoformat(recorded.at))
        rows.at.append(int((self._moments[-1] - self._moments[0]) / _MS))
        rows.stream.append(_row(self._streams, recorded.stream))
        rows.type.append(_row(self._types, str(type(event).__struct_config__.tag)))
        rows.words.append(self._describe(event))
        rows.cause.append(cause.position if cause is not None else 0)
        rows.ticket.append(self.tickets.get(ticket, -1) if ticket else -1)
        rows.attempt.append(self.attempts.get(attempt, -1) if attempt else -1)
        rows.deltas.append(deltas)
        rows.details.append(self._details(recorded, before))

    def axis(self) -> Axis:
        """Return where each record lies on the axis of the page."""
        axis = axis_of(self.events.at, self._idle)
        self.events.x.extend(axis.x)
        return axis

    def _details(self, recorded: Recorded, before: World) -> int:
        event = recorded.event
        attempt = self.events.attempt[-1]
        blocks = list(self._book.blocks(event, attempt))
        for title, old, new in _trees(recorded, before):
            if old != new and old and new:
                row = self._book.pool.reserve()
                self.changes.append(Change(row, old, new))
                blocks.insert(1, ["diff", title, row])
        return self._book.pool.add(msgspec.json.encode(blocks).decode())

    def _deltas(
        self, recorded: Recorded, ticket: TicketId | None, attempt: AttemptId | None
    ) -> Iterator[Delta]:
        event, run = recorded.event, self.world.run
        if isinstance(event, RunForked):
            yield ("f",)
        if run.standing != self._standing:
            self._standing = run.standing
            yield ("r", run.standing)
        if isinstance(event, TicketsPlanned) and run.track is not None:
            yield from self._all_tickets()
        elif ticket is not None and run.track is not None:
            yield from self._one_ticket(ticket)
        if isinstance(event, TicketAssigned):
            yield self._begin(event, recorded.position)
        if attempt is None and ticket is not None and ticket in self.tickets:
            attempt = attempt_id(ticket, run.plan[ticket].attempts)
        if attempt in self.attempts:
            yield from self._doing(attempt)
        yield from self._used(recorded, attempt)
        yield from _questions(event)

    def _all_tickets(self) -> Iterator[Delta]:
        for ticket in self.world.run.plan:
            self.tickets[ticket.id] = len(self.tickets)
            yield from self._one_ticket(ticket.id)

    def _one_ticket(self, name: TicketId) -> Iterator[Delta]:
        state = self.world.run.plan[name].status
        if self._statuses.get(name) != state:
            self._statuses[name] = state
            yield ("t", self.tickets[name], STATES.index(state))

    def _begin(self, event: TicketAssigned, position: int) -> Delta:
        self.attempts[event.attempt] = len(self.attempts)
        self.begun.append(position)
        self._models[event.attempt] = event.model
        return ("n", self.attempts[event.attempt])

    def _doing(self, name: AttemptId) -> Iterator[Delta]:
        state, (ticket, _) = self.world.attempt(name), ticket_of(name)
        over = name not in self.world.run.active
        doing = "over" if over else activity_of(state, self._statuses[ticket])
        if self._activities.get(name) != doing:
            self._activities[name] = doing
            (self._at_work.add if doing in _AT_WORK else self._at_work.discard)(name)
            yield ("a", self.attempts[name], ACTIVITIES.index(doing))

    def _used(self, recorded: Recorded, attempt: AttemptId | None) -> Iterator[Delta]:
        if attempt is None or attempt not in self.attempts:
            return
        on = date.fromisoformat(recorded.at[:10])
        match recorded.event:
            case AttemptRebound(terms=terms):
                self._models[attempt] = terms.model
            case ReplyRecorded(usage=usage):
                yield self._use(attempt, WORKER, self._models[attempt], usage, on)
            case CallFailed(usage=usage) if usage.total:
                yield self._use(attempt, WORKER, self._models[attempt], usage, on)
            case HintGiven(model=model, usage=usage) if model:
                yield self._use(attempt, QA, model, usage, on)

    def _use(self, attempt: AttemptId, tier: Tier, model: str, usage: Usage, on: date) -> Delta:
        usd = self._price(model, usage, on)
        counts = (usage.input, usage.cached, usage.output, usage.thinking)
        return ("u", self.attempts[attempt], tier, model, *counts, usd)


def _attempt_of(recorded: Recorded) -> AttemptId | None:
    named = getattr(recorded.event, "attempt", None)
    if kind_of(recorded.stream) == "run":
        return AttemptId(named) if isinstance(named, str) and named else None
    return attempt_in(recorded.stream) or None


def _ticket_of(event: Event, attempt: AttemptId | None) -> TicketId | None:
    if attempt is not None:
        return ticket_of(attempt)[0]
    named = getattr(event, "ticket", None)
    return TicketId(named) if isinstance(named, str) and named else None


def _row(names: dict[str, int], name: str) -> int:
    return names.setdefault(name, len(names))


def _questions(event: Event) -> Iterator[Delta]:
    match event:
        case ApprovalAsked():
            yield ("q", 1)
        case ApprovalAnswered() | ApprovalVoided():
            yield ("q", -1)


def _trees(recorded: Recorded, before: World) -> Iterator[tuple[str, TreeId, TreeId]]:
    """Give what an event changed in the code: a title, the tree before, the tree after."""
    attempt: Attempt = before.attempt(attempt_in(recorded.stream))
    match recorded.event:
        case ToolFinished(tree=tree):
            yield "What it changed", attempt.tree, tree
        case SetupRan(tree=tree):
            yield "What the setup changed", attempt.tree, tree
        case AttemptSubmitted(tree=tree) if attempt.terms is not None:
            yield "All that the attempt changed", attempt.bound.base_tree, tree
        case TicketCompleted(tree=tree):
            yield "What was merged", before.run.tree, tree


def texts_of(pool: Pool, changes: Sequence[Change], diffs: Sequence[str]) -> None:
    """Bring the diffs to the rows of the pool that wait for them."""
    for change, diff in zip(changes, diffs, strict=True):
        pool.fill(change.text, diff)
