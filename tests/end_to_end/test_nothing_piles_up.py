"""What a run holds does not grow with its tickets: all of it is given back, whatever they did."""

import os
import subprocess
import threading
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

import pytest

from events import run_events as run
from tests.end_to_end.fixtures import LAST_STEPS_S
from tests.end_to_end.project import Project
from tests.end_to_end.scripts import call, turn

BLOCKED = 1


class Held(NamedTuple):
    """What this process holds."""

    threads: int
    descriptors: int
    children: int

    @classmethod
    def now(cls, known: Collection[threading.Thread]) -> "Held":
        """Return it once every thread but the known has said its last word."""
        for late in set(threading.enumerate()).difference(known):
            late.join(LAST_STEPS_S)
        children = (file.read_text().split() for file in Path("/proc/self/task").glob("*/children"))
        descriptors = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  # names, not files
        return cls(threading.active_count(), descriptors, sum(map(len, children)))


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that temporary files go to."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    return folder


def conducted(project: Project, name: str, tickets: int) -> None:
    """Run tickets that edit and run a failing command, and one that gives up, twice."""
    names = [f"T{number}" for number in range(tickets)]
    project.plan(*({"id": each} for each in names), {"id": "riddle", "max_attempts": 2})
    works = [
        turn(call("write_file", path="new.txt", content=name)),
        turn(call("run_command", command="echo made > made.txt; exit 3")),
        turn(call("finish", summary="done")),
    ]
    riddle = [[turn(call("give_up", reason="it is a riddle"))]] * 2
    project.script({**{each: [works] for each in names}, "riddle": riddle})
    assert project.run("--workers", "4", run=name).code == BLOCKED
    assert len(project.events(run.TicketCompleted, run=name)) == tickets


def refs_of(repository: Path) -> list[str]:
    words = ["git", "for-each-ref", "--format=%(refname)"]
    done = subprocess.run(words, cwd=repository, capture_output=True, check=True, text=True)
    return done.stdout.split()


def test_a_run_gives_back_all_it_held_however_many_tickets_it_has(
    project: Project, temporary: Path
) -> None:
    known, refs = threading.enumerate(), refs_of(project.repo.path)
    conducted(project, "first", 2)  # whatever is loaded once stays
    before = Held.now(known)
    conducted(project, "few", 3)
    conducted(project, "many", 24)
    assert Held.now(known) == before
    assert list(temporary.iterdir()) == []
    assert [path for path in project.cache.rglob("*") if not path.is_dir()] == []
    delivered = {f"refs/heads/trackside/{name}" for name in ("first", "few", "many")}
    assert set(refs_of(project.repo.path)) == {*refs, *delivered}
    for name in ("first", "few", "many"):
        folder = project.folder_of(name)
        assert refs_of(folder / "git") == []
        assert not [
            path for path in folder.rglob("*") if path.match("tmp_*") or path.suffix == ".new"
        ]
