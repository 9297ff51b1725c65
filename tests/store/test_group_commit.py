"""Decisions that do not wait for the disk: when they are safe, and what a failure makes of them."""

import errno
import os
import threading
from pathlib import Path

import pytest

from store.errors import LogPoisonedError
from store.group_commit import LONGEST_BATCH
from store.jsonl import JsonlLog
from store.log import Recorded
from tests.store.disks import CountingDisk
from tests.store.words import CODEC, A, B, Noted

NEVER_S = 3600.0
TOO_EARLY_S = 0.2
"""A flush that does not wait for the listeners returns in a fraction of that."""


def opened(path: Path, disk: CountingDisk, linger_s: float = NEVER_S) -> JsonlLog:
    log = JsonlLog.open(path, CODEC, disk=disk, linger_s=linger_s)
    disk.calls.clear()
    return log


def test_what_is_enqueued_is_neither_read_nor_heard_of_before_it_is_flushed(path: Path) -> None:
    disk, heard = CountingDisk(), list[Recorded]()
    with opened(path, disk) as log:
        log.subscribe(heard.append)
        first = log.enqueue(A, [Noted("a"), Noted("b")], expected=0)
        second = log.enqueue(B, [Noted("c")], expected=0)
        assert [one.position for one in (*first, *second)] == [2, 3, 4]
        assert (log.last_position, log.end_position) == (1, 4)
        assert [one.position for one in log.read()] == [1]
        assert (disk.calls, heard) == ([], [])
        log.flush(4)
        assert disk.calls == ["write", "fdatasync"]
        assert heard == [*first, *second]
        assert [one.position for one in log.read()] == [1, 2, 3, 4]
        log.flush(2)
        assert disk.calls == ["write", "fdatasync"]


def test_who_waits_for_a_decision_brings_all_before_it_along(path: Path) -> None:
    disk = CountingDisk()
    with opened(path, disk) as log:
        log.enqueue(A, [Noted("a")], expected=0)
        log.append(B, [Noted("b")], expected=0)
        assert disk.calls == ["write", "fdatasync"]
        assert log.last_position == 3


def test_what_nobody_waits_for_is_safe_before_long(path: Path) -> None:
    safe = threading.Event()
    with opened(path, CountingDisk(), linger_s=0.001) as log:
        log.subscribe(lambda _: safe.set())
        for version in range(3):
            safe.clear()
            log.enqueue(A, [Noted("a")], expected=version)
            assert safe.wait(timeout=60)


def test_many_that_nobody_waits_for_are_brought_to_disk_by_the_last_of_them(path: Path) -> None:
    disk = CountingDisk()
    with opened(path, disk) as log:
        for version in range(LONGEST_BATCH - 1):
            log.enqueue(A, [Noted("a")], expected=version)
        assert disk.calls == []
        log.enqueue(A, [Noted("a")], expected=LONGEST_BATCH - 1)
        assert disk.calls == ["write", "fdatasync"]
        assert log.last_position == 1 + LONGEST_BATCH


def test_who_waits_for_a_batch_that_is_on_its_way_does_not_write_the_next(path: Path) -> None:
    disk, syncing, go = CountingDisk(), threading.Event(), threading.Event()
    with opened(path, disk) as log:

        def hold(call: str, number: int) -> None:
            if call == "fdatasync":
                syncing.set()
                go.wait()

        disk.before = hold
        log.enqueue(A, [Noted("a")], expected=0)
        waiting = [threading.Thread(target=log.flush, args=(2,)) for _ in range(2)]
        waiting[0].start()
        syncing.wait()
        log.enqueue(A, [Noted("b")], expected=1)
        waiting[1].start()
        go.set()
        for thread in waiting:
            thread.join()
        assert disk.calls == ["write", "fdatasync"]
        assert log.last_position == 2


def test_what_is_flushed_was_heard_of_also_if_another_thread_brought_it_to_disk(path: Path) -> None:
    heard, heard_by_then = list[Recorded](), list[list[Recorded]]()
    with opened(path, CountingDisk()) as log:

        def flush() -> None:
            log.flush(2)
            heard_by_then.append(heard.copy())

        other = threading.Thread(target=flush)

        def listen(recorded: Recorded) -> None:
            other.start()
            other.join(TOO_EARLY_S)
            heard.append(recorded)

        log.subscribe(listen)
        appended = log.append(A, [Noted("a")], expected=0)
        other.join()
    assert heard_by_then == [list(appended)]


def test_closing_brings_everything_to_disk(path: Path) -> None:
    with opened(path, CountingDisk()) as log:
        log.enqueue(A, [Noted("a")], expected=0)
    with JsonlLog.open(path, CODEC) as log:
        assert [one.event for one in log.read_stream(A)] == [Noted("a")]


def test_a_flush_that_fails_loses_what_it_was_to_save_and_says_so_ever_after(path: Path) -> None:
    disk = CountingDisk()
    with opened(path, disk) as log:
        log.enqueue(A, [Noted("lost")], expected=0)

        def fail(call: str, number: int) -> None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        disk.before = fail
        for _ in range(2):
            with pytest.raises(LogPoisonedError, match="Input/output error"):
                log.flush(2)
        with pytest.raises(LogPoisonedError):
            log.enqueue(A, [Noted("later")], expected=1)
        assert log.last_position == 1
    with JsonlLog.open(path, CODEC) as log:
        assert not list(log.read_stream(A))


def test_a_log_that_cannot_save_the_rest_when_it_is_closed_says_so_and_lets_go(path: Path) -> None:
    disk = CountingDisk()
    log = opened(path, disk)
    log.enqueue(A, [Noted("lost")], expected=0)

    def fail(call: str, number: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    disk.before = fail
    with pytest.raises(LogPoisonedError, match="No space left"):
        log.close()
    with JsonlLog.open(path, CODEC) as log:
        assert log.last_position == 2
        assert not list(log.read_stream(A))


def test_a_failure_that_nobody_waited_for_is_told_to_the_next_who_comes(path: Path) -> None:
    disk, failed = CountingDisk(), threading.Event()
    log = opened(path, disk, linger_s=0.001)

    def fail(call: str, number: int) -> None:
        failed.set()
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    disk.before = fail
    log.enqueue(A, [Noted("lost")], expected=0)
    assert failed.wait(timeout=60)
    with pytest.raises(LogPoisonedError):
        log.flush(2)
    log.close()


class LateLock:
    """A lock whose holder goes on behind it only once the next one is on its way to disk."""

    def __init__(self, syncing: threading.Event) -> None:
        self._lock = threading.Lock()
        self._syncing = syncing

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()
        self._syncing.wait(timeout=60)


def test_a_listener_that_raises_leaves_the_batch_behind_it_to_be_waited_for(path: Path) -> None:
    disk, syncing, go, joined = CountingDisk(), *(threading.Event() for _ in range(3))
    on_disk = list[int]()
    with opened(path, disk) as log:

        def hold(call: str, number: int) -> None:
            if call == "fdatasync" and joined.is_set():
                syncing.set()
                go.wait()

        def lead_the_next() -> None:
            log.enqueue(B, [Noted("b")], expected=0)
            joined.set()
            log.flush(3)

        def wait_for_it() -> None:
            log.flush(3)
            on_disk.append(log.last_position)

        leader, waiter = (threading.Thread(target=does) for does in (lead_the_next, wait_for_it))

        def fail(recorded: Recorded) -> None:
            if recorded.position == 2:
                leader.start()
                joined.wait()
                raise ValueError("a bug")

        disk.before = hold
        log._group._writing = LateLock(syncing)  # type: ignore[assignment]
        log.subscribe(fail)
        with pytest.raises(ValueError, match="a bug"):
            log.append(A, [Noted("a")], expected=0)
        waiter.start()
        waiter.join(TOO_EARLY_S)
        go.set()
        leader.join()
        waiter.join()
    assert on_disk == [3]


def test_what_a_listener_raised_over_counts_as_heard_of(path: Path) -> None:
    disk = CountingDisk()
    with opened(path, disk) as log:

        def fail(recorded: Recorded) -> None:
            if recorded.position == 2:
                raise ValueError("a bug")

        log.subscribe(fail)
        with pytest.raises(ValueError, match="a bug"):
            log.append(A, [Noted("a")], expected=0)
        log.enqueue(B, [Noted("b")], expected=0)
        disk.calls.clear()
        log.flush(2)
        assert disk.calls == []
