"""A playbook that is named by a relative path is found again from any folder."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.project import Project, trackside
from tests.end_to_end.scripts import done, turn, write

COMPLETED, REFUSED, WAITING = 0, 2, 3

OVERRIDE = {"model_override": "scripted:own.json"}
KIND = {"assigned_to": "dev"}
DEV = '[archetypes.dev]\nmodel = "scripted:own.json"\n'
FALLBACK = '[models]\nfallback = "scripted:own.json"\n'


@pytest.fixture
def own(project: Project, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A playbook in the folder in which the program is started."""
    place = project.folder / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    script = {"tickets": {"A": [[turn(write("a.txt", "a\n")), done()]]}}
    (place / "own.json").write_text(json.dumps(script))
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    return place / "own.json"


@pytest.mark.parametrize(
    ("ticket", "settings"), [(OVERRIDE, ""), (KIND, DEV), ({}, FALLBACK)], ids=str
)
def test_a_resume_from_another_folder_finds_it(
    project: Project,
    own: Path,
    monkeypatch: pytest.MonkeyPatch,
    ticket: dict[str, Any],
    settings: str,
) -> None:
    if settings:  # what a file says is meant from its own folder
        project.configure(settings)
        own = own.rename(project.folder / "config" / "trackside" / own.name)
    project.plan({"id": "A", "step_mode": True, **ticket})
    assert project.run().code == WAITING
    assert "the run keeps" not in project.resume().err
    monkeypatch.chdir(project.folder)
    resumed = project.resume()
    assert resumed.code == WAITING, resumed.err
    facts = project.world().run.facts
    kinds = [kind.model for kind in facts.settings.archetypes.values()]
    named = {*kinds, facts.settings.models.fallback, project.ticket("A").model_override}
    assert named - {None} == {f"scripted:{own}"}


def test_a_repository_names_it_from_its_own_folder(
    project: Project, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = own.rename(project.repo.path / own.name)
    (project.repo.path / "trackside.toml").write_text(
        '[models]\nladder = ["scripted:own.json"]\nqa = "scripted:own.json"\n'
    )
    project.plan({"id": "A", "step_mode": True})
    assert trackside(*project.words_by(None)).code == WAITING
    assert project.world().run.facts.settings.models.ladder == (f"scripted:{said}",)
    monkeypatch.chdir(project.folder)
    resumed = project.resume()
    assert resumed.code == WAITING, resumed.err
    assert "the run keeps" not in resumed.err


def test_an_edited_ticket_of_a_fork_finds_it_too(
    project: Project, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.plan({"id": "A", "step_mode": True})
    assert project.run().code == WAITING
    Path("A.json").write_text(json.dumps(OVERRIDE))
    words = ["run", "--at", "4", "--edit-ticket", "A", "A.json", "--repo", str(project.repo.path)]
    made = trackside("fork", *words, "--run-id", "second")
    assert made.code == COMPLETED, made.err
    monkeypatch.chdir(project.folder)
    assert project.resume("second").code == WAITING
    assert project.ticket("A", "second").model_override == f"scripted:{own}"


def test_an_edited_ticket_of_a_fork_names_a_model_that_there_is(
    project: Project, own: Path
) -> None:
    project.plan({"id": "A", "step_mode": True})
    assert project.run().code == WAITING
    Path("A.json").write_text(json.dumps({"model_override": "scripted:none.json"}))
    words = ["run", "--at", "4", "--edit-ticket", "A", "A.json", "--repo", str(project.repo.path)]
    refused = trackside("fork", *words, "--run-id", "second")
    assert refused.code == REFUSED
    assert str(own.with_name("none.json")) in refused.err
    assert not project.folder_of("second").exists()
