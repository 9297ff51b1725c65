"""Deciding again: each recorded command meets the state before it, as it did in its time."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from events.base import Command, Event, UnknownEvent
from events.decider import Decider
from events.errors import CommandRefusedError
from events.ids import StreamId
from events.streams import DECIDERS, LOG, kind_of
from events.world import World, evolve
from replay.divergence import Divergence
from store.log import Recorded

_NOTHING = "nothing"


class Decision(NamedTuple):
    """The records with which one command was answered."""

    records: tuple[Recorded, ...]

    @property
    def stream(self) -> StreamId:
        """Where it was made."""
        return self.records[0].stream

    @property
    def position(self) -> int:
        """Of its first record."""
        return self.records[0].position

    @property
    def end(self) -> int:
        """Position of its last record."""
        return self.records[-1].position

    @property
    def events(self) -> list[Event]:
        """What was recorded."""
        return [recorded.event for recorded in self.records]

    def differs(self, kind: Any, expected: str, got: str, place: int = 0) -> Divergence:  # noqa: ANN401 - a Kind
        """Return a divergence at the record at `place`, or at the last one."""
        record = self.records[min(place, len(self.records) - 1)]
        return Divergence(
            position=record.position, stream=record.stream, kind=kind, expected=expected, got=got
        )


class Scene(NamedTuple):
    """A decision in its world."""

    decision: Decision
    command: Command | None
    """What was decided upon; None if there is none, or none that this program knows."""
    world: World
    """As it was before."""

    @property
    def state(self) -> Any:  # noqa: ANN401 - of whatever the stream is about
        """The stream as it was before."""
        stream = self.decision.stream
        decider = DECIDERS.get(kind_of(stream))
        return self.world.states.get(stream, decider.initial if decider else None)


def decisions(records: Iterable[Recorded]) -> Iterator[Decision]:
    """Give the records, a decision at a time."""
    gathered: list[Recorded] = []
    for recorded in records:
        gathered.append(recorded)
        if recorded.position == recorded.commit:
            yield Decision(tuple(gathered))
            gathered = []


def command_of(decision: Decision) -> Command | None:
    """Return the command on record; None if there is none, or none that this program knows."""
    decoder = _DECODERS.get(kind_of(decision.stream))
    if decoder is None:
        return None
    try:
        return decoder.decode(decision.records[0].cause)
    except msgspec.ValidationError:
        return None


def after(world: World, decision: Decision) -> World:
    """Return the world after a decision."""
    for recorded in decision.records:
        world = evolve(world, recorded.stream, recorded.event, recorded.position)
    return world


def decided_again(scene: Scene) -> Iterator[Divergence]:
    """Give what differs if the installed rules answer the recorded command, at most one."""
    decision = scene.decision
    decider = DECIDERS.get(kind_of(decision.stream))
    if decider is None:
        if decision.stream != LOG:
            yield decision.differs("decision", "a stream that has rules", decision.stream)
    elif scene.command is None:
        cause = bytes(decision.records[0].cause).decode()
        yield decision.differs("decision", "a command that the rules know", cause)
    else:
        yield from _compared(decision, _answer(decider, scene.command, scene.state))


def _answer(
    decider: Decider[Any, Any, Any], command: Command, state: object
) -> Sequence[Event] | str:
    """Return the events, or why there are none."""
    try:
        return decider.decide(command, state)
    except CommandRefusedError as refusal:
        return f"refused: {refusal.reason}"
    except Exception as error:  # noqa: BLE001 - a rule that fails on what was once decided is news
        return f"{type(error).__name__}: {error}"


def _compared(decision: Decision, answer: Sequence[Event] | str) -> Iterator[Divergence]:
    recorded = decision.events
    if isinstance(answer, str):
        yield decision.differs("decision", answer, _shown(recorded, 0))
        return
    if list(answer) == recorded:
        return
    for place in range(max(len(answer), len(recorded))):
        expected, got = _shown(answer, place), _shown(recorded, place)
        if expected != got:
            yield decision.differs("decision", expected, got, place)
            return


def _shown(events: Sequence[Event], place: int) -> str:
    if place >= len(events):
        return _NOTHING
    event = events[place]
    return (
        event.original if isinstance(event, UnknownEvent) else msgspec.json.encode(event).decode()
    )


_DECODERS: dict[str, "msgspec.json.Decoder[Command | None]"] = {
    kind: msgspec.json.Decoder(decider.command_type | None) for kind, decider in DECIDERS.items()
}
