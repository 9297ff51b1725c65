"""What comes of a run in the user's repository, and what is left alone."""

import hashlib
import re
from pathlib import Path

import pytest

from events import run_events as run
from tests.end_to_end.project import Project, trackside
from tests.end_to_end.scripts import call, done, turn, write

COMPLETED, BLOCKED, BAD_INPUT = 0, 1, 2


@pytest.fixture
def small(project: Project) -> Project:
    project.plan({"id": "A"})
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    return project


def test_a_run_changes_nothing_in_the_repository_but_its_branch(small: Project) -> None:
    repo = small.repo
    repo.write("app.py", "A = 'changed, not staged'\n")
    repo.write("staged.txt", "staged\n")
    repo.git("add", "staged.txt")
    repo.git("stash")
    repo.write("staged.txt", "staged again\n")
    repo.git("add", "staged.txt")
    repo.write("untracked.txt", "untracked\n")
    repo.git("branch", "other")
    before = state(small)
    assert small.run().code == COMPLETED
    assert state(small) == before
    assert repo.git("status", "--porcelain").splitlines() == ["A  staged.txt", "?? untracked.txt"]


def test_apply_moves_a_clean_checkout_forward(small: Project) -> None:
    ended = small.run("--deliver", "apply")
    assert ended.code == COMPLETED
    assert (small.repo.path / "a.txt").read_text() == "a\n"
    assert small.repo.git("status", "--porcelain") == ""
    assert small.repo.git("rev-parse", "main") == small.world().run.commit
    assert not small.repo.git("branch", "--list", "trackside/*")


def test_apply_leaves_a_changed_checkout_alone_and_delivers_the_branch(small: Project) -> None:
    small.repo.write("app.py", "A = 'mine'\n")
    ended = small.run("--deliver", "apply")
    assert ended.code == COMPLETED
    assert (small.repo.path / "app.py").read_text() == "A = 'mine'\n"
    assert "changes that are not committed" in ended.out
    assert small.repo.git("rev-parse", "trackside/run") == small.world().run.commit


def test_apply_moves_on_what_the_run_has_moved_before(project: Project) -> None:
    project.plan({"id": "A"}, {"id": "B", "max_attempts": 1})
    give_up = turn(call("give_up", reason="not yet"))
    second = [turn(write("b.txt", "b\n")), done()]
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]], "B": [[give_up], second]})
    assert project.run("--deliver", "apply").code == BLOCKED
    assert (project.repo.path / "a.txt").exists()
    project.answer("retry", "run", "B")
    ended = project.resume()
    assert ended.code == COMPLETED
    assert (project.repo.path / "b.txt").read_text() == "b\n", ended.out
    assert project.repo.git("rev-parse", "main") == project.world().run.commit


def test_apply_leaves_an_ignored_file_alone_that_a_worker_has_written_too(project: Project) -> None:
    project.repo.commit(**{".gitignore": ".env\n"})
    project.repo.write(".env", "KEY=mine\n")
    project.plan({"id": "A"})
    project.script({"A": [[turn(write(".env", "KEY=test\n")), done()]]})
    ended = project.run("--deliver", "apply")
    assert ended.code == COMPLETED
    assert (project.repo.path / ".env").read_text() == "KEY=mine\n"
    assert ".env is in the way" in ended.out
    assert project.repo.git("show", "trackside/run:.env") == "KEY=test"


def test_none_delivers_nothing(small: Project) -> None:
    before = state(small)
    assert small.run("--deliver", "none").code == COMPLETED
    assert state(small) == before
    assert not small.repo.git("branch", "--list", "trackside/*")
    assert not small.events(run.RunDelivered)


def test_a_blocked_run_delivers_what_is_completed_and_says_why_the_rest_is_not(
    project: Project,
) -> None:
    project.plan(
        {"id": "A"},
        {"id": "B", "max_attempts": 1},
        {"id": "C", "depends_on": ["B"]},
        {"id": "D", "depends_on": ["C"]},
    )
    project.script(
        {
            "A": [[turn(write("a.txt", "a\n")), done()]],
            "B": [[turn(call("give_up", reason="the price is not known"))]],
        }
    )
    ended = project.run()
    assert ended.code == BLOCKED
    assert project.repo.git("log", "--format=%s", "main..trackside/run") == "A: Do A."
    assert "the price is not known" in ended.out
    plan = project.world().run.plan
    assert {ticket.id: ticket.block.by for ticket in plan.tickets.values() if ticket.block} == {
        "B": None,
        "C": "B",
        "D": "C",
    }
    chain = next(line for line in ended.out.splitlines() if line.strip().startswith("D"))
    assert "C" in chain


@pytest.mark.parametrize(
    ("branch", "words"),
    [
        ("trackside/run", "branch trackside/run of .* exists already"),
        ("trackside", "branch trackside of .* is in the way of trackside/run; rename it"),
        ("trackside/run/more", "branch trackside/run/more of .* is in the way of trackside/run"),
    ],
)
def test_a_run_whose_branch_could_not_be_made_does_not_begin(
    small: Project, branch: str, words: str
) -> None:
    small.repo.git("branch", branch)
    ended = small.run()
    assert ended.code == BAD_INPUT
    assert re.fullmatch(f"trackside: {words}.*\n", ended.err)
    assert not small.folder_of().parent.parent.exists()
    assert small.run("--deliver", "none").code == COMPLETED


def test_a_run_whose_branch_awaits_its_first_commit_elsewhere_does_not_begin(
    small: Project,
) -> None:
    elsewhere = str(small.repo.path.parent / "elsewhere")
    small.repo.git("worktree", "add", "-q", "--detach", elsewhere)
    small.repo.git("-C", elsewhere, "checkout", "-q", "--orphan", "trackside/run")
    ended = small.run()
    assert ended.code == BAD_INPUT
    words = "branch trackside/run is checked out in .*/elsewhere; switch to another there"
    assert re.fullmatch(f"trackside: {words}\n", ended.err)
    assert not small.folder_of().parent.parent.exists()


def test_a_name_that_no_branch_can_have_is_no_name_for_a_run(small: Project) -> None:
    ended = small.run(run="x.lock")
    assert ended.code == BAD_INPUT
    assert "'x.lock' cannot name a run" in ended.err
    assert not small.folder_of().parent.parent.exists()


def test_a_run_that_exists_is_told_apart_from_its_branch(small: Project) -> None:
    assert small.run().code == COMPLETED
    assert "there is a run run already" in small.run().err


def test_a_fork_whose_branch_could_not_be_made_is_not_begun(small: Project) -> None:
    assert small.run().code == COMPLETED
    small.repo.git("branch", "trackside/fork")
    place = ("--repo", str(small.repo.path))
    ended = trackside("fork", "run", "--at", "8", "--run-id", "fork", *place)
    assert ended.code == BAD_INPUT
    assert "branch trackside/fork of" in ended.err
    assert not small.folder_of("fork").exists()


def test_a_run_whose_delivery_is_refused_is_no_success_until_it_is_delivered(
    project: Project,
) -> None:
    give_up = turn(call("give_up", reason="not yet"))
    project.plan({"id": "A", "max_attempts": 1})
    project.script({"A": [[give_up], [turn(write("a.txt", "a\n")), done()]]})
    assert project.run().code == BLOCKED
    project.repo.git("branch", "trackside/run")
    project.answer("retry", "run", "A")
    ended = project.resume()
    assert ended.code == BLOCKED
    assert "run run is completed" in ended.out
    assert "not delivered: " in ended.out
    assert "trackside resume run" in ended.out
    project.repo.git("branch", "-m", "trackside/run", "mine")
    assert project.resume().code == COMPLETED
    assert project.repo.git("rev-parse", "trackside/run") == project.world().run.commit


def state(project: Project) -> dict[str, str]:
    """A digest of every file of the user but objects, and of the run's branch and folder."""
    found = {}
    ours = (".trackside/", ".git/objects/")
    for place in sorted(project.repo.path.rglob("*")):
        name = str(place.relative_to(project.repo.path))
        if place.is_file() and not name.startswith(ours) and "heads/trackside" not in name:
            found[name] = _digest(place)
    return found


def _digest(place: Path) -> str:
    return f"{place.stat().st_mode:o} {hashlib.sha256(place.read_bytes()).hexdigest()}"
