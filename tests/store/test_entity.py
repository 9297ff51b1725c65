"""Decide, record, believe: in this order, or not at all."""

import errno
from pathlib import Path

import pytest

from events.base import UnknownEvent
from events.errors import CommandRefusedError
from store.entity import Entity
from store.errors import LogPoisonedError, VersionConflictError
from store.jsonl import JsonlLog
from store.memory import MemoryLog
from tests.store.disks import CountingDisk
from tests.store.words import CODEC, DECIDER, A, B, Note, Noted, Pad


def test_a_command_is_decided_recorded_and_believed() -> None:
    log = MemoryLog()
    pad = Entity(log, A, DECIDER)
    recorded = pad.execute(Note("a", 2))
    assert [one.event for one in recorded] == [Noted("a"), Noted("a")]
    assert recorded[0].cause_as(DECIDER.command_type) == Note("a", 2)
    assert (pad.state, pad.version, pad.stream) == (Pad(("a", "a")), 2, A)
    assert list(log.read(after=1)) == list(recorded)


def test_a_refusal_leaves_no_trace() -> None:
    log = MemoryLog()
    pad = Entity(log, A, DECIDER)
    with pytest.raises(CommandRefusedError, match="nothing to note"):
        pad.execute(Note(""))
    assert (pad.state, pad.version, log.last_position) == (Pad(), 0, 1)


def test_a_command_that_changes_nothing_leaves_no_trace() -> None:
    log = MemoryLog()
    pad = Entity(log, A, DECIDER)
    assert pad.execute(Note("a", 0)) == ()
    assert (pad.version, log.last_position) == (0, 1)


def test_a_stream_is_loaded_as_it_stands_and_goes_on() -> None:
    log = MemoryLog()
    Entity(log, A, DECIDER).execute(Note("a"))
    Entity(log, B, DECIDER).execute(Note("b"))
    pad = Entity.load(log, A, DECIDER)
    pad.execute(Note("c"))
    assert (pad.state, pad.version) == (Pad(("a", "c")), 2)


def test_a_stream_goes_on_from_a_state_that_was_folded_elsewhere() -> None:
    log = MemoryLog()
    Entity(log, A, DECIDER).execute(Note("a"))
    pad = Entity(log, A, DECIDER, Pad(("a",)), 1)
    pad.execute(Note("b"))
    assert pad.state == Pad(("a", "b"))


def test_of_two_who_decide_on_one_version_the_second_is_told() -> None:
    log = MemoryLog()
    first, second = Entity(log, A, DECIDER), Entity(log, A, DECIDER)
    first.execute(Note("a"))
    with pytest.raises(VersionConflictError):
        second.execute(Note("b"))
    assert (second.state, second.version) == (Pad(), 0)


def test_what_is_believed_is_what_is_on_record() -> None:
    pad = Entity(MemoryLog(), A, DECIDER)
    pad.execute(Note("\udc80"))
    assert pad.state == Pad(("\ufffd",))


def test_an_event_nobody_knows_changes_no_state() -> None:
    log = MemoryLog()
    log.append(A, [UnknownEvent('{"type":"pad.later"}')], expected=0)
    pad = Entity.load(log, A, DECIDER)
    assert (pad.state, pad.version) == (Pad(), 1)


def test_what_could_not_be_recorded_is_not_believed(path: Path) -> None:
    disk = CountingDisk()
    with JsonlLog.open(path, CODEC, disk=disk) as log:
        pad = Entity(log, A, DECIDER)

        def fail(call: str, number: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        disk.before = fail
        with pytest.raises(LogPoisonedError):
            pad.execute(Note("a"))
        assert (pad.state, pad.version) == (Pad(), 0)
