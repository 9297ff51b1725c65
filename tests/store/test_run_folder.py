"""Where runs live, and how one is found again."""

import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from store.errors import LogUnusableError, RunExistsError, RunFolderError
from store.jsonl import JsonlLog
from store.lock import Lock
from store.run_folder import RunFolder
from tests.store.disks import CountingDisk, FailingDisk
from tests.store.words import CODEC, A, Noted


def begin(repository: Path, run: str, day: int = 1) -> RunFolder:
    """Make a run whose log has begun on a day of January."""
    folder = RunFolder.create(repository, run, CountingDisk())
    at = datetime(2026, 1, day, tzinfo=UTC)
    JsonlLog.open(folder.log, CODEC, clock=lambda: at, disk=CountingDisk()).close()
    return folder


def test_a_run_folder_is_the_users_alone_and_ignored_by_git(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "R1")
    home = tmp_path / ".trackside"
    assert folder.path == home / "runs" / "R1"
    assert folder.run == "R1"
    assert (home / ".gitignore").read_bytes() == b"*\n"
    for path in (home, home / "runs", folder.path, folder.blobs, folder.answers):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert str(folder) == f"RunFolder('{folder.path}')"


def test_the_log_and_the_seal_are_where_the_folder_says(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "R1")
    assert folder.read_seal() is None
    with JsonlLog.open(folder.log, CODEC) as log:
        seal = log.seal()
        assert folder.lock.exists()
    assert folder.read_seal() == seal
    assert folder.seal.exists()


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", ".hidden", "a/b", "a b", "a\n", "é", "x" * 65, "\0"),
        *("x.lock", "a..b", "a.", "a@{b"),
    ],
)
def test_what_cannot_name_a_run_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RunFolderError, match="cannot name a run"):
        RunFolder.create(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def note(folder: RunFolder) -> None:
    with JsonlLog.open(folder.log, CODEC, disk=CountingDisk()) as log:
        log.append(A, [Noted("a")], expected=0)


def test_a_run_is_made_once(tmp_path: Path) -> None:
    note(begin(tmp_path, "R1"))
    with pytest.raises(RunExistsError, match="there is a run R1 already"):
        RunFolder.create(tmp_path, "R1")


def damaged(log: Path) -> None:
    log.write_bytes(b"what is this?\n")


def elsewhere(log: Path) -> None:
    log.symlink_to(log.rename(log.with_name("other.jsonl")))


def sealed(log: Path) -> None:
    with JsonlLog.open(log, CODEC) as opened:
        opened.seal()


def too_long(log: Path) -> None:
    log.write_bytes(log.read_bytes() + bytes(3 * 1024 * 1024))


@pytest.mark.parametrize("spoil", [damaged, elsewhere, sealed, too_long])
def test_a_run_is_made_over_nothing_that_may_have_been_one(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(begin(tmp_path, "R1").log)
    with pytest.raises(RunExistsError):
        RunFolder.create(tmp_path, "R1")


def test_a_run_whose_first_decision_was_cut_short_is_taken_over(tmp_path: Path) -> None:
    folder = begin(tmp_path, "R1")
    opened = folder.log.stat().st_size
    with JsonlLog.open(folder.log, CODEC, disk=CountingDisk()) as log:
        log.append(A, [Noted("a"), Noted("b")], expected=0)
    whole = folder.log.read_bytes()
    for end in range(opened, len(whole) + 1):
        folder.log.write_bytes(whole[:end])
        if end < len(whole):
            assert RunFolder.create(tmp_path, "R1") == folder
            with JsonlLog.open(folder.log, CODEC, disk=CountingDisk()) as log:
                assert not list(log.read_stream(A))
        else:
            with pytest.raises(RunExistsError):
                RunFolder.create(tmp_path, "R1")


def test_a_run_that_was_opened_and_never_began_is_taken_over_but_not_by_a_staged_one(
    tmp_path: Path,
) -> None:
    folder = begin(tmp_path, "R1")
    begin(tmp_path, "R1")
    with folder.log.open("ab") as log:
        log.write(b'{"v":1,"position":3,"epo')  # torn
    assert RunFolder.create(tmp_path, "R1") == folder
    with pytest.raises(RunExistsError), RunFolder.staged(tmp_path, "R1"):
        pass


def test_a_folder_whose_run_never_began_is_taken_over(tmp_path: Path) -> None:
    RunFolder.create(tmp_path, "R1").log.touch()
    assert RunFolder.create(tmp_path, "R1") == RunFolder(tmp_path / ".trackside" / "runs" / "R1")


def test_runs_are_listed_newest_first_whatever_their_names(tmp_path: Path) -> None:
    runs = [begin(tmp_path, name, day) for name, day in (("b", 1), ("c", 3), ("a", 2))]
    RunFolder.create(tmp_path, "never-began", CountingDisk())
    (tmp_path / ".trackside" / "runs" / "stray").touch()
    assert RunFolder.all_of(tmp_path) == [runs[1], runs[2], runs[0]]
    assert len(set(runs) | set(RunFolder.all_of(tmp_path))) == 3
    assert runs[1].started == "2026-01-03T00:00:00.000000Z"


def test_a_run_whose_log_cannot_tell_when_it_began_comes_last(tmp_path: Path) -> None:
    broken = begin(tmp_path, "zz", 9)
    broken.log.write_bytes(b"?\n")
    whole = begin(tmp_path, "aa", 1)
    assert RunFolder.all_of(tmp_path) == [whole, broken]
    assert broken.started == ""


def test_without_a_name_the_latest_run_is_meant(tmp_path: Path) -> None:
    begin(tmp_path, "b", 1)
    latest = begin(tmp_path, "a", 2)
    assert RunFolder.find(tmp_path) == latest


def test_the_beginning_of_a_name_is_enough_if_it_is_of_one_run(tmp_path: Path) -> None:
    first, second = begin(tmp_path, "monday"), begin(tmp_path, "monday-2")
    third = begin(tmp_path, "tuesday")
    assert RunFolder.find(tmp_path, "t") == third
    assert RunFolder.find(tmp_path, "monday") == first
    assert RunFolder.find(tmp_path, "monday-") == second
    with pytest.raises(RunFolderError, match="mon may be any of monday-2, monday") as caught:
        RunFolder.find(tmp_path, "mon")
    assert caught.value.runs == ("monday-2", "monday")
    with pytest.raises(RunFolderError, match=r"there is no run friday .* `trackside runs` lists"):
        RunFolder.find(tmp_path, "friday")


def test_an_empty_name_stands_for_no_run_though_all_names_begin_with_it(tmp_path: Path) -> None:
    begin(tmp_path, "monday")
    with pytest.raises(RunFolderError, match="the name of the run is empty"):
        RunFolder.find(tmp_path, "")


def test_where_nothing_ran_there_is_nothing_to_find(tmp_path: Path) -> None:
    assert RunFolder.all_of(tmp_path) == []
    for name in (None, "x"):
        with pytest.raises(RunFolderError, match="there are no runs in"):
            RunFolder.find(tmp_path, name)


def test_two_first_runs_of_a_repository_can_be_made_at_once(tmp_path: Path) -> None:
    disk, home = CountingDisk(), tmp_path / ".trackside"

    def be_faster(call: str, _: int) -> None:
        if call == "rename" and not (home / ".gitignore").exists():
            RunFolder.create(tmp_path, "R2")

    disk.before = be_faster
    assert RunFolder.create(tmp_path, "R1", disk).path.is_dir()
    assert [path.name for path in home.iterdir() if path.is_file()] == [".gitignore"]


def test_a_home_that_is_swept_while_it_is_made_makes_no_run(tmp_path: Path) -> None:
    disk = CountingDisk()

    def sweep(call: str, _: int) -> None:
        if call == "rename":
            (tmp_path / ".trackside" / ".gitignore.new").unlink()

    disk.before = sweep
    with pytest.raises(RunFolderError, match=r"cannot be made: .* No such file"):
        RunFolder.create(tmp_path, "R1", disk)


@pytest.mark.parametrize("place", [".trackside", ".trackside/runs", ".trackside/runs/R1"])
@pytest.mark.parametrize("kind", ["link", "file"])
def test_a_repository_cannot_lead_a_run_elsewhere(tmp_path: Path, place: str, kind: str) -> None:
    repository, elsewhere = tmp_path / "repository", tmp_path / "elsewhere"
    elsewhere.mkdir()
    path = repository / place
    path.parent.mkdir(parents=True)
    if kind == "link":
        path.symlink_to(elsewhere)
    else:
        path.touch()
    with pytest.raises(RunFolderError, match=r"cannot be made: .* not a folder"):
        RunFolder.create(repository, "R1")
    assert list(elsewhere.iterdir()) == []
    assert RunFolder.all_of(repository) == []


def test_a_disk_without_room_makes_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match=r"run R1 cannot be made: .* No space left"):
        RunFolder.create(tmp_path, "R1", FailingDisk(1))


def test_a_log_that_is_no_file_has_no_beginning(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "R1")
    os.mkfifo(folder.log)
    assert not folder.began
    assert folder.started == ""


# --------------------------------------------------- a run that is made out of another one: staged


def test_a_staged_run_is_in_its_place_once_it_is_whole(tmp_path: Path) -> None:
    with RunFolder.staged(tmp_path, "R2") as folder:
        assert folder.run == "R2"
        assert RunFolder.all_of(tmp_path) == []
        JsonlLog.open(folder.log, CODEC, disk=CountingDisk()).close()
    assert RunFolder.all_of(tmp_path) == [RunFolder(tmp_path / ".trackside" / "runs" / "R2")]
    assert list((tmp_path / ".trackside" / "staged").iterdir()) == []


def test_of_a_run_that_could_not_be_made_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(KeyError), RunFolder.staged(tmp_path, "R2") as folder:  # noqa: PT012 - a block
        folder.log.write_text("half")
        raise KeyError
    assert RunFolder.all_of(tmp_path) == []
    assert list((tmp_path / ".trackside" / "staged").iterdir()) == []


def test_what_a_crash_left_staged_is_swept_and_what_lives_is_not(tmp_path: Path) -> None:
    stage = tmp_path / ".trackside" / "staged"
    for name in ("999999999-dead", f"{os.getpid()}-alive"):
        (stage / name / "R1").mkdir(parents=True)
    with RunFolder.staged(tmp_path, "R2"):
        pass
    assert [left.name for left in stage.iterdir()] == [f"{os.getpid()}-alive"]


def test_a_staged_run_takes_no_name_that_is_taken(tmp_path: Path) -> None:
    begin(tmp_path, "R1")
    with (
        pytest.raises(RunFolderError, match="there is a run R1 already"),
        RunFolder.staged(tmp_path, "R1"),
    ):
        pass


def test_a_name_that_is_taken_meanwhile_is_left_alone(tmp_path: Path) -> None:
    with (
        pytest.raises(RunExistsError, match="there is a run R1 already"),
        RunFolder.staged(tmp_path, "R1"),
    ):
        begin(tmp_path, "R1")
    assert [run.run for run in RunFolder.all_of(tmp_path)] == ["R1"]


def test_of_two_that_are_staged_at_once_the_first_has_the_name(tmp_path: Path) -> None:
    with pytest.raises(RunExistsError), RunFolder.staged(tmp_path, "R1") as late:  # noqa: PT012 - a block
        with RunFolder.staged(tmp_path, "R1") as first:
            JsonlLog.open(first.log, CODEC, disk=CountingDisk()).close()
        late.log.write_text("late")
    (run,) = RunFolder.all_of(tmp_path)
    assert run.log.read_text() != "late"
    assert list((tmp_path / ".trackside" / "staged").iterdir()) == []


def test_a_folder_that_somebody_is_about_to_begin_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(RunExistsError), RunFolder.staged(tmp_path, "R1"):  # noqa: PT012 - a block
        folder = RunFolder.create(tmp_path, "R1")
        held = Lock.take(folder.lock)
        (folder.answers / "message").touch()
    held.close()
    assert (folder.answers / "message").exists()
    assert not folder.began


def test_a_staged_run_takes_the_place_of_one_that_never_began(tmp_path: Path) -> None:
    left = RunFolder.create(tmp_path, "R1")
    Lock.take(left.lock).close()
    (left.git / "objects").mkdir(parents=True)
    with RunFolder.staged(tmp_path, "R1") as folder:
        JsonlLog.open(folder.log, CODEC, disk=CountingDisk()).close()
    assert [run.run for run in RunFolder.all_of(tmp_path)] == ["R1"]
    assert not left.git.exists()
    assert list((tmp_path / ".trackside" / "staged").iterdir()) == []


def test_a_folder_that_goes_away_while_its_lock_is_asked_for_is_in_nobodys_way(
    tmp_path: Path,
) -> None:
    disk, left = CountingDisk(), tmp_path / ".trackside" / "runs" / "R1"

    def take_away(call: str, _: int) -> None:
        if call == "open" and not (tmp_path / "gone").exists():
            left.rename(tmp_path / "gone")

    with RunFolder.staged(tmp_path, "R1", disk) as folder:
        folder.log.write_text("new")
        RunFolder.create(tmp_path, "R1")
        disk.before = take_away
    assert [path.name for path in left.iterdir() if path.is_file()] == ["events.jsonl"]
    assert (tmp_path / "gone" / "blobs").exists()


def test_a_lock_that_is_none_is_nobodys_to_delete(tmp_path: Path) -> None:
    left = RunFolder.create(tmp_path, "R1")
    left.lock.symlink_to("elsewhere")
    with (
        pytest.raises(LogUnusableError, match="the lock cannot be opened"),
        RunFolder.staged(tmp_path, "R1"),
    ):
        pass
    assert left.lock.is_symlink()


@pytest.mark.parametrize("kind", ["file", "link"])
def test_a_staged_run_takes_the_place_of_folders_only(tmp_path: Path, kind: str) -> None:
    place = tmp_path / ".trackside" / "runs" / "R1"
    place.parent.mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    if kind == "file":
        place.write_text("kept")
    else:
        place.symlink_to(tmp_path / "elsewhere")
    with (
        pytest.raises(RunFolderError, match=r"cannot be made: .* Not a directory"),
        RunFolder.staged(tmp_path, "R1"),
    ):
        pass
    assert place.is_symlink() or place.read_text() == "kept"
    assert list((tmp_path / "elsewhere").iterdir()) == []
