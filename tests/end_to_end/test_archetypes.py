"""An archetype of the configuration: how far its workers are trusted, and with what they work."""

import json

import pytest

from events.attempt_events import ToolFinished
from tests.end_to_end.people import open_questions
from tests.end_to_end.project import Project, trackside
from tests.end_to_end.scripts import call, command, done, turn, write
from workspace import context
from workspace.context import system_of
from workspace.tool_schemas import TOOLS

ALL_TOOLS = frozenset(tool.name for tool in TOOLS)
COMPLETED, BAD_INPUT, WAITING = 0, 2, 3


def test_a_worker_is_trusted_asked_and_equipped_as_its_archetype_says(project: Project) -> None:
    other = project.folder / "other.json"
    turns = [
        turn(command("ls"), expect=("Be careful.",)),
        turn(write("a.txt", "a\n"), expect=("run_command",)),
        done(),
    ]
    other.write_text(json.dumps({"tickets": {"A": [turns]}}))
    project.configure(
        '[archetypes.clerk]\ntrust = "step"\nprompt = "Be careful."\n'
        f'tools = ["write_file", "finish"]\nmodel = "scripted:{other}"\n'
    )
    project.plan({"id": "A", "assigned_to": "clerk"}, {"id": "B"})
    project.script({"B": [[turn(call("read_file", path="app.py")), done("A = 1")]]})
    assert project.run().code == WAITING
    assert [result.refused for result in project.events(ToolFinished)].count(True) == 1
    assert open_questions(project) == ["A.1.c2"]
    words = ("run", "A.1.c2", "--repo", str(project.repo.path))
    assert trackside("approve", *words).code == COMPLETED
    assert project.resume().code == COMPLETED
    assert project.file("a.txt") == "a\n"


def test_an_archetype_that_nobody_knows_is_refused_before_anything_happens(
    project: Project,
) -> None:
    project.plan({"id": "A", "assigned_to": "ghost"})
    project.script({"A": [[done()]]})
    told = project.run()
    assert told.code == BAD_INPUT
    assert 'ticket 1 ("A").assigned_to: no archetype "ghost"' in told.err
    assert not project.folder_of().exists()


def test_the_archetype_unassigned_is_the_default_worker(project: Project) -> None:
    project.plan({"id": "A", "assigned_to": "unassigned"}, {"id": "B"})
    project.script({"A": [[done()]], "B": [[done()]]})
    assert project.run().code == COMPLETED


@pytest.mark.parametrize("named", [None, ALL_TOOLS])
def test_the_rules_that_a_worker_was_told_are_made_again(
    project: Project, monkeypatch: pytest.MonkeyPatch, named: frozenset[str] | None
) -> None:
    project.configure('[archetypes.clerk]\ntools = ["write_file"]\n')
    project.plan({"id": "A", "assigned_to": "clerk"})
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    with monkeypatch.context() as past:
        if named is not None:  # as earlier versions had it
            past.setattr(context, "system_of", lambda brief, _: system_of(brief, named))
        assert project.run().code == COMPLETED
    system = project.answer("context", "run", "A")["prompt"]["system"]
    assert ("read_file" in system) is (named is not None)
    assert project.answer("verify", "run")["code"] == "verified"
