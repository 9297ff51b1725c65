"""What becomes of a fork when its parent is damaged or gone: it names what is lost."""

import shutil

import pytest

from events.attempt_events import ToolStarted
from events.journal import LogOpened
from tests.end_to_end.project import Ended, Project, trackside
from tests.end_to_end.scripts import call, command, done, hint, turn, write


@pytest.fixture
def fork(project: Project) -> Project:
    """Return a project with a run, and a fork of it that is over too."""
    project.plan({"id": "one"}, {"id": "two", "depends_on": ["one"]})
    project.script(
        {
            "one": [[turn(command("seq 999; exit 3")), turn(write("one.txt", "a draft\n")),
                     turn(write("one.txt", "1\n" * 2000)), done()]],
            "two": [[turn(write("two.txt", "2\n")), done()]],
        },
        hint(".", "It has no luck."),
    )  # fmt: skip
    assert project.run("--workers", "1").code == 0
    at = next(
        one.commit
        for one in project.records()
        if one.event.__struct_config__.tag == "ticket.completed"
    )
    place = ["--repo", str(project.repo.path), "--run-id", "fork", "--at", str(at)]
    assert trackside("fork", "run", *place).code == 0
    assert project.resume("fork").code == 0
    return project


def is_draft(event: object) -> bool:
    """Return whether the first writing of a file begins."""
    return isinstance(event, ToolStarted) and event.action.tool == "write_file"


def asked(project: Project, *words: str) -> Ended:
    return trackside(*words, "--repo", str(project.repo.path))


def test_a_fork_verifies_with_all_that_it_took_over(fork: Project) -> None:
    answer = fork.answer("verify", "run", "fork")
    whole, forked = (one["counts"] for one in answer["runs"])
    assert answer["code"] == "verified"
    for count in ("prompts", "contexts", "hints", "edits", "merges", "commits"):
        assert forked[count] == whole[count], count
    assert forked["payloads"] > 0


def test_a_damaged_log_of_the_parent_concerns_the_parent_alone(fork: Project) -> None:
    log = fork.folder_of() / "events.jsonl"
    log.write_bytes(log.read_bytes().replace(b"Do two.", b"Do six.", 1))
    assert asked(fork, "verify", "fork").code == 0
    told = asked(fork, "verify", "run", "fork")
    assert told.code == 4
    assert "run fork: everything agrees" in told.out
    assert "is damaged" in told.err
    refused = asked(fork, "fork", "run", "--at", "5", "--run-id", "another")
    assert (refused.code, refused.err) == (4, told.err)


def test_a_payload_that_is_damaged_in_the_parent_is_damaged_in_the_fork(fork: Project) -> None:
    blobs = [path for path in (fork.folder_of() / "blobs").rglob("*") if path.is_file()]
    mine = fork.folder_of("fork") / "blobs"
    shared = [
        path for path in blobs if (mine / path.relative_to(fork.folder_of() / "blobs")).exists()
    ]
    assert shared
    shared[0].chmod(0o600)
    with shared[0].open("r+b") as blob:
        blob.write(b"?")
    answer = fork.answer("verify", "fork")
    assert answer["code"] == "diverged"
    assert {one["kind"] for one in answer["runs"][0]["divergences"]} == {"payload"}


def test_a_fork_whose_parent_is_gone_keeps_its_log_and_names_the_lost_trees(fork: Project) -> None:
    shutil.rmtree(fork.folder_of())
    assert asked(fork, "show", "fork").code == 0
    assert "a fork of run" in asked(fork, "show", "fork").out
    assert asked(fork, "why", "fork", "one").code == 0
    told = asked(fork, "verify", "fork")
    assert told.code == 4
    assert ": tree\n      expected  tree " in told.out
    at = str(next(one.position for one in fork.records("fork") if is_draft(one.event)) + 1)
    draft = asked(fork, "checkout", "fork", str(fork.folder / "out"), "--at", at, "--ticket", "one")
    assert (draft.code, len(draft.err.splitlines())) == (4, 1)
    assert "is missing; the run's git folder" in draft.err
    delivered = asked(fork, "checkout", "fork", str(fork.folder / "tip"))
    assert delivered.code == 0


def test_a_fork_of_a_run_that_was_resumed_verifies_and_so_does_its_own_fork(
    project: Project,
) -> None:
    project.plan({"id": "one", "max_attempts": 1}, {"id": "two", "depends_on": ["one"]})
    gives_up = turn(call("give_up", reason="not yet"))
    project.script(
        {
            "one": [[gives_up], [turn(write("one.txt", "1\n")), done()]],
            "two": [[turn(write("two.txt", "2\n")), done()]],
        }
    )
    place = ["--repo", str(project.repo.path)]
    assert project.run().code == 1
    assert trackside("retry", "run", "one", *place).code == 0
    assert project.resume().code == 0
    for parent, child in (("run", "fork"), ("fork", "grandchild")):
        last = project.records(parent)[-1].position
        words = ["fork", parent, *place, "--run-id", child, "--at", str(last)]
        assert trackside(*words).code == 0
        assert project.resume(child).code == 0
    assert len(project.events(LogOpened)) > 1
    answer = project.answer("verify", "run", "fork", "grandchild")
    assert [one["first"] for one in answer["runs"]] == [None] * 3
    assert answer["code"] == "verified"
