"""A tiny stream for the tests of the store: notes and a count of them."""

from collections.abc import Sequence

import msgspec

from events.base import Command, Event
from events.decider import Decider
from events.errors import CommandRefusedError
from events.ids import StreamId
from store.codec import Codec

A = StreamId("pad/A")
B = StreamId("pad/B")


class Note(Command, frozen=True, tag="note"):
    text: str
    times: int = 1


class Noted(Event, frozen=True, tag="pad.noted"):
    text: str


class Measured(Event, frozen=True, tag="pad.measured"):
    value: float
    of: str | None = None
    more: tuple[float, ...] = ()


class Pad(msgspec.Struct, frozen=True):
    notes: tuple[str, ...] = ()


def decide(command: Note, state: Pad) -> Sequence[Noted]:
    if not command.text:
        raise CommandRefusedError(command, "there is nothing to note")
    return [Noted(command.text)] * command.times


def evolve(state: Pad, event: Event) -> Pad:
    return Pad((*state.notes, event.text)) if isinstance(event, Noted) else state


DECIDER: Decider[Pad, Note, Noted] = Decider(Pad(), decide, evolve, Note)
CODEC = Codec([Noted, Measured])
