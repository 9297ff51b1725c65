"""Given a history, when a command comes, then these events, or a refusal: for any decider.

Every command and every event makes the trip to JSON and back each time it is used, so that a
rule cannot rest on what a log does not hold.

>>> from events import approval
>>> from events.approval import Void
>>> question = Scenario.of(approval.DECIDER)
>>> question.when(Void("the file changed")).refused("it was never asked")
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Generic, TypeVar, get_type_hints

import msgspec

from events.base import Command, Event
from events.decider import Decider
from events.errors import CommandRefusedError

S = TypeVar("S")
C = TypeVar("C", bound=Command)
E = TypeVar("E", bound=Event)
T = TypeVar("T")


@dataclass(frozen=True)
class Scenario(Generic[S, C, E]):
    """A stream as its recorded events left it."""

    decider: Decider[S, C, E]
    event_type: Any
    """The union of the stream's events."""
    history: tuple[E, ...]
    state: S

    @classmethod
    def of(cls, decider: Decider[S, C, E]) -> "Scenario[S, C, E]":
        """Return the stream of `decider` before its first event."""
        event_type = get_type_hints(decider.evolve)["event"]
        return cls(decider, event_type, (), decider.initial)

    def given(self, *events: E) -> "Scenario[S, C, E]":
        """Return the stream with `events` after what it holds."""
        state, history = self.state, self.history
        for event in events:
            read = _there_and_back(event, self.event_type)
            state, history = self.decider.evolve(state, read), (*history, read)
        return replace(self, state=state, history=history)

    def after(self, *commands: C) -> "Scenario[S, C, E]":
        """Return the stream after `commands`, each of which must be answered."""
        scenario = self
        for command in commands:
            scenario = scenario.given(*scenario.decide(command))
        return scenario

    def when(self, command: C) -> "Answer[S, C, E]":
        """Return what the rules say to `command`."""
        try:
            return Answer(self, tuple(self.decide(command)), None)
        except CommandRefusedError as refusal:
            return Answer(self, (), refusal)

    def decide(self, command: C) -> Sequence[E]:
        """Return the events of `command`.

        Raises:
            CommandRefusedError: the rules refuse it.
        """
        return self.decider.decide(_there_and_back(command, self.decider.command_type), self.state)

    def refolded(self) -> S:
        """Return the state that the recorded events alone lead to."""
        return self.decider.fold(_there_and_back(event, self.event_type) for event in self.history)


@dataclass(frozen=True)
class Answer(Generic[S, C, E]):
    """What became of one command."""

    before: Scenario[S, C, E]
    events: tuple[E, ...]
    refusal: CommandRefusedError | None

    def then(self, *expected: E) -> Scenario[S, C, E]:
        """Expect exactly these events; return the stream after them."""
        assert self.refusal is None, str(self.refusal)
        assert self.events == expected
        return self.before.given(*self.events)

    def then_kinds(self, *expected: type[E]) -> Scenario[S, C, E]:
        """Expect events of exactly these kinds; return the stream after them."""
        assert self.refusal is None, str(self.refusal)
        assert [type(event) for event in self.events] == list(expected)
        return self.before.given(*self.events)

    def refused(self, part: str) -> None:
        """Expect a refusal whose words hold `part`."""
        assert self.refusal is not None, f"it was answered with {self.events}"
        assert part in str(self.refusal)


def _there_and_back(value: T, kind: Any) -> T:  # noqa: ANN401 - a union is no type
    read: T = _decoder(kind).decode(msgspec.json.encode(value))
    assert read == value, "what was read is not what was written"
    return read


@cache
def _decoder(kind: Any) -> "msgspec.json.Decoder[Any]":  # noqa: ANN401 - a union is no type
    return msgspec.json.Decoder(kind)
