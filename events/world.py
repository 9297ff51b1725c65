"""All streams of a log folded together: the whole state of a run at one position."""

from collections.abc import Iterable
from typing import Any, Protocol

import msgspec
from rpds import HashTrieMap

from events.approval import Approval
from events.attempt import Attempt
from events.base import Event, UnknownEvent
from events.conversation import Usage
from events.drafts import Rule, nothing
from events.garbage import no_search_for_garbage
from events.hint import Hint
from events.ids import ApprovalId, AttemptId, StreamId, stream_of
from events.run import Run
from events.streams import DECIDERS, DRAFTS, kind_of


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

    It is what `evolve` gives record by record, in a fraction of the time.
    """
    under_way = Fold(world)
    under_way.take(records)
    return under_way.close()


class Fold:
    """A world under change: a draft a stream, by the same rules as `evolve`. For one thread."""

    def __init__(self, world: World | None = None) -> None:
        """Begin where `world` stands; by default before the first record."""
        self._world = world or World()
        self._streams: dict[StreamId, _Stream] = {}
        self._position = self._world.position

    def take(self, records: Iterable[Fact]) -> None:
        """Believe `records`, in order."""
        streams = self._streams
        with no_search_for_garbage():
            for record in records:
                event = record.event
                stream = streams.get(record.stream) or self._open(record.stream)
                rule = stream[1].get(type(event)) or self._rule(stream, record.stream, event)
                rule(stream[0], event)
                stream[2] += 1
                self._position = record.position

    def close(self) -> World:
        """Return the world as it stands now; the fold may go on."""
        with no_search_for_garbage():
            return self._closed()

    def _closed(self) -> World:
        before, streams = self._world, self._streams
        states = {name: close(draft) for name, (draft, _, _, close) in streams.items() if close}
        versions = {name: stream[2] for name, stream in streams.items()}
        return World(
            position=self._position,
            states=before.states.update(states) if before.states else HashTrieMap(states),
            versions=before.versions.update(versions) if before.versions else HashTrieMap(versions),
        )

    def _open(self, name: StreamId) -> "_Stream":
        """Take up a stream; it gets its draft when it is first changed."""
        stream = self._streams[name] = [None, {}, self._world.versions.get(name, 0), None]
        return stream

    def _rule(self, stream: "_Stream", name: StreamId, event: Event) -> Rule:
        """Return the rule for an event for which none was at hand; without one it is for people."""
        drafts = DRAFTS.get(kind_of(name))
        if drafts is None or isinstance(event, UnknownEvent):
            return nothing
        state = self._world.states.get(name, DECIDERS[kind_of(name)].initial)
        rule = drafts.rules[type(event)]
        stream[:2] = drafts.open(state), drafts.rules
        stream[3] = drafts.close
        return rule


_Stream = list[Any]
"""Its draft, the rules for it, its version, and how the draft is closed; the first, second and last
are missing as long as it has no state of its own."""


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
