"""A message that is told again, since nobody replied in time, has its effect once."""

from collections.abc import Iterator

import pykka
import pytest

from actors.conductor import Conductor, Office
from actors.messages import Operate, Ping, Ref
from events import attempt_rules, run_rules
from events.base import Event
from events.ids import stream_of
from events.run_commands import (
    BlockTicket,
    ContinueRun,
    OperatorCommand,
    PauseRun,
    RecordDelivery,
    ReleaseTicket,
)
from events.run_events import RunContinued, RunPaused, TicketBlocked
from events.streams import RUN
from store.entity import Entity
from store.memory import MemoryLog
from tests.histories import T1, begins, ticket

TIMEOUT_S = 60.0


class Listener:
    """A Conductor with workers that do nothing, and what people tell it."""

    def __init__(self) -> None:
        self.log = MemoryLog()
        run = Entity(self.log, RUN, run_rules.DECIDER)
        run.execute(begins(ticket()))
        self.began = self.log.last_position
        office = Office(
            attempt=lambda attempt: Entity(
                self.log, stream_of("attempt", attempt), attempt_rules.DECIDER
            ),
            hire=lambda _: Ref(),
            renew=lambda _: None,
            deliver=lambda _, commit: RecordDelivery(commit, "none"),
            now_s=lambda: 0,
            position=lambda: self.log.end_position,
            rest=lambda _: None,
            stale=lambda _: None,
            mourn=lambda _: None,
        )
        self.actor = Conductor.start(run, office)
        self.told: list[str] = []

    def tell(self, command: OperatorCommand) -> str:
        """Return why the command has no effect, or nothing."""
        self.actor.tell(Operate(command, self.told.append))
        self.actor.ask(Ping(), timeout=TIMEOUT_S)
        return self.told[-1]

    def happened(self, *kinds: type[Event]) -> list[type[Event]]:
        """Return which events of those kinds are on record, in order."""
        events = [one.event for one in self.log.read(after=self.began)]
        return [type(event) for event in events if isinstance(event, kinds)]


@pytest.fixture
def conductor() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    pykka.ActorRegistry.stop_all()


def test_a_message_that_comes_twice_has_its_effect_once(conductor: Listener) -> None:
    pause = PauseRun("ann", message="1")
    assert conductor.tell(pause) == ""
    assert conductor.tell(ContinueRun("bob", message="2")) == ""
    assert conductor.tell(pause) == ""
    assert conductor.happened(RunPaused, RunContinued) == [RunPaused, RunContinued]


def test_a_message_that_was_refused_once_has_no_effect_later(conductor: Listener) -> None:
    release = ReleaseTicket(T1, "ann", message="1")
    refusal = conductor.tell(release)
    assert refusal.startswith('ticket "T1" is ')
    assert conductor.tell(BlockTicket(T1, "bob", message="2")) == ""
    assert conductor.tell(release) == refusal
    assert conductor.happened(TicketBlocked) == [TicketBlocked]


def test_two_messages_of_the_same_words_have_an_effect_each(conductor: Listener) -> None:
    assert conductor.tell(PauseRun("ann", message="1")) == ""
    assert conductor.tell(ContinueRun("bob", message="2")) == ""
    assert conductor.tell(PauseRun("ann", message="3")) == ""
    assert conductor.tell(ContinueRun("bob")) == ""
    assert conductor.tell(PauseRun("ann")) == ""
    assert len(conductor.happened(RunPaused)) == 3
