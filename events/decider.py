"""A stream's rules as one value: where it begins, what it answers, what it believes."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Generic, TypeVar

from events.base import Command, Event, UnknownEvent
from events.drafts import Drafts

S = TypeVar("S")
C = TypeVar("C", bound=Command)
E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Decider(Generic[S, C, E]):
    """The rules of one kind of stream; all three parts are pure.

    ``decide`` reads no clock, file or random number and may raise `CommandRefusedError`;
    ``evolve`` never fails.
    """

    initial: S
    decide: Callable[[C, S], Sequence[E]]
    evolve: Callable[[S, E], S]
    command_type: Any
    """The union of the commands, for decoding a recorded cause."""
    drafts: Drafts[S, Any] | None = None
    """How ``evolve`` works, if many events at once cost less than one after another."""

    def fold(self, events: Iterable[E], state: S | None = None) -> S:
        """Return the state after `events`, in order, from `state` (else from the beginning).

        An event that this program does not know changes nothing.
        """
        before = self.initial if state is None else state
        known = [event for event in events if not isinstance(event, UnknownEvent)]
        if self.drafts is None:
            return reduce(self.evolve, known, before)
        return self.drafts.fold(before, known)
