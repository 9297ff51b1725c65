"""What every command and every event is: a frozen, tagged, strictly typed message.

Tags are a promise to logs that are already written: they are spelled out at each class, never
derived from a class name, and never used again for another meaning.

Messages, and the values that states are full of, are made with ``gc=False``: what is frozen from
the start is part of no circle, so Python need not look for one in each of a million of them.
"""

import msgspec


class Command(msgspec.Struct, gc=False, frozen=True, tag_field="type", omit_defaults=True):
    """A wish, in the imperative. It carries the time, ids and answers that a decision may use."""


class Event(msgspec.Struct, gc=False, frozen=True, tag_field="type", omit_defaults=True):
    """A fact, in the past. New fields have defaults, so that old logs stay readable."""


class UnknownEvent(Event, frozen=True, tag="trackside.unknown"):
    """An event of a type that this program does not know: kept and shown, believed by no fold."""

    original: str
    """The event as it stands in the log: a JSON object, as text."""
