"""States of streams as bytes and back: msgpack, typed, and equal to what was folded.

rpds' maps cannot be subscripted at run time, so msgspec cannot read annotations that name them. A
struct that holds some is therefore read as its mirror, in which a map of our own stands for each.
"""

import typing
from abc import ABC
from collections.abc import Iterable, Mapping
from functools import cache
from types import UnionType
from typing import Any, Generic, NamedTuple, TypeVar, Union, get_args, get_origin

import msgspec
from rpds import HashTrieMap

from events.ids import StreamId, TicketId
from events.streams import DECIDERS, kind_of
from events.ticket import Ticket, TicketState
from events.track import Track, TrackSpec

K = TypeVar("K")
V = TypeVar("V")
States = dict[StreamId, Any]
Versions = dict[StreamId, int]


class _Map(ABC, Generic[K, V]):
    """Any persistent map, with types of keys and values that msgspec can see."""


_Map.register(HashTrieMap)


class _TrackParts(msgspec.Struct, frozen=True):
    """A track with all that cannot be worked out from its file: the very value comes back."""

    spec: TrackSpec
    tickets: tuple[Ticket, ...]
    waiting_on: _Map[TicketId, int]
    ready: str
    """In hex: msgpack has no integers of ten thousand bits."""
    counts: dict[TicketState, int]


def encode_states(
    states: Mapping[StreamId, Any], versions: Mapping[StreamId, int], streams: Iterable[StreamId]
) -> bytes:
    """Return the states and versions of some streams as bytes."""
    packed = [(stream, versions[stream], _packable(states.get(stream))) for stream in streams]
    return _ENCODER.encode(packed)


def decode_states(payloads: Iterable[bytes]) -> tuple[States, Versions]:
    """Return states and versions, as they were given; of a stream in several payloads the last.

    Raises:
        msgspec.MsgspecError: these are other bytes.
    """
    kept: dict[StreamId, tuple[int, msgspec.Raw]] = {}
    for payload in payloads:
        kept.update((stream, (version, raw)) for stream, version, raw in _PACKED.decode(payload))
    states: States = {}
    for stream, (_, raw) in kept.items():
        if bytes(raw) != _NIL:
            states[stream] = _revived(_decoder_of(kind_of(stream)).decode(raw))
    return states, {stream: version for stream, (version, _) in kept.items()}


def decode_versions(payloads: Iterable[bytes]) -> Versions:
    """Return the versions alone; raises as `decode_states`."""
    packed = (_PACKED.decode(payload) for payload in payloads)
    return {stream: version for states in packed for stream, version, _ in states}


def _packable(state: Any) -> Any:  # noqa: ANN401 - of whatever stream
    """Return a state as its mirror is read: a track by its parts."""
    track = getattr(state, "track", None)
    if not isinstance(track, Track):
        return state
    parts = _TrackParts(
        track.spec,
        tuple(track),
        track.waiting_on,  # type: ignore[arg-type]  # its type is registered as a `_Map`
        f"{track.ready:x}",
        track.counts,
    )
    return {**msgspec.structs.asdict(state), "track": parts}


def _revived(value: Any) -> Any:  # noqa: ANN401 - a field of whatever type
    """Return what a mirror shows."""
    if isinstance(value, _TrackParts):
        plan = Track.of(value.spec).plan
        tickets = HashTrieMap({ticket.id: ticket for ticket in value.tickets})
        waiting_on, counts = value.waiting_on, value.counts
        return Track(value.spec, plan, tickets, waiting_on, int(value.ready, 16), counts)  # type: ignore[arg-type]  # likewise
    shown = _SHOWN.get(type(value))
    if shown is None:
        return value
    if not shown.deeper:
        return shown.kind(*msgspec.structs.astuple(value))
    facts = msgspec.structs.asdict(value)
    for name in shown.deeper:
        facts[name] = _revived(facts[name])
    return shown.kind(**facts)


class _Shown(NamedTuple):
    """What a mirror shows."""

    kind: type[msgspec.Struct]
    deeper: tuple[str, ...]
    """Fields that may hold mirrors themselves."""


@cache
def _decoder_of(kind: str) -> "msgspec.msgpack.Decoder[Any]":
    mirror = _mirror_of(type(DECIDERS[kind].initial))
    return msgspec.msgpack.Decoder(mirror, dec_hook=_to_map)


_SHOWN: dict[type, _Shown] = {}
"""Mirror -> what it shows."""


def _mirror_of(kind: type[msgspec.Struct]) -> type[msgspec.Struct]:
    notes = typing.get_type_hints(kind, None, {"HashTrieMap": _Map}, include_extras=True)
    kinds = {name: _mirrored(notes[name]) for name in kind.__struct_fields__}
    defaults = _defaults_of(kind)
    fields = [(name, note, defaults.get(name, msgspec.field())) for name, note in kinds.items()]
    mirror = msgspec.defstruct(kind.__name__, fields)
    deeper = tuple(name for name, note in kinds.items() if note != notes[name])
    _SHOWN[mirror] = _Shown(kind, deeper)
    return mirror


def _defaults_of(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return what stands for each field that an encoder leaves out where it has its default."""
    values = kind.__struct_defaults__
    names = kind.__struct_fields__[len(kind.__struct_fields__) - len(values) :]
    return {
        name: msgspec.field(default_factory=value.factory) if hasattr(value, "factory") else value
        for name, value in zip(names, values, strict=True)
        if value is not msgspec.NODEFAULT
    }


def _mirrored(note: Any) -> Any:  # noqa: ANN401 - a type form
    """Return how a field is read: a struct that holds maps by its mirror."""
    if note is Track:
        return _TrackParts
    if get_origin(note) in {Union, UnionType}:
        return Union[tuple(map(_mirrored, get_args(note)))]  # noqa: UP007 - made at run time
    if isinstance(note, type) and issubclass(note, msgspec.Struct) and _holds_maps(note):
        return _mirror_of(note)
    return note


def _holds_maps(kind: type[msgspec.Struct]) -> bool:
    return any("HashTrieMap" in str(note) for note in kind.__annotations__.values())


def _to_map(kind: Any, value: Any) -> object:  # noqa: ANN401 - msgspec's hook
    if not value:
        return _EMPTY
    return HashTrieMap(msgspec.convert(value, dict[get_args(kind)]))  # type: ignore[misc]  # made at run time


def _to_plain(value: object) -> object:
    if isinstance(value, HashTrieMap):
        return dict(value.items())
    raise NotImplementedError(f"a state cannot hold {type(value).__name__}")


_ENCODER = msgspec.msgpack.Encoder(enc_hook=_to_plain)
_PACKED = msgspec.msgpack.Decoder(list[tuple[StreamId, int, msgspec.Raw]])
_NIL = b"\xc0"
_EMPTY: "HashTrieMap[Any, Any]" = HashTrieMap()
