"""Snapshots are kept, validated, and never trusted over the log."""

from pathlib import Path

import pytest

from store.head import Mark
from store.snapshots import Snapshot, Snapshots


def mark(position: int) -> Mark:
    return Mark(position, 1, position * 100, f"{position:032x}")


def snapshot(
    position: int, before: int = 0, changed: bytes = b"state", whole: bytes = b""
) -> Snapshot:
    building_on = mark(before) if before else None
    return Snapshot(mark(position), "2026-01-01", building_on, changed, whole)


def kept(snapshots: Snapshots, position: int) -> list[Snapshot]:
    """Return the chain up to a position, for a log that has every place."""
    return snapshots.up_to(position, lambda _: True)


@pytest.fixture
def snapshots(tmp_path: Path) -> Snapshots:
    return Snapshots(tmp_path / "cache" / "run", "program 1")


def test_a_snapshot_comes_back_with_all_that_it_builds_on(snapshots: Snapshots) -> None:
    first, second, third = snapshot(10), snapshot(20, 10, b"\n\0more"), snapshot(30, 20)
    for one in (first, second, third):
        snapshots.add(one)
    assert kept(snapshots, 29) == [first, second]
    assert kept(snapshots, 30) == [first, second, third]
    assert kept(snapshots, 9) == []


def test_what_is_whole_comes_from_the_last_one_alone(snapshots: Snapshots) -> None:
    first, second = snapshot(10, whole=b"ten"), snapshot(20, 10, whole=b"twenty")
    snapshots.add(first)
    snapshots.add(second)
    assert kept(snapshots, 10) == [first]
    assert kept(snapshots, 20) == [snapshot(10), second]


def test_what_is_no_place_of_the_log_is_passed_over(snapshots: Snapshots) -> None:
    for one in (snapshot(10), snapshot(20, 10), snapshot(30, 20)):
        snapshots.add(one)
    assert snapshots.up_to(30, lambda place: place != mark(30)) == [snapshot(10), snapshot(20, 10)]
    assert snapshots.up_to(30, lambda _: False) == []


def test_a_snapshot_builds_on_that_very_one_and_not_on_another_at_its_position(
    snapshots: Snapshots,
) -> None:
    snapshots.add(snapshot(10))
    snapshots.add(snapshot(20, 10))
    other = Mark(10, 2, 1000, "cd" * 16)
    snapshots.add(Snapshot(other, "2026-01-02", None, b"of another log"))
    assert [one.mark for one in kept(snapshots, 20)] == [other]


def test_without_a_folder_there_are_none(snapshots: Snapshots) -> None:
    assert kept(snapshots, 10) == []


def test_another_program_passes_them_over(snapshots: Snapshots, tmp_path: Path) -> None:
    snapshots.add(snapshot(10))
    assert kept(Snapshots(tmp_path / "cache" / "run", "program 2"), 10) == []


def test_what_is_harmed_is_passed_over_with_all_that_builds_on_it(
    snapshots: Snapshots, tmp_path: Path
) -> None:
    snapshots.add(snapshot(10))
    snapshots.add(snapshot(20, 10, whole=b"last"))
    last = tmp_path / "cache" / "run" / "20.snapshot"
    last.write_bytes(last.read_bytes()[:-1])
    assert kept(snapshots, 20) == [snapshot(10)]
    snapshots.add(snapshot(20, 10, whole=b"last"))
    first = tmp_path / "cache" / "run" / "10.snapshot"
    whole = first.read_bytes()
    for harmed in (whole[:-1], whole[:20], b"", b"null\n" + whole, whole.replace(b"10", b"11", 1)):
        first.write_bytes(harmed)
        assert kept(snapshots, 20) == []
    first.unlink()
    assert kept(snapshots, 20) == []


def test_snapshots_that_build_on_each_other_in_a_circle_are_none(snapshots: Snapshots) -> None:
    snapshots.add(snapshot(10, 20))
    snapshots.add(snapshot(20, 10))
    assert kept(snapshots, 20) == []


def test_a_disk_that_takes_nothing_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    snapshots = Snapshots(tmp_path / "cache" / "run", "program 1")
    snapshots.add(snapshot(10))
    assert kept(snapshots, 10) == []


def test_other_files_in_the_folder_do_not_disturb(snapshots: Snapshots, tmp_path: Path) -> None:
    snapshots.add(snapshot(10))
    for name in (".10.snapshot.77", "x.snapshot", "11", "12.snapshot"):
        (tmp_path / "cache" / "run" / name).write_bytes(b"x")
    assert kept(snapshots, 11) == [snapshot(10)]
