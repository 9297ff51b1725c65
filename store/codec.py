"""Bytes of the log into records: typed and fast for blocks, patient and exact for single lines."""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, Literal, TypeVar, Union, cast

import msgspec

from events.base import Event, UnknownEvent
from events.garbage import no_search_for_garbage
from events.journal import LogOpened, LogRecovered
from store.log import Recorded
from store.upcast import UPCASTERS, Upcaster, upcast

FORMAT = 1
"""What ``v`` says in each line that this program writes, and the newest that it reads."""
FORMAT_NAME = f"trackside.log/{FORMAT}"
ALL_BEFORE = -1

E = TypeVar("E")


class BadLineError(ValueError):
    """A line is not what the log should hold there. ``str()`` is the reason, in a few words."""


class Line(Recorded, Generic[E], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A record with what only the store needs to know of it. Made by `Codec` and `Head`."""

    v: Literal[1] = FORMAT  # type: ignore[assignment]  # FORMAT is 1
    event: E  # type: ignore[assignment]  # always an Event; the parameter tells msgspec which
    synced: int = ALL_BEFORE
    """The last position known to be safe when the line was written; ALL_BEFORE: the one before."""


class _Tagged(msgspec.Struct):
    type: str


class _Versioned(msgspec.Struct):
    v: int


class Codec:
    """Reads records whose events are of given types. Safe to use from several threads."""

    def __init__(
        self,
        event_types: Sequence[type[Event]],
        upcasters: Mapping[str, Upcaster] = UPCASTERS,
    ) -> None:
        """Know `event_types` and the store's own, and `upcasters` for those of old."""
        types: dict[type[Event], None] = dict.fromkeys([*event_types, LogOpened, LogRecovered])
        union: Any = Union[tuple(types)]  # noqa: UP007  # of types that are known only now
        self._upcasters = upcasters
        self._tags = {kind.__struct_config__.tag for kind in types}
        self._events: msgspec.json.Decoder[Event] = msgspec.json.Decoder(cast("Any", union))
        self._lines: msgspec.json.Decoder[Line[Event]] = msgspec.json.Decoder(
            cast("Any", Line).__class_getitem__(union)
        )
        self._envelopes = msgspec.json.Decoder(Line[msgspec.Raw])
        self._union: Any = union

    def block(self, data: bytes) -> list[Line[Event]]:
        """Return the records of `data`, which is whole lines.

        Their causes keep `data` in memory for as long as they live.

        Raises:
            BadLineError: a line is no record.
        """
        with no_search_for_garbage():
            try:
                return self._lines.decode_lines(data)
            except (ValueError, RecursionError):
                return [self.line(line) for line in data.split(b"\n")[:-1]]

    def line(self, data: bytes) -> Line[Event]:
        """Return the record of one line (without its end), be its event known, old or unknown.

        Raises:
            BadLineError: it is no record.
        """
        try:
            envelope = self._envelopes.decode(data)
            event = self._event(bytes(envelope.event))
        except RecursionError:
            raise BadLineError("it is nested too deeply") from None
        except ValueError as error:
            raise BadLineError(f"it is no record ({error})") from None
        return cast("Line[Event]", msgspec.structs.replace(envelope, event=event))

    def version(self, data: bytes) -> int:
        """Return the format that a line claims to be of; 0 if it claims none."""
        try:
            return msgspec.json.decode(data, type=_Versioned).v
        except (ValueError, RecursionError):
            return 0

    def _event(self, data: bytes) -> Event:
        tag = msgspec.json.decode(data, type=_Tagged).type
        if tag in self._upcasters:
            newest = upcast(msgspec.json.decode(data), self._upcasters)
            return cast("Event", msgspec.convert(newest, self._union))
        if tag not in self._tags:
            return UnknownEvent(original=data.decode())
        return self._events.decode(data)
