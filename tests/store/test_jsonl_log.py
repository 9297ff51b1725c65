"""The log on disk: opening, sharing syncs, and never going on after the disk has failed."""

import errno
import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from events.journal import LogOpened
from store.errors import (
    EventUnwritableError,
    HeldError,
    LogDamagedError,
    LogPoisonedError,
    LogUnusableError,
)
from store.jsonl import JsonlLog
from store.log import Recorded
from tests.store.disks import CountingDisk, Crash, FailingDisk, StingyDisk, every_call
from tests.store.logs import read_log
from tests.store.words import CODEC, A, B, Note, Noted


def texts(path: Path) -> list[str]:
    return [one.event.text for one in read_log(path, CODEC) if isinstance(one.event, Noted)]


def test_each_opening_begins_a_new_epoch(written: Path) -> None:
    records = list(read_log(written, CODEC))
    assert [one.epoch for one in records] == [1, 1, 1, 1, 1, 2, 2]
    openings = [one.event for one in records if isinstance(one.event, LogOpened)]
    assert [one.epoch for one in openings] == [1, 2]
    assert {one.run for one in openings} == {"R1"}
    assert {one.pid for one in openings} == {os.getpid()}
    assert openings[0].salt != openings[1].salt


def test_the_program_is_on_record_by_its_installed_version(path: Path) -> None:
    from importlib.metadata import version

    JsonlLog.open(path, CODEC).close()
    (record,) = read_log(path, CODEC)
    assert isinstance(record.event, LogOpened)
    assert record.event.program == version("trackside")


def test_a_program_that_is_not_installed_says_so(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [])
    JsonlLog.open(path, CODEC).close()
    (record,) = read_log(path, CODEC)
    assert isinstance(record.event, LogOpened)
    assert record.event.program == "unknown"


def test_an_opening_hands_out_every_record_its_own_included(written: Path) -> None:
    seen: list[Recorded] = []
    with JsonlLog.open(written, CODEC, on_records=seen.extend) as log:
        assert [one.position for one in seen] == [1, 2, 3, 4, 5, 6, 7, 8]
        assert seen == list(log.read())
        assert (log.last_position, log.epoch) == (8, 3)


def test_a_stream_goes_on_where_it_was(written: Path) -> None:
    with JsonlLog.open(written, CODEC) as log:
        (recorded,) = log.append(A, [Noted("six")], expected=5)
    assert (recorded.position, recorded.version, recorded.epoch) == (9, 6, 3)


def test_a_listener_of_the_opening_that_raises_lets_go_of_everything(written: Path) -> None:
    def fail(records: Iterable[Recorded]) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        JsonlLog.open(written, CODEC, on_records=fail)
    JsonlLog.open(written, CODEC).close()


def test_an_opening_of_which_nobody_reads_the_records_goes_on_behind_the_last(
    written: Path,
) -> None:
    with JsonlLog.open(written, CODEC, on_records=lambda _: None) as log:
        assert (log.last_position, log.epoch) == (8, 3)


def test_only_the_user_may_read_the_log(written: Path) -> None:
    for name in ("events.jsonl", "lock"):
        assert stat.S_IMODE((written.parent / name).stat().st_mode) == 0o600


def test_a_decision_is_one_write_and_one_sync(path: Path) -> None:
    disk = CountingDisk()
    with JsonlLog.open(path, CODEC, disk=disk) as log:
        disk.calls.clear()
        log.append(A, [Noted("a"), Noted("b")], expected=0, cause=Note("a"))
        assert disk.calls == ["write", "fdatasync"]


def test_who_comes_while_the_disk_is_busy_shares_the_next_sync(path: Path) -> None:
    late = 5
    framed = threading.Semaphore(0)
    syncing = threading.Event()
    disk = CountingDisk()

    def clock() -> datetime:  # called as each decision is put in order
        framed.release()
        return datetime.now(UTC)

    with JsonlLog.open(path, CODEC, disk=disk, clock=clock) as log:

        def hold_first_sync(call: str, number: int) -> None:
            if call == "fdatasync" and not syncing.is_set():
                syncing.set()
                for _ in range(1 + 1 + late):  # the opening, the first, and those who come late
                    framed.acquire()

        disk.before = hold_first_sync
        disk.calls.clear()
        threads = [
            threading.Thread(target=log.append, args=(A, [Noted("first")]), kwargs={"expected": 0})
        ]
        threads[0].start()
        syncing.wait()
        for number in range(late):
            stream = type(A)(f"pad/{number}")
            thread = threading.Thread(
                target=log.append, args=(stream, [Noted("late")]), kwargs={"expected": 0}
            )
            thread.start()
            threads.append(thread)
        for thread in threads:
            thread.join()
        assert disk.calls == ["write", "fdatasync"] * 2
        assert log.last_position == 1 + 1 + late
    shared = [json.loads(line).get("synced") for line in path.read_text().splitlines()[2:]]
    assert shared == [1] * late  # the first was not yet safe when they were put in order


def test_closing_waits_for_those_who_are_under_way(path: Path) -> None:
    syncing, framed, go = threading.Event(), threading.Semaphore(0), threading.Event()
    disk = CountingDisk()

    def clock() -> datetime:
        framed.release()
        return datetime.now(UTC)

    log = JsonlLog.open(path, CODEC, disk=disk, clock=clock)
    framed.acquire()

    def hold(call: str, number: int) -> None:
        if call == "fdatasync":
            syncing.set()
            go.wait()

    disk.before = hold
    threads = [
        threading.Thread(target=log.append, args=(stream, [Noted("x")]), kwargs={"expected": 0})
        for stream in (A, B)
    ]
    threads[0].start()
    syncing.wait()
    threads[1].start()
    framed.acquire()
    framed.acquire()
    closing = threading.Thread(target=log.close)
    closing.start()
    go.set()
    for thread in (*threads, closing):
        thread.join()
    assert texts(path) == ["x", "x"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EFBIG])
@pytest.mark.parametrize("call", ["write", "fdatasync"])
def test_a_disk_that_fails_once_poisons_the_log_for_good(path: Path, code: int, call: str) -> None:
    disk = CountingDisk()
    with JsonlLog.open(path, CODEC, disk=disk) as log:
        log.append(A, [Noted("safe")], expected=0)
        failures = iter([OSError(code, os.strerror(code))])

        def fail_once(name: str, number: int) -> None:
            if name == call:
                for failure in failures:
                    raise failure

        disk.before = fail_once
        with pytest.raises(LogPoisonedError, match=os.strerror(code)) as caught:
            log.append(A, [Noted("lost")], expected=1)
        assert caught.value.position == 2
        assert "\n" not in str(caught.value)
        disk.calls.clear()
        with pytest.raises(LogPoisonedError):
            log.append(A, [Noted("later")], expected=2)
        with pytest.raises(LogPoisonedError):
            log.seal()
        assert disk.calls == []
        assert log.last_position == 2
        assert [one.position for one in log.read()] == [1, 2]
    with JsonlLog.open(path, CODEC) as log:
        assert "safe" in texts(path)
        log.append(B, [Noted("on")], expected=0)


@pytest.mark.parametrize("failing", [1, 2])
def test_a_failed_disk_fails_all_who_share_the_sync_or_wait_behind_it(
    path: Path, failing: int
) -> None:
    framed, syncing = threading.Semaphore(0), threading.Event()
    disk = CountingDisk()
    caught: list[BaseException] = []

    def clock() -> datetime:
        framed.release()
        return datetime.now(UTC)

    def fail(call: str, number: int) -> None:
        if call == "fdatasync":
            if not syncing.is_set():
                syncing.set()
                for _ in range(4):  # the opening, the first, and the two who share the next sync
                    framed.acquire()
            if disk.calls.count("fdatasync") == failing:
                raise OSError(errno.EIO, "broken")

    def append(name: str) -> None:
        try:
            log.append(type(A)(name), [Noted("x")], expected=0)
        except LogPoisonedError as error:
            caught.append(error)

    with JsonlLog.open(path, CODEC, disk=disk, clock=clock) as log:
        disk.before = fail
        disk.calls.clear()
        threads = [
            threading.Thread(target=append, args=(name,)) for name in ("one", "two", "three")
        ]
        threads[0].start()
        syncing.wait()
        for thread in threads[1:]:
            thread.start()
        for thread in threads:
            thread.join()
        assert disk.calls == ["write", "fdatasync"] * failing
        assert log.last_position == failing
        assert len(caught) == 4 - failing


def test_every_call_of_the_disk_may_fail_and_a_resume_goes_on(path: Path) -> None:
    def life(disk: CountingDisk, folder: Path) -> list[str]:
        """Open, note three things, open again, note one more; return what was acknowledged."""
        sure: list[str] = []
        for text in ("abc", "d"):
            with JsonlLog.open(folder / "events.jsonl", CODEC, disk=disk, program="1") as log:
                version = sum(1 for _ in log.read_stream(A))
                for number, letter in enumerate(text):
                    log.append(A, [Noted(letter)], expected=version + number)
                    sure.append(letter)
                log.seal()
        return sure

    disk, said = CountingDisk(), list[str]()
    assert life(disk, path.parent) == ["a", "b", "c", "d"]
    for at in every_call(disk):
        for forever in (False, True):
            folder = path.parent / f"{at}-{forever}"
            folder.mkdir()
            try:
                life(FailingDisk(at, forever=forever), folder)
            except (LogPoisonedError, LogUnusableError) as error:
                said.append(str(error))
            with JsonlLog.open(folder / "events.jsonl", CODEC, disk=CountingDisk()) as log:
                found = [one.event.text for one in log.read() if isinstance(one.event, Noted)]
            assert found == ["a", "b", "c", "d"][: len(found)]
    assert len(said) > len(disk.calls)
    assert all("No space left on device" in one for one in said)


def test_short_writes_are_completed(path: Path) -> None:
    with JsonlLog.open(path, CODEC, disk=StingyDisk(7)) as log:
        log.append(A, [Noted("whole")], expected=0)
    assert texts(path) == ["whole"]


def test_a_disk_that_takes_nothing_poisons_the_log(path: Path) -> None:
    class FullDisk(StingyDisk):
        def write(self, fd: int, data: bytes) -> int:
            return 7 if len(data) > 200 else 0

    nothing = r"takes no more bytes.*; nothing was recorded; mend that, then run again"
    with pytest.raises(LogPoisonedError, match=nothing):
        JsonlLog.open(path, CODEC, disk=FullDisk(0))


def test_an_interrupted_write_poisons_the_log(path: Path) -> None:
    disk = CountingDisk()
    with JsonlLog.open(path, CODEC, disk=disk) as log:

        def interrupt(call: str, number: int) -> None:
            raise KeyboardInterrupt

        disk.before = interrupt
        with pytest.raises(KeyboardInterrupt):
            log.append(A, [Noted("lost")], expected=0)
        with pytest.raises(LogPoisonedError, match="KeyboardInterrupt"):
            log.append(A, [Noted("later")], expected=1)


def test_an_interruption_while_a_decision_is_put_in_order_poisons_the_log(path: Path) -> None:
    ticks = iter([datetime.now(UTC)])

    def clock() -> datetime:
        for tick in ticks:
            return tick
        raise Crash

    with JsonlLog.open(path, CODEC, clock=clock, disk=CountingDisk()) as log:
        with pytest.raises(Crash):
            log.append(A, [Noted("lost")], expected=0)
        with pytest.raises(LogPoisonedError, match="Crash"):
            log.append(A, [Noted("later")], expected=0)


def test_what_cannot_be_written_poisons_nothing(path: Path) -> None:
    with JsonlLog.open(path, CODEC, disk=CountingDisk()) as log:
        with pytest.raises(EventUnwritableError):
            log.append(A, [Noted("x" * (1 << 20))], expected=0)
        log.append(A, [Noted("on")], expected=0)
    assert texts(path) == ["on"]


def test_a_second_writer_is_refused_at_once_by_name(path: Path) -> None:
    with (
        JsonlLog.open(path, CODEC),
        pytest.raises(HeldError, match=f"process {os.getpid()} is writing this run") as caught,
    ):
        JsonlLog.open(path, CODEC)
    assert caught.value.pid == os.getpid()
    JsonlLog.open(path, CODEC).close()


def test_a_writer_that_was_killed_blocks_nobody(path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from store.jsonl import JsonlLog; from store.codec import Codec\n"
        "log = JsonlLog.open(Path(sys.argv[1]), Codec([]))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, path], check=False, timeout=30)
    assert done.returncode == -9
    with JsonlLog.open(path, CODEC) as log:
        assert log.epoch == 2


def test_a_damaged_log_is_not_touched_by_opening_it(written: Path) -> None:
    data = written.read_bytes().replace(b"two", b"toe")
    written.write_bytes(data)
    with pytest.raises(LogDamagedError):
        JsonlLog.open(written, CODEC)
    assert written.read_bytes() == data
    assert not list(written.parent.glob("torn-*"))


def test_an_empty_log_is_begun(path: Path) -> None:
    path.touch()
    with JsonlLog.open(path, CODEC) as log:
        assert (log.epoch, log.last_position) == (1, 1)


def test_a_missing_folder_is_no_place_for_a_log(tmp_path: Path) -> None:
    with pytest.raises(LogUnusableError, match="lock cannot be opened"):
        JsonlLog.open(tmp_path / "none" / "events.jsonl", CODEC)
