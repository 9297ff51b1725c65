"""All streams folded together."""

from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import world
from events.approval import Approval, ApprovalAsked, ApprovalEvent, Question
from events.attempt import Attempt
from events.attempt_events import AttemptEvent, AttemptStarted
from events.base import Event, UnknownEvent
from events.conversation import Usage
from events.hint import Failure, Hint, HintAsked, HintEvent
from events.ids import ApprovalId, StreamId
from events.journal import JournalEvent, LogRecovered
from events.run import Run
from events.run_events import RunEvent, RunPaused, RunStarted
from events.settings import Settings
from events.state_digest import state_digest
from events.streams import DECIDERS, DRAFTS, EVENT_TYPES, LOG, RUN, kind_of, name_of
from events.world import World
from tests.events.attempts import in_a_call
from tests.histories import (
    ATTEMPT,
    C1,
    RED,
    T1,
    begins,
    forks,
    says,
    start,
    terms,
    ticket,
    wants,
    write,
)
from tests.simulated_world import Recorded, SimulatedWorld

QUESTION = Question(approval=ApprovalId("T1.1.c1"), ticket=T1, attempt=ATTEMPT, action=write())
FAILURE = Failure(attempt=ATTEMPT, call=C1, outcome=RED)


def folded(*recorded: tuple[str, Event]) -> World:
    held = World()
    for position, (stream, event) in enumerate(recorded, start=1):
        held = world.evolve(held, StreamId(stream), event, position)
    return held


def test_a_world_without_events_has_nothing_in_it() -> None:
    empty = World()
    assert empty.run == Run()
    assert empty.attempt(ATTEMPT) == Attempt()
    assert empty.approval(QUESTION.approval) == Approval()
    assert empty.hint("T1.1.c1") == Hint()
    assert (empty.attempts, empty.approvals, empty.usage) == ({}, {}, Usage())


def test_every_event_changes_the_state_of_its_stream_alone() -> None:
    held = folded(
        ("run", RunStarted(start([ticket()]))),
        ("attempt/T1.1", AttemptStarted(terms())),
        ("approval/T1.1.c1", ApprovalAsked(QUESTION)),
        ("hint/T1.1.c1", HintAsked(FAILURE)),
    )
    assert held.run.standing == "planning"
    assert held.attempt(ATTEMPT).terms == terms()
    assert held.approvals == {"T1.1.c1": Approval(QUESTION)}
    assert held.hint("T1.1.c1") == Hint(FAILURE)
    assert held.attempts == {"T1.1": held.attempt(ATTEMPT)}
    assert held.position == 4


def test_each_stream_counts_its_own_events() -> None:
    held = folded(
        ("run", RunStarted(start([ticket()]))),
        ("log", LogRecovered(bytes=3, reason="torn", kept="t")),
        ("run", RunPaused("ann")),
    )
    assert dict(held.versions) == {"run": 2, "log": 1}
    assert held.position == 3


@given(st.integers(0, 50), st.integers(0, 400))
def test_a_fold_of_many_records_is_what_one_after_the_other_comes_to(seed: int, cut: int) -> None:
    played = SimulatedWorld(seed, begins(ticket("T1"), ticket("T2", "T1"), ticket("T3", "T1")))
    edited = ticket("T3", "T1", priority="high")
    while played.run.standing != "ended" and len(played.log) < 400:
        played.step()
        run = played.run
        may = run.standing == "running" and run.plan[edited.id].status == "locked"
        if may and not run.lineage and len(played.log) > 20:
            played.tell(forks(settings=Settings(workers=1), tickets=(edited,)))
    recorded = [(str(stream), event) for stream, event in played.records()]
    recorded.insert(3, ("run", UnknownEvent("{}")))
    recorded.insert(3, ("attempt/dreamt", UnknownEvent("{}")))
    recorded.insert(3, ("log", LogRecovered(bytes=1, reason="torn", kept="torn-1-1")))
    records = [Recorded(at, StreamId(name), one) for at, (name, one) in enumerate(recorded, 1)]
    one_by_one = folded(*recorded)
    begun = world.Fold()
    begun.take(records[:cut])
    assert begun.close() == folded(*recorded[:cut])
    assert world.fold(records[cut:], begun.close()) == one_by_one
    begun.take(records[cut:])
    assert begun.close() == one_by_one
    assert state_digest(begun.close()) == state_digest(one_by_one)


def test_every_event_of_a_stream_has_a_rule_there_and_a_strange_one_has_none() -> None:
    events = {
        "run": RunEvent, "attempt": AttemptEvent, "hint": HintEvent, "approval": ApprovalEvent,
    }  # fmt: skip
    assert {kind: set(drafts.rules) for kind, drafts in DRAFTS.items()} == {
        kind: set(get_args(union)) for kind, union in events.items()
    }
    strange = [Recorded(1, RUN, AttemptStarted(terms()))]
    with pytest.raises(KeyError, match="AttemptStarted"):
        world.fold(strange)


@pytest.mark.parametrize("kind", DECIDERS)
def test_a_stream_by_itself_passes_over_what_nobody_knows(kind: str) -> None:
    decider = DECIDERS[kind]
    assert decider.fold([UnknownEvent('{"type":"dreamt"}')]) == decider.initial


def test_an_unknown_event_and_the_logs_diary_change_no_state() -> None:
    before = folded(("attempt/T1.1", AttemptStarted(terms())))
    unknown = UnknownEvent('{"type":"attempt.dreamt"}')
    after = world.evolve(before, StreamId("attempt/T1.1"), unknown, 2)
    after = world.evolve(after, LOG, LogRecovered(bytes=3, reason="torn", kept="t"), 3)
    after = world.evolve(after, StreamId("weather/today"), unknown, 4)
    assert after.states == before.states
    assert after.position == 4


def test_usage_counts_attempts_under_way() -> None:
    reply = msgspec.structs.replace(says("read_file"), usage=Usage(input=10, output=1))
    recorded = [("attempt/T1.1", event) for event in in_a_call().after(reply, wants()).history]
    recorded += [("attempt/T2.1", event) for event in in_a_call().after(reply).history]
    assert folded(*recorded).usage == Usage(input=20, output=2)


def test_streams_are_named_by_their_kind_and_by_what_they_are_about() -> None:
    assert (kind_of(RUN), name_of(RUN)) == ("run", "")
    assert kind_of(StreamId("hint/T1.2.c5")) == "hint"
    assert name_of(StreamId("hint/a/b")) == "a/b"
    assert set(DECIDERS) == {"run", "attempt", "hint", "approval"}


def test_the_table_of_events_is_whole_and_no_tag_is_used_twice() -> None:
    unions = (RunEvent, AttemptEvent, HintEvent, ApprovalEvent, JournalEvent)
    assert set(EVENT_TYPES) == {kind for union in unions for kind in get_args(union)}
    tags = [kind.__struct_config__.tag for kind in EVENT_TYPES]
    assert len(set(tags)) == len(tags)


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_every_event_is_frozen_and_tagged_by_hand(kind: type[Event]) -> None:
    config = kind.__struct_config__
    assert config.frozen
    assert config.tag_field == "type"
    assert isinstance(config.tag, str)
    assert "." in config.tag
