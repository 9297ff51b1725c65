"""All streams of a log folded together: the whole state of a run at one position."""

from collections.abc import Iterable
from typing import Any, Protocol

import msgspec
from rpds import HashTrieMap

from events.approval import Approval
from events.attempt import Attempt
from events.base import Event, UnknownEvent
from events.conversation import Usage
from events.decider import Decider
from events.hint import Hint
from events.ids import ApprovalId, AttemptId, StreamId, stream_of
from events.run import Run
from events.streams import DECIDERS, kind_of


class World(msgspec.Struct, frozen=True, kw_only=True):
    """Every state that the log holds, by stream."""

    position: int = 0
    states: "HashTrieMap[StreamId, Any]" = msgspec.field(default_factory=HashTrieMap)
    versions: "HashTrieMap[StreamId, int]" = msgspec.field(default_factory=HashTrieMap)

    @property
    def run(self) -> Run:
        """The run."""
        run: Run = self.states.get(StreamId("run"), Run())
        return run

    def attempt(self, attempt: AttemptId) -> Attempt:
        """Return an attempt; an unborn one if there is none of that id."""
        found: Attempt = self.states.get(stream_of("attempt", attempt), Attempt())
        return found

    def approval(self, approval: ApprovalId) -> Approval:
        """Return a question; an unasked one if there is none of that id."""
        found: Approval = self.states.get(stream_of("approval", approval), Approval())
        return found

    def hint(self, name: str) -> Hint:
        """Return a hint by attempt and call, as in ``T1.2.c5``."""
        found: Hint = self.states.get(stream_of("hint", name), Hint())
        return found

    def of_kind(self, kind: str) -> dict[str, Any]:
        """Return the states of all streams of a kind by name, in no order."""
        prefix = f"{kind}/"
        return {
            stream.removeprefix(prefix): state
            for stream, state in self.states.items()
            if stream.startswith(prefix)
        }

    @property
    def attempts(self) -> dict[str, Attempt]:
        """Every attempt by id."""
        return self.of_kind("attempt")

    @property
    def approvals(self) -> dict[str, Approval]:
        """Every question by id."""
        return self.of_kind("approval")

    @property
    def usage(self) -> Usage:
        """Tokens of all workers so far, attempts under way included."""
        total = Usage()
        for attempt in self.attempts.values():
            total += attempt.usage
        return total


class Fact(Protocol):
    """What a fold needs of a record; `store.log.Recorded` is one."""

    @property
    def position(self) -> int: ...
    @property
    def stream(self) -> StreamId: ...
    @property
    def event(self) -> Event: ...


def fold(records: Iterable[Fact], world: World | None = None) -> World:
    """Return the world after all of `records`, in order, from `world` on.

    It is what `evolve` gives record by record, in half the time: until the end, what changes is
    kept in plain dicts.
    """
    world = world or World()
    states: dict[StreamId, Any] = {}
    counts: dict[StreamId, int] = {}
    rules: dict[StreamId, Decider[Any, Any, Any] | None] = {}
    position = world.position
    for record in records:
        stream, event, position = record.stream, record.event, record.position
        if stream in counts:
            counts[stream] += 1
            decider = rules[stream]
        else:
            counts[stream] = world.versions.get(stream, 0) + 1
            decider = rules[stream] = DECIDERS.get(kind_of(stream))
            if decider is not None and stream in world.states:
                states[stream] = world.states[stream]
        if decider is not None and not isinstance(event, UnknownEvent):
            before = states.get(stream, decider.initial)
            states[stream] = decider.evolve(before, event)
    return World(
        position=position,
        states=world.states.update(states),
        versions=world.versions.update(counts),
    )


def evolve(world: World, stream: StreamId, event: Event, position: int) -> World:
    """Return the world after one recorded event.

    Streams without rules, and events that this program does not know, change no state.
    """
    decider = DECIDERS.get(kind_of(stream))
    states = world.states
    if decider is not None and not isinstance(event, UnknownEvent):
        before = states.get(stream, decider.initial)
        states = states.insert(stream, decider.evolve(before, event))
    versions = world.versions.insert(stream, world.versions.get(stream, 0) + 1)
    return World(position=position, states=states, versions=versions)
