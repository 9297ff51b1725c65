"""What a run has used, call by call: tokens and money by tier, model and ticket."""

from dataclasses import dataclass, field
from datetime import date

import msgspec

from events.attempt_words import AttemptStarted, CallFailed, ReplyRecorded
from events.base import Event
from events.conversation import Tier, Usage
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
    _models: dict[AttemptId, str] = field(default_factory=dict)
    """Model of each attempt."""
    _asked: dict[StreamId, TicketId] = field(default_factory=dict)
    """Ticket of each hint that is not given yet."""

    def take(self, stream: StreamId, event: Event, on: date) -> None:
        """Add what one event says of a model call that was answered on that day."""
        match event:
            case AttemptStarted(terms=terms):
                self._models[terms.attempt] = terms.model
            case ReplyRecorded(usage=usage):
                self._add_turn(stream, usage, on)
            case CallFailed(usage=usage) if usage.total:
                self._add_turn(stream, usage, on)
            case HintAsked(failure=failure):
                self._asked[stream] = ticket_of(failure.attempt)[0]
            case HintGiven(model=model, usage=usage):
                ticket = self._asked.pop(stream)
                if model:
                    self._add(QA, model, ticket, usage, on)

    def of_ticket(self, ticket: TicketId) -> Spent:
        """Return what a ticket has used so far."""
        return self.by_ticket.get(ticket, Spent())

    def _add_turn(self, stream: StreamId, usage: Usage, on: date) -> None:
        attempt = AttemptId(name_of(stream))
        self._add(WORKER, self._models[attempt], ticket_of(attempt)[0], usage, on)

    def _add(self, tier: Tier, model: str, ticket: TicketId, usage: Usage, on: date) -> None:
        usd = cost(model, usage, on)
        spent = Spent(1, usage, usd or 0.0, frozenset() if usd is not None else frozenset({model}))
        self.total += spent
        self.by_ticket[ticket] = self.of_ticket(ticket) + spent
        self.by_model[tier, model] = self.by_model.get((tier, model), Spent()) + spent


def usd_words(usd: float | None) -> str:
    """Return a sum of money as a person reads it.

    >>> usd_words(0.0123), usd_words(None)
    ('$0.0123', 'unknown')
    """
    return "unknown" if usd is None else f"${usd:,.4f}"
