"""A log is read on from a place in it, if what is before that is vouched for."""

import os
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.run_commands import PauseRun
from events.run_events import RunContinued, RunPaused
from events.streams import EVENT_TYPES, RUN
from store.codec import Codec
from store.head import Head, Mark
from store.jsonl import JsonlLog
from store.reader import LogReader
from store.seal import seal_beside, write_seal
from store.skim import skimmed, stands_in, vouch_for
from store.vouch import Vouches, status_of

CODEC = Codec(EVENT_TYPES)
Places = list[tuple[Mark, dict[str, int]]]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "run" / "events.jsonl"
    path.parent.mkdir()
    with JsonlLog.open(path, CODEC) as log:
        for number in range(20):
            log.append(RUN, [RunPaused("ann"), RunContinued("bob")], expected=2 * number,
                       cause=PauseRun("ann"))  # fmt: skip
    return path


def places_of(path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """Return every place at which a reader with small blocks rests."""
    monkeypatch.setattr("store.reader.BLOCK_BYTES", 700)
    found: Places = []
    with LogReader(path, CODEC) as reader:
        while reader.poll():
            found.append((reader.head.mark, dict(reader.head.versions)))  # type: ignore[arg-type]
    return found


def is_vouched_for(path: Path, mark: Mark, vouches: Vouches | None = None) -> bool:
    """Return whether a log is worth reading on from a place, and turns out to be what it was."""
    with skimmed(path, mark, vouches) as log_now:
        return log_now is not None and log_now.vouched()


def test_reading_on_from_any_place_gives_the_same_records(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LogReader(log, CODEC) as whole:
        records = list(whole)
        end = whole.head
    places = places_of(log, monkeypatch)
    assert len(places) > 5
    for mark, versions in places:
        head = Head()
        head.move_to(mark, versions)  # type: ignore[arg-type]
        with skimmed(log, mark) as log_now:
            assert log_now is not None
            assert (log_now.last, log_now.bytes) == (len(records), log.stat().st_size)
            with LogReader(log, CODEC, until=log_now.bytes, vouched=head) as reader:
                assert list(reader) == records[mark.position :]
                assert (reader.head.sum, reader.head.versions) == (end.sum, end.versions)
            assert log_now.vouched()


def test_a_sealed_log_is_vouched_for_with_its_seal(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (mark, _), *_, (last, _) = places_of(log, monkeypatch)
    with JsonlLog.open(log, CODEC) as writer:
        writer.seal()
    assert is_vouched_for(log, mark)
    data = log.read_bytes()
    log.write_bytes(data[: last.offset])
    assert not is_vouched_for(log, mark)


def test_a_seal_that_ends_within_a_sum_is_no_reason_to_fail(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark, _ = places_of(log, monkeypatch)[2]
    with JsonlLog.open(log, CODEC) as writer:
        seal = writer.seal()
    write_seal(seal_beside(log), msgspec.structs.replace(seal, bytes=mark.offset + 5))
    assert not is_vouched_for(log, mark)


def test_a_log_with_a_torn_end_has_to_be_read(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark, _ = places_of(log, monkeypatch)[0]
    with log.open("ab") as file:
        file.write(b'{"v":1')
    assert not is_vouched_for(log, mark)


def test_a_place_that_the_log_does_not_have_is_not_vouched_for(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark, _ = places_of(log, monkeypatch)[1]
    size = log.stat().st_size
    for other in (
        Mark(mark.position, mark.epoch, mark.offset, "0" * 32),
        Mark(mark.position, mark.epoch, mark.offset - 1, mark.sum),
        Mark(mark.position, mark.epoch, size, mark.sum),
        Mark(mark.position, mark.epoch, size + 1, mark.sum),
        Mark(0, 0, 0, ""),
    ):
        assert not is_vouched_for(log, other)


def test_a_log_that_is_remembered_is_not_summed_up_and_its_places_are_still_compared(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.vouch.SETTLED_NS", 0)
    vouches = Vouches(tmp_path / "verified.json", "this program")
    (first, _), *others = places_of(log, monkeypatch)
    assert is_vouched_for(log, first, vouches)

    def fail(*_: object) -> None:
        raise AssertionError("the log was summed up again")

    monkeypatch.setattr("store.skim.sum_up", fail)
    for mark, _ in others:
        assert is_vouched_for(log, mark, vouches)
    wrong = msgspec.structs.replace(others[2][0], sum="0" * 32)
    assert not is_vouched_for(log, wrong, vouches)


@pytest.mark.parametrize("is_known", [False, True])
def test_a_log_that_was_cut_and_went_on_otherwise_meanwhile_is_not_vouched_for(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_known: bool
) -> None:
    monkeypatch.setattr("store.vouch.SETTLED_NS", 0)
    vouches = Vouches(tmp_path / "verified.json", "this program")
    mark, _ = places_of(log, monkeypatch)[3]
    assert is_vouched_for(log, mark, vouches if is_known else None)
    with skimmed(log, mark, vouches) as log_now:
        assert log_now is not None
        assert log_now.vouched()
        os.truncate(log, mark.offset)
        with JsonlLog.open(log, CODEC) as writer:
            while log.stat().st_size < log_now.bytes:
                writer.append(RUN, [RunPaused("eve")], expected=reached(writer))
        assert not log_now.vouched()


def reached(log: JsonlLog) -> int:
    """Return the version of the run's stream."""
    return sum(1 for _ in log.read_stream(RUN))


def test_threads_take_turns_as_before_when_a_log_has_been_summed_up(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark, _ = places_of(log, monkeypatch)[0]
    before = sys.getswitchinterval()
    with skimmed(log, mark):
        assert sys.getswitchinterval() < before
    assert sys.getswitchinterval() == before


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_changed_byte_is_vouched_for(
    log: Path, monkeypatch: pytest.MonkeyPatch, data: st.DataObject
) -> None:
    mark, _ = places_of(log, monkeypatch)[2]
    whole = log.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    bit = data.draw(st.integers(0, 7))
    changed = bytearray(whole)
    changed[place] ^= 1 << bit
    log.write_bytes(changed)
    try:
        assert not is_vouched_for(log, mark)
    finally:
        log.write_bytes(whole)


def test_what_a_log_says_of_a_place_is_seen_without_summing_it_up(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for mark, _ in places_of(log, monkeypatch):
        assert stands_in(log, mark)
        assert not stands_in(log, msgspec.structs.replace(mark, sum="0" * 32))
        assert not stands_in(log, msgspec.structs.replace(mark, offset=mark.offset - 1))
    assert not stands_in(log, Mark(0, 0, 0, ""))
    log.unlink()
    assert not stands_in(log, mark)


def test_a_log_that_was_just_written_is_vouched_for_once_its_time_is_settled(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vouches = Vouches(tmp_path / "verified.json", "this program")
    mark, _ = places_of(log, monkeypatch)[-1]
    while log.stat().st_ctime_ns % 10**9 == 0:  # by chance, it looks like that of a coarse clock
        log.touch()
    vouch_for(log, mark, vouches)
    assert vouches.hold(status_of(log.stat()))


def test_a_log_whose_time_settles_late_is_not_waited_for(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vouches = Vouches(tmp_path / "verified.json", "this program")
    mark, _ = places_of(log, monkeypatch)[-1]
    monkeypatch.setattr("store.vouch._SECOND_NS", 1)  # every time looks like a coarse one
    vouch_for(log, mark, vouches)
    assert not vouches.hold(status_of(log.stat()))
