"""A log that was verified is known again, until anybody touches it."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from store.vouch import (
    COARSE_NS,
    SETTLED_NS,
    Look,
    Status,
    Vouches,
    look_at,
    status_of,
    unsettled_ns,
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"one\ntwo\n")
    return path


@pytest.fixture
def vouches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Vouches:
    """Return what is remembered, for files that need not have been at rest for a while."""
    monkeypatch.setattr("store.vouch.SETTLED_NS", 0)
    return Vouches(tmp_path / "cache" / "verified.json", "program 1")


def status(path: Path) -> Status:
    return status_of(path.stat())


def remember(vouches: Vouches, log: Path) -> None:
    vouches.remember(look_at(log.stat()), status(log))


def append(log: Path) -> None:
    with log.open("ab") as file:
        file.write(b"three\n")


def rewrite(log: Path) -> None:
    """Change a byte, and set the times that can be set as they were, once the clock has ticked."""
    before = log.stat()
    deadline = time.monotonic() + 10
    while log.stat().st_ctime_ns == before.st_ctime_ns and time.monotonic() < deadline:
        log.write_bytes(b"one\ntwO\n")
        os.utime(log, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace(log: Path) -> None:
    other = log.with_suffix(".other")
    other.write_bytes(log.read_bytes())
    os.utime(other, ns=(log.stat().st_atime_ns, log.stat().st_mtime_ns))
    other.replace(log)


def test_a_log_is_known_again_as_long_as_nobody_touches_it(vouches: Vouches, log: Path) -> None:
    assert not vouches.hold(status(log))
    remember(vouches, log)
    log.read_bytes()
    assert vouches.hold(status(log))


@pytest.mark.parametrize("touch", [append, rewrite, replace])
def test_a_log_that_somebody_touched_is_not(
    vouches: Vouches, log: Path, touch: Callable[[Path], None]
) -> None:
    remember(vouches, log)
    touch(log)
    assert not vouches.hold(status(log))


def test_a_log_that_changed_while_it_was_read_is_not_remembered(
    vouches: Vouches, log: Path
) -> None:
    before = look_at(log.stat())
    append(log)
    vouches.remember(before, status(log))
    assert not vouches.hold(before.status)
    assert not vouches.hold(status(log))


def test_a_log_that_might_have_changed_unseen_while_it_was_read_is_not_remembered(
    vouches: Vouches, log: Path
) -> None:
    vouches.remember(Look(status(log), settled=False), status(log))
    assert not vouches.hold(status(log))


@pytest.mark.parametrize("part_ns", [1, 999_999_999])
def test_a_time_with_parts_of_a_second_settles_within_a_few_ticks(
    monkeypatch: pytest.MonkeyPatch, part_ns: int
) -> None:
    touched = 1_700_000_000 * 10**9 + part_ns
    assert waits(monkeypatch, touched, touched) == SETTLED_NS
    assert waits(monkeypatch, touched, touched + SETTLED_NS - 1) == 1
    assert waits(monkeypatch, touched, touched + SETTLED_NS) == 0


def test_a_time_in_whole_seconds_may_be_that_of_a_coarse_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    touched = 1_700_000_000 * 10**9
    assert waits(monkeypatch, touched, touched + COARSE_NS) == SETTLED_NS
    assert waits(monkeypatch, touched, touched + COARSE_NS + SETTLED_NS) == 0


def waits(monkeypatch: pytest.MonkeyPatch, touched_ns: int, now_ns: int) -> int:
    """Return for how long a file may change unseen that was touched then, and now it is so late."""
    monkeypatch.setattr("store.vouch.time.time_ns", lambda: now_ns)
    return unsettled_ns(Status(1, 1, 8, touched_ns, touched_ns))


def test_what_another_program_verified_does_not_count(vouches: Vouches, log: Path) -> None:
    remember(vouches, log)
    path = log.parent / "cache" / "verified.json"
    assert not Vouches(path, "program 2").hold(status(log))


@pytest.mark.parametrize("data", [b"", b"null", b"{}", b"\xff", b"[" * 100_000])
def test_a_memory_that_cannot_be_read_is_none(vouches: Vouches, log: Path, data: bytes) -> None:
    remember(vouches, log)
    (log.parent / "cache" / "verified.json").write_bytes(data)
    assert not vouches.hold(status(log))


def test_a_disk_that_takes_nothing_is_no_error(vouches: Vouches, log: Path) -> None:
    (log.parent / "cache").write_text("a file")
    remember(vouches, log)
    assert not vouches.hold(status(log))
