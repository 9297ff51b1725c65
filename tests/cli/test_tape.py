"""The clock of a past run: true to its records, quick over its silences."""

from datetime import UTC, datetime, timedelta

from cli.tape import LONGEST_S, Tape
from events.run_events import RunPaused
from events.streams import RUN
from store.log import Recorded, stamp

BEGAN = datetime(2026, 11, 22, 1, 35, tzinfo=UTC)


def record(seconds: float) -> Recorded:
    at = stamp(BEGAN + timedelta(seconds=seconds))
    event = RunPaused("ann")
    return Recorded(position=1, epoch=1, stream=RUN, version=1, at=at, commit=1, event=event)


def test_before_it_plays_nothing_is_waited_for() -> None:
    tape = Tape()
    assert tape.wait_s(record(0)) == 0
    tape.at(record(0))
    tape.at(record(60))
    assert tape.now() == 60
    assert tape.wait_s(record(70)) == 0


def test_it_waits_as_long_as_it_took_but_not_through_a_silence() -> None:
    tape = Tape(speed=4)
    tape.at(record(0), playing=True)
    assert tape.wait_s(record(2)) == 0.5
    assert tape.wait_s(record(86_400)) == LONGEST_S


def test_between_records_time_goes_on_at_its_speed() -> None:
    real = 100.0
    tape = Tape(speed=3, real=lambda: real)
    tape.at(record(0))
    tape.at(record(10), playing=True)
    real += 1
    assert tape.now() == 13
    real += 60
    assert tape.now() == 10 + 3 * LONGEST_S


def test_where_the_clock_was_set_back_time_stands_still() -> None:
    tape = Tape()
    for seconds in (100, 0, 5):
        tape.at(record(seconds))
    assert tape.now() == 5
    tape.at(record(5), playing=True)
    assert tape.wait_s(record(1)) == 0
