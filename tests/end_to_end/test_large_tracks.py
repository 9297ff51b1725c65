"""Many tickets: all of them complete, and nothing is left behind."""

from pathlib import Path

import pytest

from events import run_events as run
from store.run_folder import RunFolder
from tests.end_to_end.project import Project, trackside
from tests.end_to_end.scripts import call, done, turn

COMPLETED, BLOCKED, REFUSED = 0, 1, 2
MIB = 1024**2


def test_two_hundred_tickets_complete_and_leave_nothing_behind(project: Project) -> None:
    names = [f"T{number}" for number in range(200)]
    project.plan(*({"id": name} for name in names))
    project.script({name: [[turn(text="Nothing to do.")]] for name in names})
    assert project.run("--workers", "8").code == COMPLETED
    assert len(project.events(run.TicketCompleted)) == len(names)
    assert files_below(project.cache) == []
    assert not [file for file in files_below(project.folder_of()) if ".new" in file.suffixes]
    kept = {"answers", "blobs", "events.jsonl", "git", "lock", "seal.json", "trackside.log"}
    assert {file.name for file in project.folder_of().iterdir()} == kept
    git = {file.name for file in (project.folder_of() / "git").iterdir()}
    assert git == {"HEAD", "config", "info", "objects", "refs"}
    children = Path("/proc/self/task").glob("*/children")
    assert [file.read_text() for file in children if file.read_text()] == []


def test_three_thousand_tickets_are_planned_in_records_that_fit_and_folded_again(
    project: Project,
) -> None:
    names = [f"T{number}" for number in range(3000)]
    project.plan(
        {"id": "first", "max_attempts": 1},
        *({"id": name, "depends_on": ["first"], "description": "x" * 400} for name in names),
    )
    project.script({"first": [[turn(call("give_up", reason="it is a riddle"))]]})
    assert project.run("--json").code == BLOCKED
    log = (project.folder_of() / "events.jsonl").read_bytes()
    assert max(map(len, log.splitlines())) < MIB
    assert len(project.events(run.TicketsPlanned)) > 1
    assert project.resume("run", "--json").code == BLOCKED
    plan = project.world().run.plan
    assert plan.count("blocked") == len(names) + 1


def test_a_plan_that_was_cut_short_is_completed_by_a_resume(project: Project) -> None:
    names = [f"T{number}" for number in range(900)]
    project.plan(
        {"id": "first", "max_attempts": 1},
        *({"id": name, "depends_on": ["first"], "description": "x" * 400} for name in names),
    )
    project.script({"first": [[turn(call("give_up", reason="it is a riddle"))]]})
    assert project.run().code == BLOCKED
    whole = project.world().run.plan
    cut_behind(project, 3)
    assert project.world().run.standing == "planning"
    told = trackside("status", "--repo", str(project.repo.path))
    assert "`trackside resume run` goes on" in told.err

    log, plan = project.folder_of() / "events.jsonl", project.track_file.read_bytes()
    cut = log.stat().st_size
    project.track_file.write_bytes(plan + b"\n")
    changed = project.resume()
    assert changed.code == REFUSED
    assert "track.json has changed since; start the track again, under another name" in changed.err
    project.track_file.unlink()
    assert "there is no such file; start the track again, under" in project.resume().err
    assert log.stat().st_size == cut

    project.track_file.write_bytes(plan)
    assert project.resume().code == BLOCKED
    assert [*project.world().run.plan] == [*whole]
    assert trackside("verify", "run", "--repo", str(project.repo.path)).code == COMPLETED


def test_a_run_without_a_start_is_to_be_started_again(project: Project) -> None:
    project.plan({"id": "A"})
    project.script({"A": [[done()]]})
    assert project.run().code == COMPLETED
    cut_behind(project, 1)
    again = project.resume()
    assert again.code == REFUSED
    assert "so it did nothing; start the track again" in again.err
    project.repo.git("branch", "-D", "trackside/run")
    done_again = project.run()
    assert done_again.code == COMPLETED, done_again.err
    assert trackside("verify", "run", "--repo", str(project.repo.path)).code == COMPLETED
    taken = project.run()
    assert (taken.code, taken.out) == (REFUSED, "")
    assert "there is a run run already" in taken.err


def test_of_two_that_begin_the_same_run_at_once_one_does(project: Project) -> None:
    project.plan({"id": "A"})
    project.script({"A": [[done()]]})
    create = RunFolder.create

    def create_slowly(repository: Path, run: str) -> RunFolder:
        folder = create(repository, run)
        patch.undo()
        assert project.run("--deliver", "none").code == COMPLETED
        return folder

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RunFolder, "create", create_slowly)
        slower = project.run()
    assert slower.code == REFUSED
    assert "there is a run run already" in slower.err
    assert trackside("verify", "run", "--repo", str(project.repo.path)).code == COMPLETED


def cut_behind(project: Project, position: int) -> None:
    """Leave of the run what a power cut would have left of it."""
    log = project.folder_of() / "events.jsonl"
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:position]))
    (project.folder_of() / "seal.json").unlink()


def files_below(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]
