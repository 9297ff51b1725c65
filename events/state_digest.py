"""One digest for the whole state of a run: who sees the same state sees the same digest."""

import hashlib

import msgspec
from rpds import HashTrieMap

from events.ids import Digest
from events.run import Run
from events.world import World


def state_digest(world: World) -> Digest:
    """Return the sha256 over the state of every stream, in the order of their names.

    It depends on what the states hold and on nothing else: not on positions, nor on the order in
    which independent streams grew. Between two versions of the program it may differ.
    """
    hasher = hashlib.sha256()
    for stream in sorted(world.states):
        facts = (stream, _facts(world.states[stream]))
        hasher.update(_ENCODER.encode(facts) + b"\n")
    return Digest(hasher.hexdigest())


def _facts(state: object) -> object:
    """Return the state without what is derived from the rest of it: the indexes of the track."""
    if not isinstance(state, Run) or state.track is None:
        return state
    return {**msgspec.structs.asdict(state), "track": (state.track.spec, tuple(state.track))}


def _as_dict(map_: "HashTrieMap[str, object]") -> dict[str, object]:
    """Return the one kind of value that states hold and msgspec does not know."""
    return dict(map_.items())


_ENCODER = msgspec.json.Encoder(enc_hook=_as_dict, order="deterministic")
