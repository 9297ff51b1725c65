"""What a run has used, call by call: tokens and money by tier, model and ticket."""

from dataclasses import dataclass, field
from datetime import date

import msgspec

from events.attempt_events import (
    AttemptRebound,
    AttemptStarted,
    CallBegun,
    CallFailed,
    ReplyRecorded,
)
from events.base import Event
from events.conversation import Tier, Usage
from events.fork_words import RunForked
from events.hint import HintAsked, HintGiven
from events.ids import AttemptId, StreamId, TicketId, ticket_of
from events.streams import name_of
from models.prices import cost


class Spent(msgspec.Struct, frozen=True):
    """The sum over some model calls."""

    calls: int = 0
    usage: Usage = Usage()
    known_usd: float = 0.0
    """Of the calls whose price is known."""
    unpriced: frozenset[str] = frozenset()
    """Models that were called and whose price is not known."""
    failed: int = 0
    """Calls that failed, whatever they cost."""
    latency_s: float = 0.0
    """Of the calls that were answered, added up."""

    @property
    def usd(self) -> float | None:
        """What all of it cost; None if a price is missing (never 0 for that)."""
        return None if self.unpriced else self.known_usd

    def __add__(self, other: "Spent") -> "Spent":
        """Return both together."""
        return Spent(
            self.calls + other.calls,
            self.usage + other.usage,
            self.known_usd + other.known_usd,
            self.unpriced | other.unpriced,
            self.failed + other.failed,
            self.latency_s + other.latency_s,
        )


HEARD = (
    AttemptStarted, AttemptRebound, CallBegun, RunForked, ReplyRecorded, CallFailed, HintAsked,
    HintGiven,
)  # fmt: skip
"""Types of all events that say something of what is spent."""

WORKER: Tier = 3
QA: Tier = 4


@dataclass(slots=True)
class Spending:
    """A fold over the events of a run.

    A call costs what was taken down when it was made; of one whose price nobody knew then, what it
    costs by the prices of that day that are known now. A failed call counts if its provider
    counted tokens all the same.
    """

    total: Spent = field(default_factory=Spent)
    by_model: dict[tuple[Tier, str], Spent] = field(default_factory=dict)
    by_ticket: dict[TicketId, Spent] = field(default_factory=dict)
    """Over all attempts at a ticket and their hints."""
    by_attempt: dict[AttemptId, Spent] = field(default_factory=dict)
    """The same, attempt by attempt."""
    inherited: Spent = field(default_factory=Spent)
    """Of a fork: what its past took, at its parents' cost; no other sum holds it."""
    _models: dict[AttemptId, str] = field(default_factory=dict)
    """The model that each attempt asked last."""
    _asked: dict[StreamId, AttemptId] = field(default_factory=dict)
    """Attempt of each hint that is not given yet."""

    def take(self, stream: StreamId, event: Event, on: date) -> None:
        """Add what one event says of a model call that was answered on that day."""
        match event:
            case AttemptStarted(terms=terms):
                self._models[terms.attempt] = terms.model
            case AttemptRebound(terms=terms):
                self._models[terms.attempt] = terms.model
            case CallBegun(model=model) if model:
                self._models[AttemptId(name_of(stream))] = model
            case RunForked():
                self._begin_anew()
            case ReplyRecorded(usage=usage, usd=usd, latency_s=latency_s):
                attempt = AttemptId(name_of(stream))
                model = self._models[attempt]
                spent = Spent(1, usage, *_money(model, usage, usd, on), 0, latency_s)
                self._put(WORKER, model, attempt, spent)
            case CallFailed(usage=usage, usd=usd):
                attempt = AttemptId(name_of(stream))
                model = self._models[attempt]
                calls = 1 if usage.total else 0
                self._put(
                    WORKER, model, attempt, Spent(calls, usage, *_money(model, usage, usd, on), 1)
                )
            case HintAsked(failure=failure):
                self._asked[stream] = failure.attempt
            case HintGiven(model=model, usage=usage, usd=usd):
                attempt = self._asked.pop(stream)
                calls = event.calls or (1 if usage.total else 0)
                spent = Spent(calls, usage, *_money(model, usage, usd, on), event.failed)
                if model:
                    self._put(QA, model, attempt, spent)

    def of_ticket(self, ticket: TicketId) -> Spent:
        """Return what a ticket has used so far."""
        return self.by_ticket.get(ticket, Spent())

    def _begin_anew(self) -> None:
        self.inherited += self.total
        self.total = Spent()
        for sums in (self.by_model, self.by_ticket, self.by_attempt):
            sums.clear()

    def _put(self, tier: Tier, model: str, attempt: AttemptId, spent: Spent) -> None:
        ticket, _ = ticket_of(attempt)
        self.total += spent
        self.by_ticket[ticket] = self.of_ticket(ticket) + spent
        self.by_attempt[attempt] = self.by_attempt.get(attempt, Spent()) + spent
        self.by_model[tier, model] = self.by_model.get((tier, model), Spent()) + spent


def _money(model: str, usage: Usage, usd: float | None, on: date) -> tuple[float, frozenset[str]]:
    """Return what is known of the cost of a call, and whose price is not known."""
    if not usage.total:
        return 0.0, frozenset()
    known = cost(model, usage, on) if usd is None else usd
    return (0.0, frozenset({model})) if known is None else (known, frozenset())


def usd_words(usd: float | None) -> str:
    """Return a sum of money as a person reads it.

    >>> usd_words(0.0123), usd_words(None)
    ('$0.0123', 'unknown')
    """
    return "unknown" if usd is None else f"${usd:,.4f}"
