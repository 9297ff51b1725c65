"""The states that a run keeps of itself are those that a fold of its log gives, everywhere."""

import os
import shutil

import pytest

from cli.past import archive_of
from cli.wiring import CODEC
from events.attempt_events import ReplyRecorded
from replay.archive import Archive
from replay.timeline import frame_at
from store.head import SUM_BYTES, SUM_MARK
from store.run_folder import RunFolder
from store.snapshots import Snapshot
from store.vouch import status_of
from tests.end_to_end.project import Json, Project, trackside

FINISH = {"calls": [{"tool": "finish", "args": {"summary": "done"}}]}
NAMES = ("one", "two", "three")


def write(path: str) -> Json:
    return {"calls": [{"tool": "write_file", "args": {"path": path, "content": f"{path}\n"}}]}


@pytest.fixture
def often(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a state kept behind nearly every batch."""
    monkeypatch.setattr("replay.album.EVERY", 5)
    monkeypatch.setattr("cli.run_album.EVERY", 5)


@pytest.fixture
def run(project: Project, often: None) -> Project:
    """Return a project with a run that is over."""
    project.plan(*({"id": name} for name in NAMES))
    project.script({name: [[write(f"{name}.txt"), FINISH]] for name in NAMES})
    assert project.run("--workers", "2").code == 0
    return project


def chain_of(project: Project, run: str = "run") -> list[Snapshot]:
    """Return all snapshots of a run that build on each other."""
    archive = archive_of(RunFolder(project.folder_of(run)))
    assert archive.snapshots is not None
    return archive.snapshots.up_to(10**6, lambda _: True)


def check_every_state(project: Project, run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare each state behind the first snapshot with a fold from the first record on."""
    folder = RunFolder(project.folder_of(run))
    folded = Archive(folder, CODEC)
    states = {at: frame_at(folded, at) for at in range(1, len(project.records(run)) + 1)}
    first = chain_of(project, run)[0].mark.position

    def fail(*_: object) -> None:
        raise AssertionError("the log was folded from its start")

    with monkeypatch.context() as patch:
        patch.setattr("replay.timeline._folded", fail)
        for at, frame in states.items():
            if at >= first:
                assert frame_at(archive_of(folder), at) == frame


def cut(folder: RunFolder, share: float) -> None:
    """Cut a log behind a decision, as a crash would have."""
    data = folder.log.read_bytes()
    end = data.index(SUM_MARK, int(len(data) * share)) + SUM_BYTES
    folder.log.write_bytes(data[:end])
    folder.seal.unlink(missing_ok=True)


def test_a_run_keeps_the_states_that_a_fold_gives(
    run: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(chain_of(run)) > 1
    check_every_state(run, "run", monkeypatch)


def test_a_resumed_run_builds_on_what_it_kept_before(
    run: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = RunFolder(run.folder_of())
    cut(folder, 0.6)
    position = len(run.records())
    before = [one.mark for one in chain_of(run) if one.mark.position <= position]
    run.repo.git("branch", "-D", "trackside/run")
    assert run.resume().code == 0
    after = [one.mark for one in chain_of(run)]
    assert after[: len(before)] == before
    assert after[len(before)].position > position
    check_every_state(run, "run", monkeypatch)


def test_what_was_kept_of_another_log_is_not_built_on(
    run: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {one.mark for one in chain_of(run)}
    shutil.rmtree(run.folder_of())
    run.repo.git("branch", "-D", "trackside/run")
    run.script({name: [[write(f"{name}.md"), FINISH]] for name in NAMES})
    assert run.run("--workers", "2").code == 0
    check_every_state(run, "run", monkeypatch)
    folder = RunFolder(run.folder_of())
    snapshots = archive_of(folder).snapshots
    assert snapshots is not None
    stands = {one.mark for one in snapshots.up_to(10**6, lambda mark: mark not in before)}
    assert stands
    assert not stands & before


def test_without_what_was_kept_a_resumed_run_begins_anew(
    run: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut(RunFolder(run.folder_of()), 0.6)
    run.repo.git("branch", "-D", "trackside/run")
    shutil.rmtree(run.cache)
    assert run.resume().code == 0
    check_every_state(run, "run", monkeypatch)


def test_a_fork_keeps_states_of_its_own(run: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    at = next(one.commit for one in run.records() if isinstance(one.event, ReplyRecorded))
    place = ("--repo", str(run.repo.path), "--run-id", "fork")
    assert trackside("fork", "run", "--at", str(at), *place).code == 0
    assert run.resume("fork").code == 0
    check_every_state(run, "fork", monkeypatch)
    check_every_state(run, "run", monkeypatch)


def test_a_run_that_was_written_to_its_end_is_not_summed_up_by_the_first_look(
    run: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("the log was summed up again")

    monkeypatch.setattr("store.skim.sum_up", fail)
    assert run.answer("show", "run")["position"] == len(run.records())


def test_a_byte_that_was_changed_since_is_noticed_whatever_the_file_says_of_its_age(
    run: Project,
) -> None:
    looks = [
        ("show", "run"),
        ("show", "run", "--at", "9"),
        ("diff", "run@9", "run"),
        ("log", "run"),
    ]
    place = ("--repo", str(run.repo.path))
    assert [trackside(*words, *place).code for words in looks] == [0, 0, 0, 0]
    folder = RunFolder(run.folder_of())
    vouches, before = archive_of(folder).vouches, folder.log.stat()
    assert vouches is not None
    assert vouches.hold(status_of(before))
    data = bytearray(folder.log.read_bytes())
    data[len(data) // 2] ^= 1
    while folder.log.stat().st_ctime_ns == before.st_ctime_ns:  # until the disk's clock has ticked
        folder.log.write_bytes(data)
        os.utime(folder.log, ns=(before.st_atime_ns, before.st_mtime_ns))
    for words in looks:
        told = trackside(*words, *place)
        assert told.code == 4
        assert "is whole and nothing was changed" in told.err


def test_a_short_run_keeps_nothing(project: Project) -> None:
    project.plan({"id": "one"})
    project.script({"one": [[FINISH]]})
    assert project.run().code == 0
    assert not (project.cache / "trackside" / "snapshots").exists()
