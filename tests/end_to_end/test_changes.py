"""What has changed since a run began: a resume says so, and keeps to what the run began with."""

from pathlib import Path

import pytest

from tests.end_to_end.project import Project, trackside
from tests.end_to_end.scripts import done, turn, write

COMPLETED, WAITING = 0, 3
POLICY = '[[rule]]\nverdict = "ask"\ntool = "write_file"\n\n[[rule]]\nverdict = "allow"\n'


@pytest.fixture
def waiting(project: Project) -> Project:
    """A run that waits for an answer, under a policy file and the flags of its command line."""
    project.plan({"id": "A"})
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    policy = project.folder / "policy.toml"
    policy.write_text(POLICY)
    assert project.run("--policy", str(policy), "--workers", "3").code == WAITING
    return project


def test_a_resume_has_nothing_to_say_where_nothing_has_changed(waiting: Project) -> None:
    assert "the run keeps" not in waiting.resume().err


def test_a_resume_names_what_has_changed_and_keeps_what_the_run_began_with(
    waiting: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    (waiting.folder / "policy.toml").write_text('[[rule]]\nverdict = "allow"\n')
    (waiting.repo.path / "trackside.toml").write_text("[limits]\nturns = 7\n")
    monkeypatch.setenv("TRACKSIDE_WORKERS", "9")
    track = waiting.folder / "track.json"
    track.write_text(track.read_text() + "\n")
    said = waiting.resume().err
    assert f"the track file {track} has changed; the run keeps the plan" in said
    assert f"the policy {waiting.folder / 'policy.toml'} has changed; the run keeps the one" in said
    assert "trackside.toml: limits.turns is 7; the run keeps 40\n" in said
    assert "workers" not in said


def test_what_cannot_be_read_any_more_is_told_in_a_line_each(waiting: Project) -> None:
    (waiting.folder / "policy.toml").unlink()
    (waiting.folder / "track.json").unlink()
    (waiting.repo.path / "trackside.toml").write_text("workers = [\n")
    told = waiting.resume()
    assert told.code == WAITING
    lines = [line for line in told.err.splitlines() if "the run keeps" in line]
    assert [line.partition(";")[0].rpartition(" ")[2] for line in lines[:2]] == ["gone", "more"]
    assert len(lines) == 3
    assert "today's is of no use" in lines[2]


def test_a_playbook_that_the_configuration_names_is_no_change(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.plan({"id": "A"})
    policy = project.folder / "policy.toml"
    policy.write_text('[[rule]]\nverdict = "ask"\n')
    monkeypatch.chdir(project.repo.path)
    Path("trackside.toml").write_text('[models]\nladder = ["scripted:book.json"]\n')
    Path("book.json").write_text('{"tickets": {"A": [[{"text": "done"}]]}}')
    project.configure(f'[models]\nqa = "scripted:{Path.cwd() / "book.json"}"')
    asked = trackside(*project.words_by(None, "--policy", str(policy)))
    assert asked.code == WAITING, asked.err
    assert "the run keeps" not in project.resume().err


def test_archetypes_that_came_or_went_are_told_in_words(waiting: Project) -> None:
    (waiting.repo.path / "trackside.toml").write_text('[archetypes.dev]\nprompt = "Be kind."\n')
    said = waiting.resume().err
    assert 'trackside.toml: archetypes.dev.prompt is "Be kind."; the run goes on without\n' in said
    assert "archetypes is" not in said
    assert "archetypes.dev.model" not in said
    assert "not set" not in said


def test_an_archetype_that_went_is_told_and_kept(project: Project) -> None:
    file = project.repo.path / "trackside.toml"
    file.write_text('[archetypes.dev]\nprompt = "Be kind."\n')
    project.plan({"id": "A", "step_mode": True})
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    assert project.run().code == WAITING
    file.unlink()
    said = project.resume().err
    assert 'archetypes.dev.prompt is not set any more; the run keeps "Be kind."\n' in said
