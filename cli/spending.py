"""What a run has used, call by call: tokens and money by tier, model and ticket."""

from dataclasses import dataclass, field
from datetime import date

import msgspec

from events.attempt_events import AttemptRebound, AttemptStarted, CallFailed, ReplyRecorded
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


WORKER: Tier = 3
QA: Tier = 4


@dataclass(slots=True)
class Spending:
    """A fold over the events of a run. Prices depend on the day and the length of each prompt.

    A failed call counts if its provider counted tokens all the same.
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
    """Model of each attempt."""
    _asked: dict[StreamId, AttemptId] = field(default_factory=dict)
    """Attempt of each hint that is not given yet."""

    def take(self, stream: StreamId, event: Event, on: date) -> None:
        """Add what one event says of a model call that was answered on that day."""
        match event:
            case AttemptStarted(terms=terms):
                self._models[terms.attempt] = terms.model
            case AttemptRebound(terms=terms):
                self._models[terms.attempt] = terms.model
            case RunForked():
                self._begin_anew()
            case ReplyRecorded(usage=usage, latency_s=latency_s):
                attempt = AttemptId(name_of(stream))
                self._add(WORKER, self._models[attempt], attempt, usage, on, latency_s)
            case CallFailed(usage=usage):
                attempt = AttemptId(name_of(stream))
                self._count_failure(self._models[attempt], attempt)
                if usage.total:
                    self._add(WORKER, self._models[attempt], attempt, usage, on)
            case HintAsked(failure=failure):
                self._asked[stream] = failure.attempt
            case HintGiven(model=model, usage=usage):
                attempt = self._asked.pop(stream)
                if model:
                    self._add(QA, model, attempt, usage, on)

    def of_ticket(self, ticket: TicketId) -> Spent:
        """Return what a ticket has used so far."""
        return self.by_ticket.get(ticket, Spent())

    def _begin_anew(self) -> None:
        self.inherited += self.total
        self.total = Spent()
        for sums in (self.by_model, self.by_ticket, self.by_attempt):
            sums.clear()

    def _add(
        self,
        tier: Tier,
        model: str,
        attempt: AttemptId,
        usage: Usage,
        on: date,
        latency_s: float = 0.0,
    ) -> None:
        usd = cost(model, usage, on)
        unpriced = frozenset() if usd is not None else frozenset({model})
        self._put(tier, model, attempt, Spent(1, usage, usd or 0.0, unpriced, 0, latency_s))

    def _count_failure(self, model: str, attempt: AttemptId) -> None:
        self._put(WORKER, model, attempt, Spent(failed=1))

    def _put(self, tier: Tier, model: str, attempt: AttemptId, spent: Spent) -> None:
        ticket, _ = ticket_of(attempt)
        self.total += spent
        self.by_ticket[ticket] = self.of_ticket(ticket) + spent
        self.by_attempt[attempt] = self.by_attempt.get(attempt, Spent()) + spent
        self.by_model[tier, model] = self.by_model.get((tier, model), Spent()) + spent


def usd_words(usd: float | None) -> str:
    """Return a sum of money as a person reads it.

    >>> usd_words(0.0123), usd_words(None)
    ('$0.0123', 'unknown')
    """
    return "unknown" if usd is None else f"${usd:,.4f}"
