"""Moments of a run, by position and by time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.world import World, evolve
from replay.archive import Archive
from replay.errors import MomentInvalidError, MomentUnknownError
from replay.moment import moment_of
from replay.timeline import frame_at


def test_the_state_at_a_position_is_the_fold_up_to_there(archive: Archive) -> None:
    world = World()
    for recorded in archive.records():
        world = evolve(world, recorded.stream, recorded.event, recorded.position)
        if recorded.position in {1, 3, 50, 100}:
            assert frame_at(archive, recorded.position).world == world
    assert frame_at(archive).world == world
    assert frame_at(archive, world.position).world == world


def test_the_state_at_a_time_ends_with_the_last_record_that_is_not_later(archive: Archive) -> None:
    records = list(archive.records())
    middle = records[60]
    time = datetime.fromisoformat(middle.at)
    same = [one.position for one in records if one.at <= middle.at]
    assert frame_at(archive, time).world.position == same[-1]
    before = frame_at(archive, time - timedelta(microseconds=1)).world
    assert before.position == len([one for one in records if one.at < middle.at])
    assert frame_at(archive, datetime.max.replace(tzinfo=UTC)).world.position == len(records)


def test_a_frame_says_when_it_was_and_how_far_the_log_goes(archive: Archive) -> None:
    records = list(archive.records())
    frame = frame_at(archive, 7)
    assert (frame.world.position, frame.at, frame.last) == (7, records[6].at, len(records))


@pytest.mark.parametrize("position", [0, 1_000_000])
def test_a_position_that_the_log_does_not_have_is_refused(archive: Archive, position: int) -> None:
    with pytest.raises(MomentUnknownError, match=r"baked has no position .* goes from 1 to \d+"):
        frame_at(archive, position)


def test_a_time_before_the_run_is_refused(archive: Archive) -> None:
    with pytest.raises(MomentUnknownError, match="baked began later, at 20"):
        frame_at(archive, datetime(1999, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("text", ["", "-1", "now", "17x", "2026-13-01", "1_000", "१७"])
def test_a_text_that_is_no_moment_is_refused_and_told_the_forms(text: str) -> None:
    with pytest.raises(MomentInvalidError, match="give a position, as 17, or a time, as 2026"):
        moment_of(text)


def test_a_time_at_the_edge_of_the_calendar_is_refused_and_not_a_crash() -> None:
    with pytest.raises(MomentInvalidError):
        moment_of("0001-01-01T00:00:00+14:00")


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_reads_back_as_it_was_written(time: datetime) -> None:
    assert moment_of(time.isoformat()) == time
