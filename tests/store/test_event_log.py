"""One contract for every event log."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from threading import Thread

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.base import UnknownEvent
from events.journal import LogOpened
from store.errors import EventUnwritableError, LogClosedError, VersionConflictError
from store.jsonl import JsonlLog
from store.log import Clock, EventLog, Recorded, stamp, utc_now
from store.memory import MemoryLog
from tests.store.disks import CountingDisk
from tests.store.words import CODEC, A, B, Measured, Note, Noted

Open = Callable[..., EventLog]


@pytest.fixture(params=["disk", "memory"])
def open_log(request: pytest.FixtureRequest, path: Path) -> Iterator[Open]:
    opened = []

    def open_one(clock: Clock = utc_now) -> EventLog:
        log: EventLog = (
            JsonlLog.open(path, CODEC, disk=CountingDisk(), clock=clock)
            if request.param == "disk"
            else MemoryLog("R1", clock=clock)
        )
        opened.append(log)
        return log

    yield open_one
    for log in opened:
        log.close()


@pytest.fixture
def log(open_log: Open) -> EventLog:
    return open_log()


def notes(records: Iterator[Recorded]) -> list[tuple[int, str]]:
    return [(one.position, one.event.text) for one in records if isinstance(one.event, Noted)]


def test_a_log_begins_with_the_record_of_its_opening(log: EventLog) -> None:
    (first,) = log.read()
    assert (first.position, first.version, first.stream, first.epoch) == (1, 1, "log", 1)
    assert isinstance(first.event, LogOpened)
    assert (first.event.run, first.event.epoch) == ("R1", 1)
    assert (log.last_position, log.epoch) == (1, 1)


def test_what_was_appended_is_read_in_order(log: EventLog) -> None:
    first = log.append(A, [Noted("a"), Noted("b")], expected=0, cause=Note("a"))
    second = log.append(B, [Noted("c")], expected=0)
    assert tuple(log.read(after=1)) == first + second
    assert [one.position for one in first + second] == [2, 3, 4]
    assert [one.version for one in first + second] == [1, 2, 1]
    assert [one.commit for one in first + second] == [3, 3, 4]
    assert log.last_position == 4


def test_the_command_stands_on_the_first_event_of_its_decision(log: EventLog) -> None:
    log.append(A, [Noted("a"), Noted("b")], expected=0, cause=Note("a", 2))
    assert [one.cause_as(Note) for one in log.read(after=1)] == [Note("a", 2), None]


def test_a_decision_without_a_command_has_no_cause(log: EventLog) -> None:
    (recorded,) = log.append(A, [Noted("a")], expected=0)
    assert recorded.cause_as(Note) is None


def test_a_stream_is_read_by_itself(log: EventLog) -> None:
    log.append(A, [Noted("a")], expected=0)
    log.append(B, [Noted("b")], expected=0)
    log.append(A, [Noted("c")], expected=1)
    assert notes(log.read_stream(A)) == [(2, "a"), (4, "c")]


def test_only_what_is_behind_a_position_is_read(log: EventLog) -> None:
    log.append(A, [Noted("a"), Noted("b"), Noted("c")], expected=0)
    assert notes(log.read(after=3)) == [(4, "c")]
    assert notes(log.read(after=9)) == []


def test_a_stream_that_moved_on_refuses_and_records_nothing(log: EventLog) -> None:
    log.append(A, [Noted("a")], expected=0)
    with pytest.raises(VersionConflictError, match="stream pad/A is at version 1, not 0") as caught:
        log.append(A, [Noted("b")], expected=0)
    assert (caught.value.stream, caught.value.expected, caught.value.actual) == (A, 0, 1)
    with pytest.raises(VersionConflictError):
        log.append(A, [], expected=0)
    assert log.last_position == 2


def test_no_events_leave_no_trace(log: EventLog) -> None:
    assert log.append(A, [], expected=0) == ()
    assert log.last_position == 1


def test_listeners_hear_every_event_in_order_before_the_append_returns(log: EventLog) -> None:
    heard: list[Recorded] = []
    also: list[int] = []
    log.append(A, [Noted("too early")], expected=0)
    log.subscribe(heard.append)
    log.subscribe(lambda recorded: also.append(log.last_position))
    recorded = log.append(A, [Noted("a"), Noted("b")], expected=1)
    assert tuple(heard) == recorded
    assert also == [4, 4]


def test_a_listener_must_not_append(log: EventLog) -> None:
    def append(recorded: Recorded) -> None:
        log.append(B, [Noted("no")], expected=0)

    log.subscribe(append)
    with pytest.raises(RuntimeError, match="a listener must not"):
        log.append(A, [Noted("a")], expected=0)
    assert notes(log.read()) == [(2, "a")]


def test_a_listener_that_raises_does_not_undo_what_is_on_record(log: EventLog) -> None:
    def fail(recorded: Recorded) -> None:
        raise OSError("a listener's own trouble")

    log.subscribe(fail)
    for version, text in enumerate("ab"):
        with pytest.raises(OSError, match="own trouble"):
            log.append(A, [Noted(text)], expected=version)
    assert notes(log.read()) == [(2, "a"), (3, "b")]


def test_after_a_listener_has_raised_the_others_are_told_all_the_same(log: EventLog) -> None:
    heard: list[Recorded] = []

    def fail(recorded: Recorded) -> None:
        raise OSError(f"trouble over {recorded.position}")

    log.subscribe(fail)
    log.subscribe(heard.append)
    with pytest.raises(OSError, match="trouble over 2"):
        log.append(A, [Noted("a"), Noted("b")], expected=0)
    assert [one.position for one in heard] == [2, 3]


def test_a_closed_log_takes_nothing_and_can_be_closed_again(log: EventLog) -> None:
    log.append(A, [Noted("a")], expected=0)
    log.close()
    log.close()
    with pytest.raises(LogClosedError, match="has been closed"):
        log.append(A, [Noted("b")], expected=1)
    assert notes(log.read()) == [(2, "a")]


def test_lone_surrogates_become_replacement_characters(log: EventLog) -> None:
    (recorded,) = log.append(A, [Noted("caf\udcc3\udca9")], expected=0, cause=Note("\ud83d"))
    assert recorded.event == Noted("caf\ufffd\ufffd")
    assert list(log.read(after=1)) == [recorded]
    assert recorded.cause_as(Note) == Note("\ufffd")


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_inf_and_nan_are_refused(log: EventLog, value: float) -> None:
    with pytest.raises(EventUnwritableError, match=r"`pad.measured` cannot be .* inf or nan"):
        log.append(A, [Measured(value)], expected=0)
    with pytest.raises(EventUnwritableError):
        log.append(A, [Noted("fine"), Measured(1.0, more=(1.0, value))], expected=0)
    assert log.last_position == 1


def test_a_null_that_was_meant_is_no_infinity(log: EventLog) -> None:
    log.append(A, [Noted("null"), Measured(1.5, "null")], expected=0)
    assert [one.event for one in log.read(after=1)] == [Noted("null"), Measured(1.5, "null")]


def test_an_event_too_long_for_a_line_is_refused(log: EventLog) -> None:
    with pytest.raises(EventUnwritableError, match="longer than 1048576 bytes"):
        log.append(A, [Noted("x" * (1 << 20))], expected=0)
    log.append(A, [Noted("x" * ((1 << 20) - 300))], expected=0)
    assert log.last_position == 2


def test_a_decision_too_long_to_be_held_is_refused(log: EventLog) -> None:
    with pytest.raises(EventUnwritableError, match="longer than 8388608 bytes"):
        log.append(A, [Noted("x" * 900_000)] * 10, expected=0)
    assert log.last_position == 1


def test_an_unknown_event_goes_back_as_it_came(log: EventLog) -> None:
    (recorded,) = log.append(A, [UnknownEvent('{"type":"pad.later","n":1}')], expected=0)
    assert [one.event for one in log.read(after=1)] == [recorded.event]


@pytest.mark.parametrize("original", ["", "[]", "7", '{"type":', '{"type":\n"x"}', "[" * 10_000])
def test_an_unknown_event_that_is_no_object_is_refused(log: EventLog, original: str) -> None:
    with pytest.raises(EventUnwritableError):
        log.append(A, [UnknownEvent(original)], expected=0)


def test_times_are_put_down_in_utc(open_log: Open) -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    log = open_log(clock=lambda: datetime(2026, 1, 1, 2, 0, 0, 5, east))
    assert [one.at for one in log.read()] == ["2025-12-31T20:30:00.000005Z"]


def test_positions_give_the_order_whatever_the_clock_says(open_log: Open) -> None:
    times = iter([datetime(2026, 5, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)] * 2)
    log = open_log(clock=lambda: next(times))
    for version in range(3):
        log.append(A, [Noted(str(version))], expected=version)
    assert notes(log.read()) == [(2, "0"), (3, "1"), (4, "2")]


def test_what_was_enqueued_is_there_after_a_flush(log: EventLog) -> None:
    first = log.enqueue(A, [Noted("a"), Noted("b")], expected=0, cause=Note("a", 2))
    second = log.enqueue(A, [Noted("c")], expected=2)
    assert log.end_position == 4
    assert log.enqueue(A, [], expected=3) == ()
    with pytest.raises(VersionConflictError):
        log.enqueue(A, [Noted("d")], expected=2)
    log.flush(log.end_position)
    assert log.last_position == 4
    assert list(log.read(after=1)) == [*first, *second]


def test_several_threads_append_at_once_and_none_is_lost(log: EventLog) -> None:
    heard: list[Recorded] = []
    log.subscribe(heard.append)

    def work(name: str) -> None:
        stream = msgspec.json.decode(f'"pad/{name}"', type=type(A))
        for version in range(25):
            (recorded,) = log.append(stream, [Noted(name)], expected=version)
            assert recorded in heard

    threads = [Thread(target=work, args=(str(number),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    records = list(log.read(after=1))
    assert [one.position for one in records] == list(range(2, 202))
    assert heard == records


@given(st.lists(st.text(), min_size=1))
def test_any_text_makes_the_trip(texts: list[str]) -> None:
    log = MemoryLog()
    recorded = log.append(A, [Noted(text) for text in texts], expected=0)
    assert [one.event for one in recorded] == [Noted(text) for text in texts]


def test_a_stamp_has_microseconds_and_ends_with_z() -> None:
    assert stamp(datetime(5, 1, 1, tzinfo=UTC)) == "0005-01-01T00:00:00.000000Z"
