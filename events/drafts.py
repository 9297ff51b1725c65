"""How events change a state: by rules that work in place, on a draft that nobody else holds.

A fold of a whole log keeps one draft a stream and makes a value of it at the end; a change by a
single event opens a draft, applies the same rule, and closes it again.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from events.base import Event

S = TypeVar("S")
D = TypeVar("D")
Rule = Callable[[Any, Any], None]
"""Takes a draft and an event of one type, and has the draft believe it."""


@dataclass(frozen=True, slots=True)
class Drafts(Generic[S, D]):
    """How the states of one kind of stream are changed. What is opened shares no change."""

    open: Callable[[S], D]
    """Return a draft of a state, which stays as it is."""
    rules: Mapping[Any, Rule]
    """Type of event -> its rule; of every event that the stream can hold."""
    close: Callable[[D], S]
    """Return the state that a draft has come to; the draft may go on."""

    def evolve(self, state: S, event: Event) -> S:
        """Return the state after `event`."""
        return self.fold(state, (event,))

    def fold(self, state: S, events: Iterable[Event]) -> S:
        """Return the state after all of `events`, in order."""
        draft = self.open(state)
        for event in events:
            self.rules[type(event)](draft, event)
        return self.close(draft)


def drafts_of(evolve: Callable[[S, Any], S], event_types: Iterable[Any]) -> Drafts[S, list[S]]:
    """Return drafts of states that are made anew by each event: a list of the one there is."""

    def rule(draft: list[S], event: Event) -> None:
        draft[0] = evolve(draft[0], event)

    return Drafts(lambda state: [state], dict.fromkeys(event_types, rule), lambda draft: draft[0])


def nothing(_draft: object, _event: Event) -> None:
    """Believe nothing: the event is for people to read."""
