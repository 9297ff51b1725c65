"""Long logs are summed up ahead on a thread, and nobody can tell but by the time it takes."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import pytest

from store.ahead import PIECE_BYTES, STRETCH_BYTES
from store.errors import LogDamagedError
from store.jsonl import JsonlLog
from store.log import Recorded
from store.reader import LogReader
from tests.store.damages import damages, verdict, written
from tests.store.disks import CountingDisk
from tests.store.logs import read_log, reseal
from tests.store.words import CODEC, A, Noted

TEXT = "x" * 3000
STRETCHES = 4


@pytest.fixture(autouse=True)
def threads_are_over() -> Iterator[None]:
    """Fail the test that leaves a thread."""
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


@pytest.fixture
def long(path: Path) -> Path:
    """A log of some stretches, with a decision a line but for a large one in the middle."""
    lines = STRETCHES * STRETCH_BYTES // len(TEXT)
    with JsonlLog.open(path, CODEC, disk=CountingDisk(), program="1") as log:
        for version in range(lines // 2):
            log.append(A, [Noted(f"{version} {TEXT}")], expected=version)
        log.append(A, [Noted("y" * (PIECE_BYTES // 2))] * 3, expected=lines // 2)
        for version in range(lines // 2 + 3, lines):
            log.append(A, [Noted(f"{version} {TEXT}")], expected=version)
    return path


def read_until_refused(path: Path) -> tuple[list[Recorded], LogDamagedError]:
    seen: list[Recorded] = []
    with pytest.raises(LogDamagedError) as caught:
        seen.extend(read_log(path, CODEC))
    return seen, caught.value


def test_a_long_log_is_read_as_it_was_written(long: Path) -> None:
    lines = long.read_bytes().splitlines()
    with LogReader(long, CODEC) as reader:
        records = list(reader)
        assert reader.tail.clean
        assert reader.head.offset == long.stat().st_size
    assert records == [CODEC.line(line) for line in lines]


def test_whole_decisions_are_handed_out_about_a_piece_at_a_time(long: Path) -> None:
    with LogReader(long, CODEC) as reader:
        offset, sizes = 0, []
        while records := reader.poll():
            assert records[-1].position == records[-1].commit == reader.head.position
            assert records[-1].sum == reader.head.sum
            sizes.append(reader.head.offset - offset)
            offset = reader.head.offset
    assert max(sizes) < 2 * PIECE_BYTES


def test_a_writer_goes_on_behind_a_long_log(long: Path) -> None:
    with JsonlLog.open(long, CODEC, disk=CountingDisk(), program="1") as log:
        version = log.last_position - 2
        log.append(A, [Noted("more")], expected=version)
    assert [one.event for one in read_log(long, CODEC)][-1] == Noted("more")


def test_a_reader_goes_on_as_a_long_log_grows(long: Path) -> None:
    data = long.read_bytes()
    cut = data.index(b"\n", len(data) * 2 // 3) - 9
    long.write_bytes(data[:cut])
    with LogReader(long, CODEC) as reader, long.open("ab") as file:
        before = list(reader)
        assert reader.tail.reason == "an unfinished line"
        file.write(data[cut:])
        file.flush()
        after = list(reader)
    assert [one.position for one in before + after] == list(range(1, data.count(b"\n") + 1))


@pytest.mark.parametrize("share", [0.01, 0.2, 0.4, 0.6, 0.8, 0.99])
def test_damage_in_a_long_log_is_found_where_it_is(long: Path, share: float) -> None:
    data = bytearray(long.read_bytes())
    index = int(len(data) * share)
    data[index] ^= 1
    long.write_bytes(data)
    line = data.count(b"\n", 0, index) + 1
    seen, error = read_until_refused(long)
    assert (error.position, error.whole) == (line, line - 1)
    assert [one.position for one in seen] == list(range(1, line))


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_long_log_with_right_sums_must_make_sense_too(long: Path, share: float) -> None:
    lines = long.read_bytes().splitlines(keepends=True)
    number = int(len(lines) * share)
    lines[number] = lines[number].replace(b'"position":', b'"position":1', 1)
    long.write_bytes(reseal(lines))
    seen, error = read_until_refused(long)
    assert f"{number + 1} must follow here" in error.reason
    assert (error.position, error.offset) == (number + 1, len(b"".join(lines[:number])))
    assert len(seen) == error.whole == number


def test_a_reader_that_stops_early_leaves_no_thread(long: Path) -> None:
    with LogReader(long, CODEC) as reader:
        assert reader.poll()
        assert reader.poll()


def test_a_stretch_that_its_thread_has_not_begun_is_not_waited_for(
    long: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = threading.Event()
    thread = ThreadPoolExecutor(1)
    thread.submit(free.wait, 10)
    monkeypatch.setattr("store.ahead._new_thread", lambda: thread)
    with LogReader(long, CODEC) as reader:
        while reader.head.offset < 2 * PIECE_BYTES:
            assert reader.poll()
        assert not free.is_set()
        free.set()
        assert list(reader)[-1].position == long.read_bytes().count(b"\n")


def test_a_short_log_needs_no_thread(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading.Thread, "start", pytest.fail)
    assert len(list(read_log(written, CODEC))) == 7


def test_a_decision_longer_than_a_stretch_is_read_whole(path: Path) -> None:
    with JsonlLog.open(path, CODEC, disk=CountingDisk()) as log:
        log.append(A, [Noted(TEXT)] * 60, expected=0)
        recorded = log.append(A, [Noted("x" * 900_000)] * 8, expected=60)
        log.append(A, [Noted("y")], expected=68)
    assert tuple(read_log(path, CODEC))[61:69] == recorded


def test_no_damage_is_silent_or_wrong_where_the_log_is_summed_up_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.reader.BLOCK_BYTES", 300)
    monkeypatch.setattr("store.ahead.STRETCH_BYTES", 900)
    monkeypatch.setattr("store.ahead.PIECE_BYTES", 300)
    path = tmp_path / "R1" / "events.jsonl"
    log, other = written(path, sealed=False), written(tmp_path / "R2" / "log", sealed=False)
    for damage in islice(damages(log, other), 0, None, 7):
        path.write_bytes(damage.data)
        assert verdict(path, log, writer=False) == damage.expected, damage
