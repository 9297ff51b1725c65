"""A log that was verified is known again, until anybody touches it."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from store.vouch import Status, Vouches, status_of


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
    vouches.remember(status(log), status(log))


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
    before = status(log)
    append(log)
    vouches.remember(before, status(log))
    assert not vouches.hold(before)
    assert not vouches.hold(status(log))


def test_a_log_that_may_change_within_the_same_tick_is_not_remembered(
    log: Path, tmp_path: Path
) -> None:
    vouches = Vouches(tmp_path / "verified.json", "program 1")
    now = time.time_ns()
    fresh, old = Status(1, 1, 8, now, now), Status(1, 1, 8, now - 10**10, now - 10**10)
    vouches.remember(fresh, fresh)
    assert not vouches.hold(fresh)
    vouches.remember(old, old)
    assert vouches.hold(old)


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
