"""What a yes to a command is bound to: its words, the files that it finds, and its surroundings."""

import json
import shutil

import pytest

from events.attempt_events import PermitVoided
from tests.end_to_end.people import open_questions, questions, uses
from tests.end_to_end.project import Ended, Project, ended, started, trackside
from tests.end_to_end.scripts import command, done, turn

COMPLETED, WAITING = 0, 3
A1 = "A.1.c1"
OTHER = {"LC_TELEPHONE": "C", "HOME": "/nonexistent"}
"""What another shell may have; the first is the name of a variable that commands get to see."""


@pytest.fixture
def stepping(project: Project) -> Project:
    """A project with one ticket in step mode, which runs a script that its setup has written."""
    flag = project.outside / "flag"
    setup = f"if test -e {flag}; then echo date >s.sh; else echo true >s.sh; fi; touch {flag}"
    project.plan({"id": "A", "step_mode": True}, setup=setup)
    project.script({"A": [[turn(command("sh s.sh")), done()]]})
    assert project.run().code == WAITING
    return project


def approve(project: Project, approval: str = A1) -> Ended:
    return trackside("approve", "run", approval, "--repo", str(project.repo.path))


def test_a_command_whose_script_has_changed_is_asked_about_anew(stepping: Project) -> None:
    assert approve(stepping).code == COMPLETED
    shutil.rmtree(stepping.cache)  # so the worktree is made again, and set up again
    assert stepping.resume().code == WAITING
    assert len(stepping.events(PermitVoided)) == 1
    assert open_questions(stepping) == ["A.1.c1.2"]
    assert not uses(stepping)
    assert approve(stepping, "A.1.c1.2").code == COMPLETED
    assert stepping.resume().code == COMPLETED
    assert [use.allowed_by for use in uses(stepping)] == ["A.1.c1.2"]


def test_a_command_whose_environment_has_other_names_is_asked_about_anew(
    stepping: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert approve(stepping).code == COMPLETED
    monkeypatch.setenv("LC_TELEPHONE", "C")
    assert stepping.resume().code == WAITING
    assert open_questions(stepping) == ["A.1.c1.2"]
    assert "LC_TELEPHONE" in str(questions(stepping)[-1].preview)
    assert not uses(stepping)


def test_an_edited_command_is_bound_to_where_it_was_asked_and_not_where_it_was_answered(
    stepping: Project,
) -> None:
    (request,) = stepping.answer("approvals", "run")["runs"][0]["requests"]
    assert {"HOME", "PATH"} <= set(request["environment"])
    file = stepping.folder / "edited.json"
    file.write_text(json.dumps({"command": "sh s.sh; echo edited"}))
    words = ("approve", "run", A1, "--edit", str(file), "--repo", str(stepping.repo.path))
    with started(*words, environment=OTHER) as process:
        told = ended(process)
    assert told.code == COMPLETED, told.err
    assert "command: sh s.sh; echo edited" in told.out
    assert f"environment: {' '.join(request['environment'])}\n" in told.out
    assert stepping.resume().code == COMPLETED
    assert not stepping.events(PermitVoided)
    assert [use.action.command for use in uses(stepping)] == ["sh s.sh; echo edited"]
