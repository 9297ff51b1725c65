"""The console script: quick to start, and deaf to what lies about where it is called."""

import os
import subprocess
import sys
from importlib.metadata import packages_distributions

import pytest

from events.run_events import RunEnded
from tests.end_to_end.project import TRACKSIDE, UNMEASURED, Project, ended, started
from tests.end_to_end.scripts import done, turn, write

PACKAGES = ("actors", "cli", "events", "models", "replay", "store", "workspace")
HEAVY = {
    *("asyncio", "concurrent", "google", "httpx2", "msgspec", "pydantic", "pykka", "rich", "rpds"),
    *("opentelemetry", "requests", "socket", "structlog", "subprocess", "tree_sitter", "tempfile"),
    *(name for name in PACKAGES if name != "cli"),
}


def test_help_imports_next_to_nothing() -> None:
    helped = subprocess.run(
        [sys.executable, "-X", "importtime", TRACKSIDE, "--help"],
        env=os.environ | UNMEASURED,
        capture_output=True,
        text=True,
        check=True,
    )
    imported = [line.rpartition("|")[2].strip() for line in helped.stderr.splitlines()]
    assert "cli.main" in imported
    assert HEAVY.intersection(name.partition(".")[0] for name in imported) == set()


def test_folders_in_the_working_directory_are_not_taken_for_ours(project: Project) -> None:
    for name in PACKAGES:
        project.repo.write(f"{name}/__init__.py", "raise RuntimeError('a decoy')\n")
    project.repo.commit()
    project.plan({"id": "A"})
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    words = [word if word != str(project.repo.path) else "." for word in project.words()]
    with started(*words, cwd=project.repo.path) as process:
        run = ended(process)
    assert run.code == 0
    assert "decoy" not in run.err


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_run_is_done_whoever_has_closed_its_streams(project: Project, closed: str) -> None:
    project.plan({"id": "A"})
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    words = [str(TRACKSIDE), *project.words()]
    run = subprocess.run(["/bin/sh", "-c", f'"$0" "$@" {closed}', *words], check=False)
    assert run.returncode == 0
    assert project.file("a.txt") == "a\n"
    assert project.events(RunEnded)


def test_a_run_says_that_it_is_without_what_is_not_committed(project: Project) -> None:
    project.plan({"id": "A"})
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    note = f"trackside: {project.repo.path} has changes that are not committed; the run is without"
    assert note not in project.run().err
    tracked = project.repo.git("ls-files").splitlines()[0]
    project.repo.write(tracked, "changed\n")
    told = project.run(run="again")
    assert told.code == 0
    assert told.err.count(note) == 1


def test_no_other_distribution_has_packages_of_our_names() -> None:
    owners = packages_distributions()
    for name in PACKAGES:
        assert set(owners.get(name, ["trackside"])) == {"trackside"}
