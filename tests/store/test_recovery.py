"""What can be saved of a damaged log is saved by hand, on record, with the rest kept beside it."""

from pathlib import Path

import pytest

from events.journal import LogRecovered
from store.errors import HeldError, LogDamagedError, LogPoisonedError, LogUnusableError
from store.jsonl import JsonlLog
from store.recovery import cut
from tests.store.disks import CountingDisk, Crash, CrashingDisk, FailingDisk, every_call
from tests.store.logs import read_log
from tests.store.words import CODEC, A, Noted


@pytest.fixture
def damaged(written: Path) -> Path:
    """A log of seven records whose sixth was changed."""
    data = written.read_bytes()
    written.write_bytes(data.replace(b'"epoch":2,"pid"', b'"epoch":3,"pid"'))
    return written


def test_a_damaged_log_is_cut_behind_what_is_whole(damaged: Path) -> None:
    data = damaged.read_bytes()
    with pytest.raises(LogDamagedError) as caught:
        JsonlLog.open(damaged, CODEC)
    kept = cut(damaged, CODEC, after=caught.value.whole)
    assert damaged.read_bytes() + kept.read_bytes() == data
    assert kept.name == f"cut-6-{kept.stat().st_size}"
    with JsonlLog.open(damaged, CODEC) as log:
        *_, recovered = [one.event for one in log.read()]
        assert recovered == LogRecovered(
            bytes=kept.stat().st_size, reason="cut by hand", kept=kept.name
        )
        log.append(A, [Noted("on")], expected=4)


def test_a_whole_log_can_be_cut_too_and_its_seal_is_set_aside(written: Path) -> None:
    with JsonlLog.open(written, CODEC, disk=CountingDisk()) as log:
        log.seal()
    cut(written, CODEC, after=2, disk=CountingDisk())
    assert len(list(read_log(written, CODEC))) == 2
    assert not (written.parent / "seal.json").exists()
    assert (written.parent / "seal.json.cut").exists()


@pytest.mark.parametrize("after", [-1, 0, 4, 8, 99])
def test_a_log_is_cut_only_behind_a_decision(written: Path, after: int) -> None:
    data = written.read_bytes()
    with pytest.raises(LogUnusableError, match=f"no decision ends at position {after}"):
        cut(written, CODEC, after=after)
    assert written.read_bytes() == data


def test_a_log_is_not_cut_behind_damage(damaged: Path) -> None:
    data = damaged.read_bytes()
    with pytest.raises(LogDamagedError):
        cut(damaged, CODEC, after=7)
    assert damaged.read_bytes() == data


def test_a_log_that_is_being_written_is_not_cut(written: Path) -> None:
    with JsonlLog.open(written, CODEC), pytest.raises(HeldError):
        cut(written, CODEC, after=2)


def test_a_missing_log_is_not_made_by_cutting_it(path: Path) -> None:
    with pytest.raises(LogUnusableError, match="there is no log here"):
        cut(path, CODEC, after=1)
    assert not path.exists()


def test_a_big_log_is_cut_at_the_right_place(path: Path) -> None:
    with JsonlLog.open(path, CODEC, disk=CountingDisk()) as log:
        for version in range(4):
            log.append(A, [Noted("x" * 700_000)], expected=version)
    cut(path, CODEC, after=4, disk=CountingDisk())
    assert len(list(read_log(path, CODEC))) == 4


def test_a_disk_that_fails_while_cutting_leaves_the_log_as_it_was_or_cut(written: Path) -> None:
    data = written.read_bytes()
    disk = CountingDisk()
    cut(written, CODEC, after=2, disk=disk)
    short = written.read_bytes()
    for at in every_call(disk):
        written.write_bytes(data)
        try:
            cut(written, CODEC, after=2, disk=FailingDisk(at))
        except (LogPoisonedError, LogUnusableError):
            assert written.read_bytes() in (data, short)


def test_a_crash_while_cutting_leaves_all_bytes_somewhere(written: Path) -> None:
    data = written.read_bytes()
    disk = CountingDisk()
    cut(written, CODEC, after=2, disk=disk)
    for at in every_call(disk):
        written.write_bytes(data)
        for kept in written.parent.glob("cut-*"):
            kept.unlink()
        with pytest.raises(Crash):
            cut(written, CODEC, after=2, disk=CrashingDisk(at=at, share=0.5))
        aside = b"".join(path.read_bytes() for path in written.parent.glob("cut-*"))
        assert data in (written.read_bytes(), written.read_bytes() + aside)
        cut(written, CODEC, after=2, disk=CountingDisk())
        assert len(list(read_log(written, CODEC))) == 2
