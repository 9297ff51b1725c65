"""Many tickets: all of them complete, and nothing is left behind."""

from pathlib import Path

from events import run_events as run
from tests.end_to_end.project import Project
from tests.end_to_end.scripts import call, turn

COMPLETED, BLOCKED = 0, 1
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


def files_below(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]
