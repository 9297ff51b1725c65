"""A resume that is refused leaves the log as it was; once the trouble is mended, it goes on."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.project import Project
from tests.end_to_end.scripts import done, turn, write

COMPLETED, REFUSED, WAITING, DAMAGED = 0, 2, 3, 4

Mend = Callable[[], object]


@pytest.fixture
def waiting(project: Project) -> Project:
    """A run that waits for an answer."""
    project.configure("")
    project.plan({"id": "A", "step_mode": True})
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    assert project.run().code == WAITING
    return project


def no_playbook(project: Project) -> Mend:
    kept = project.playbook_file.rename(project.folder / "kept")
    return lambda: kept.rename(project.playbook_file)


def no_trees(project: Project) -> Mend:
    place = project.folder_of() / "git"
    kept = place.rename(project.folder / "kept")
    return lambda: kept.rename(place)


def no_place_for_commands(project: Project) -> Mend:
    project.outside.rmdir()
    return project.outside.mkdir


def prices_that_are_none(project: Project) -> Mend:
    prices = project.folder / "config" / "trackside" / "prices.toml"
    prices.write_text("a price\n")
    return prices.unlink


def digest_of(log: Path) -> str:
    return hashlib.sha256(log.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("trouble", "code", "words"),
    [
        (no_playbook, REFUSED, "playbook.json"),
        (no_trees, DAMAGED, "the run has no git repository"),
        (no_place_for_commands, REFUSED, "sandbox.writable"),
        (prices_that_are_none, REFUSED, "prices.toml"),
    ],
)
def test_a_resume_that_is_refused_changes_nothing_on_record(
    waiting: Project, trouble: Callable[[Project], Mend], code: int, words: str
) -> None:
    mend = trouble(waiting)
    log = waiting.folder_of() / "events.jsonl"
    before = digest_of(log)
    refused = waiting.resume()
    assert (refused.code, refused.out) == (code, "")
    assert words in refused.err
    assert digest_of(log) == before
    mend()
    assert waiting.resume().code == WAITING
    assert digest_of(log) != before
