"""A track that cannot be run is refused whole: every problem in its place, and nothing written."""

import json
from typing import Any

import pytest

from tests.end_to_end.project import Project, trackside

BAD_INPUT = 2

TICKET = {"id": "A", "description": "Do it."}

MALFORMED: dict[str, tuple[Any, tuple[str, ...]]] = {
    "unknown key": ([{**TICKET, "prio": "high"}], ('ticket 1 ("A")', "prio")),
    "wrong type": ([{**TICKET, "depends_on": "B"}], ('ticket 1 ("A").depends_on', "list")),
    "missing key": ([{"id": "A"}], ('ticket 1 ("A")', "description")),
    "duplicate id": ([TICKET, TICKET], ('ticket 2 ("A").id', "A")),
    "unknown dependency": (
        [{**TICKET, "depends_on": ["T9"]}],
        ('ticket 1 ("A").depends_on[0]: no ticket "T9"',),
    ),
    "self-dependency": ([{**TICKET, "depends_on": ["A"]}], ('ticket 1 ("A").depends_on[0]',)),
    "cycle": (
        [
            {**TICKET, "depends_on": ["B"]},
            {**TICKET, "id": "B", "depends_on": ["A"]},
        ],
        ("cycle", "A", "B"),
    ),
    "path outside": ([{**TICKET, "target_file": "../x"}], ('ticket 1 ("A").target_file', "../x")),
    "zero limit": ([{**TICKET, "max_attempts": 0}], ('ticket 1 ("A").max_attempts',)),
    "empty": ([], ("at least one ticket",)),
    "a list of strings": (["A", "B"], ("ticket 1", "ticket 2")),
    "not JSON": (b'[{"id": ', ("JSON",)),
}


@pytest.mark.parametrize("command", ["run", "check"])
@pytest.mark.parametrize("kind", MALFORMED)
def test_a_malformed_track_is_refused(project: Project, kind: str, command: str) -> None:
    content, words = MALFORMED[kind]
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    project.track_file.write_bytes(raw)
    project.script({})
    asked = project.words() if command == "run" else ["check", str(project.track_file)]
    ended = trackside(*asked)
    assert ended.code == BAD_INPUT
    for word in words:
        assert word in ended.err
    assert all(f"{project.track_file}: " in line for line in ended.err.splitlines())
    assert "Traceback" not in ended.err
    assert not (project.repo.path / ".trackside").exists()
    assert not project.cache.exists()


def test_all_problems_of_a_track_are_told_at_once(project: Project) -> None:
    project.plan({"id": "A", "prio": 1}, {"id": "A"}, {"id": "B", "depends_on": ["C", "B"]})
    project.script({})
    ended = project.run()
    assert ended.code == BAD_INPUT
    assert len(ended.err.splitlines()) == 4


def test_a_playbook_that_cannot_be_used_is_refused_before_anything_is_written(
    project: Project,
) -> None:
    project.plan({"id": "A"})
    project.playbook_file.write_text('{"tickets": {"A": [[{}]]}}')
    ended = project.run()
    assert ended.code == BAD_INPUT
    assert "says nothing" in ended.err
    assert not (project.repo.path / ".trackside").exists()


def test_a_name_that_is_taken_is_refused(project: Project) -> None:
    project.plan({"id": "A"})
    project.script({"A": [[{"text": "Done."}]]})
    assert project.run().code == 0
    before = project.records()
    ended = project.run()
    assert (ended.code, ended.out) == (BAD_INPUT, "")
    assert "run" in ended.err
    assert project.records() == before


def test_an_empty_name_is_refused_and_is_not_the_same_as_none(project: Project) -> None:
    project.plan({"id": "A"})
    project.script({"A": [[{"text": "Done."}]]})
    assert project.run(run="").code == BAD_INPUT
    assert not (project.repo.path / ".trackside").exists()
    assert project.run().code == 0
    before = project.records()
    place = ["--repo", str(project.repo.path)]
    for words in (
        ["status", ""],
        ["cancel", ""],
        ["retry", "", "A"],
        ["retry", "run", ""],
        ["approve", "run", ""],
        ["why", "", "A"],
        ["diff", "", "run"],
        ["verify", ""],
        ["policy", "test", "", "--policy", "auto"],
        ["fork", "", "--at", "3"],
        ["fork", "run", "--at", "5", "--run-id", ""],
    ):
        assert (trackside(*words, *place).code, words) == (BAD_INPUT, words)
    assert project.records() == before
    assert [one.name for one in project.folder_of().parent.iterdir()] == ["run"]
