"""What a run may spend: limits, what is reserved before a call, what was used after it."""

from collections.abc import Mapping
from typing import Literal

import msgspec
from rpds import HashTrieMap

from events.conversation import Usage
from events.ids import AttemptId, TicketId, ticket_of
from events.settings import Budget

Scope = Literal["run", "ticket", "attempt"]
Unit = Literal["tokens", "usd"]
SCOPES: tuple[Scope, ...] = ("attempt", "ticket", "run")
UNITS: tuple[Unit, ...] = ("tokens", "usd")


class Amount(msgspec.Struct, gc=False, frozen=True, omit_defaults=True):
    """Tokens and what they cost."""

    tokens: int = 0
    usd: float = 0.0

    def __add__(self, other: "Amount") -> "Amount":
        """Return both together."""
        return Amount(self.tokens + other.tokens, self.usd + other.usd)

    def __sub__(self, other: "Amount") -> "Amount":
        """Return what is left."""
        return Amount(self.tokens - other.tokens, self.usd - other.usd)


NOTHING = Amount()


def amount_of(usage: Usage, usd: float | None) -> Amount:
    """Return what a call used; one without a known price adds tokens alone."""
    return Amount(usage.total, usd or 0.0)


class Shortfall(msgspec.Struct, frozen=True):
    """A limit that a call would break."""

    scope: Scope
    unit: Unit
    limit: float
    used: float
    """Used and reserved before the call."""
    asked: float

    @property
    def needed(self) -> float:
        """The limit that the call would not break."""
        return self.used + self.asked

    @property
    def words(self) -> str:
        """What to tell a person.

        >>> Shortfall("run", "tokens", 1000, 900, 300).words
        'the run may take 1,000 tokens; 900 are used or reserved, the next call may take 300'
        """
        return (
            f"the {self.scope} may take {self.limit:,.10g} {self.unit}; {self.used:,.10g} are used "
            f"or reserved, the next call may take {self.asked:,.10g}"
        )


class Ledger(msgspec.Struct, frozen=True):
    """What all attempts of a run have used, and what is set aside for calls that are out."""

    limits: Budget = Budget()
    used: "HashTrieMap[AttemptId, Amount]" = msgspec.field(default_factory=HashTrieMap)
    reserved: "HashTrieMap[str, Amount]" = msgspec.field(default_factory=HashTrieMap)
    """By call, as ``T1.2#5`` or ``T1.2#c3`` for QA's; at most one a worker and one a hint."""
    spent: Amount = NOTHING
    """The sum of `used`."""
    set_aside: Amount = NOTHING
    """The sum of `reserved`."""
    by_ticket: "HashTrieMap[TicketId, Amount]" = msgspec.field(default_factory=HashTrieMap)
    before: "HashTrieMap[AttemptId, Amount]" = msgspec.field(default_factory=HashTrieMap)
    """What attempts had used before the run was forked: it counts against no limit."""
    lacking: "HashTrieMap[AttemptId, Shortfall]" = msgspec.field(default_factory=HashTrieMap)
    """The limit that each attempt that waits for budget would break."""

    def reserve(self, call: str, amount: Amount) -> "Ledger":
        """Return the ledger with `amount` set aside for `call`, in place of what was before."""
        return msgspec.structs.replace(
            self,
            reserved=self.reserved.insert(call, amount),
            set_aside=self.set_aside - self.reserved.get(call, NOTHING) + amount,
            lacking=self.lacking.discard(_attempt_of(call)),
        )

    def refuse(self, attempt: AttemptId, shortfall: Shortfall) -> "Ledger":
        """Return the ledger with an attempt that waits for more."""
        return msgspec.structs.replace(self, lacking=self.lacking.insert(attempt, shortfall))

    def under(self, limits: Budget) -> "Ledger":
        """Return the ledger under other limits; what they cover is lacking no more."""
        lacking = self.lacking
        for attempt, shortfall in self.lacking.items():
            limit = getattr(limits, f"{shortfall.scope}_{shortfall.unit}")
            if limit is None or shortfall.needed <= limit:
                lacking = lacking.remove(attempt)
        return msgspec.structs.replace(self, limits=limits, lacking=lacking)

    def settle(self, attempt: AttemptId, total: Amount, out: str = "") -> "Ledger":
        """Return the ledger with all that `attempt` has used so far.

        Of what was set aside for it only the call that is still `out` keeps its part.
        """
        ticket, _ = ticket_of(attempt)
        more = total - self.used.get(attempt, NOTHING)
        return msgspec.structs.replace(
            self._freed(attempt, out),
            used=self.used.insert(attempt, total),
            spent=self.spent + more,
            by_ticket=self.by_ticket.insert(ticket, self.by_ticket.get(ticket, NOTHING) + more),
        )

    def is_settled(self, attempt: AttemptId, total: Amount, out: str = "") -> bool:
        """Return whether `settle` would change nothing."""
        return self.used.get(attempt, NOTHING) == total and set(self._out(attempt)) <= {out}

    def begin_anew(self, before: "Mapping[AttemptId, Amount]") -> "Ledger":
        """Return the ledger of a fork: what was used so far, by attempt, is not its own."""
        amounts = HashTrieMap(before)
        return msgspec.structs.replace(
            self, used=amounts, before=amounts, spent=NOTHING, by_ticket=HashTrieMap()
        )

    def drop(self, attempt: AttemptId) -> "Ledger":
        """Return the ledger with nothing set aside for an attempt that is over."""
        if not len(self.reserved) and not len(self.lacking):
            return self
        return msgspec.structs.replace(
            self._freed(attempt, ""), lacking=self.lacking.discard(attempt)
        )

    def _freed(self, attempt: AttemptId, out: str) -> "Ledger":
        ledger = self
        for call in self._out(attempt):
            if call != out:
                ledger = msgspec.structs.replace(
                    ledger,
                    reserved=ledger.reserved.remove(call),
                    set_aside=ledger.set_aside - ledger.reserved[call],
                )
        return ledger

    def is_crowded(self, attempt: AttemptId, call: str, asked: Amount) -> bool:
        """Return whether a call lacks room only because of others that are out.

        They will give back most of what is set aside for them, so waiting is worth it.
        """
        if self.shortfall(attempt, call, asked) is None:
            return False
        alone = msgspec.structs.replace(self, reserved=HashTrieMap(), set_aside=NOTHING)
        return alone.shortfall(attempt, call, asked) is None

    def shortfall(self, attempt: AttemptId, call: str, asked: Amount) -> Shortfall | None:
        """Return the first limit that the call would break, the narrowest scope first."""
        for scope in SCOPES:
            held = self._held(scope, attempt, call)
            for unit in UNITS:
                limit = getattr(self.limits, f"{scope}_{unit}")
                used, more = getattr(held, unit), getattr(asked, unit)
                if limit is not None and used + more > limit:
                    return Shortfall(scope, unit, limit, used, more)
        return None

    def _held(self, scope: Scope, attempt: AttemptId, call: str) -> Amount:
        """Return what is used or reserved within a scope, but for `call` itself."""
        if scope == "run":
            return self.spent + self.set_aside - self.reserved.get(call, NOTHING)
        out = sum((self.reserved[other] for other in self._out(attempt) if other != call), NOTHING)
        if scope == "attempt":
            own = self.used.get(attempt, NOTHING) - self.before.get(attempt, NOTHING)
            return own + out
        ticket, _ = ticket_of(attempt)
        return self.by_ticket.get(ticket, NOTHING) + out

    def _out(self, attempt: AttemptId) -> list[str]:
        """Return the calls of an attempt that something is set aside for."""
        return [call for call in self.reserved if _attempt_of(call) == attempt]


def _attempt_of(call: str) -> AttemptId:
    return AttemptId(call.rpartition("#")[0])
