"""A run begins in the middle of another one: the same past, shared, and another future."""

import json
from pathlib import Path

import pytest

from events.attempt_events import AttemptEnded, AttemptRebound, CallBegun, ReplyRecorded
from events.fork_words import RunForked
from events.run_events import TicketAssigned, TicketRequeued
from tests.end_to_end.project import Ended, Json, Project, trackside

DONE = {"calls": [{"tool": "finish", "args": {"summary": "done"}}]}


def write(path: str, content: str) -> Json:
    return {"calls": [{"tool": "write_file", "args": {"path": path, "content": content}}]}


@pytest.fixture
def parent(project: Project) -> Project:
    """Return a project with a run of three tickets that is over."""
    project.plan(
        {"id": "one"}, {"id": "two", "depends_on": ["one"]}, {"id": "long", "check": "true"}
    )
    project.script({
        "one": [[write("one.txt", "first\n"), DONE]],
        "two": [[write("two.txt", "second\n" * 500), DONE]],
        "long": [[write("a.txt", "a\n"), write("b.txt", "b\n"), DONE]],
    })  # fmt: skip
    assert project.run("--workers", "1").code == 0
    return project


def forked(project: Project, *words: object, run: str = "fork", of: str = "run") -> Ended:
    place = ["--repo", str(project.repo.path), "--run-id", run]
    return trackside("fork", of, *place, *map(str, words))


def ends(project: Project, run: str = "run") -> list[int]:
    """Return where decisions end, once the plan is on record."""
    found = [one.position for one in project.records(run) if one.position == one.commit]
    return found[1:]


def position_of(project: Project, kind: type, run: str = "run", **facts: object) -> int:
    return next(
        one.position
        for one in project.records(run)
        if isinstance(one.event, kind)
        and all(getattr(one.event, name) == value for name, value in facts.items())
    )


def before_reply(project: Project, attempt: str, turn: int) -> int:
    """Return the position at which the model was asked for that turn."""
    return next(
        one.position
        for one in project.records()
        if one.stream == f"attempt/{attempt}"
        and isinstance(one.event, CallBegun)
        and one.event.turn == turn
    )


def own(project: Project, kind: type, run: str = "fork") -> list[object]:
    """Return the events of a fork behind its past."""
    at = position_of(project, RunForked, run)
    return [
        one.event
        for one in project.records(run)
        if one.position > at and isinstance(one.event, kind)
    ]


def verdict(project: Project, run: str = "fork") -> str:
    """Return what becomes of a run if all of it is worked out again; differences are told."""
    said = trackside("verify", run, "--repo", str(project.repo.path), "--json")
    answer = json.loads(said.out)
    assert said.code == 0, answer["divergences"]
    return str(answer["code"])


def test_a_fork_from_anywhere_goes_on_to_what_its_parent_came_to(parent: Project) -> None:
    positions = ends(parent)
    for number, at in enumerate(positions[:: max(1, len(positions) // 4)]):
        run = f"fork-{number}"
        assert forked(parent, "--at", at, run=run).code == 0
        assert parent.resume(run).code == 0
        assert parent.tree(run) == parent.tree()
        assert verdict(parent, run) == "verified"


def test_the_past_is_shared_and_asks_no_model(parent: Project) -> None:
    at = before_reply(parent, "long.1", 2)
    forked(parent, "--at", at)
    blobs = parent.folder_of() / "blobs"
    mine = [path for path in (parent.folder_of("fork") / "blobs").rglob("*") if path.is_file()]
    assert mine
    for path in mine:
        theirs = blobs / path.relative_to(parent.folder_of("fork") / "blobs")
        assert path.samefile(theirs)
    objects = parent.folder_of("fork") / "git" / "objects"
    assert [
        path for path in objects.rglob("*") if path.is_file() and path.name != "alternates"
    ] == []
    past = [one.event for one in parent.records("fork")[1:-1]]
    assert past == [one.event for one in parent.records()[1:at]]
    before = [one.at for one in parent.records()[1:at]]
    assert [one.at for one in parent.records("fork")[1:-1]] == before
    parent.resume("fork")
    replies = own(parent, ReplyRecorded)
    assert len(replies) == len(parent.events(ReplyRecorded)) - len(
        [one for one in past if isinstance(one, ReplyRecorded)]
    )


def test_lineage_is_on_record_and_shown_and_only_its_own_cost_counts(parent: Project) -> None:
    at = before_reply(parent, "two.1", 2)
    said = forked(parent, "--at", at, "--json")
    answer = json.loads(said.out)
    assert (answer["code"], answer["run"], answer["parent"], answer["at"]) == (
        *("forked", "fork", "run"), at,
    )  # fmt: skip
    where = ["--repo", str(parent.repo.path)]
    status = json.loads(trackside("status", "fork", *where, "--json").out)
    assert (status["parent"]["run"], status["parent"]["position"]) == ("run", at)
    assert status["use"]["tokens"] == 0
    assert status["parent"]["inherited"]["tokens"] == answer["inherited"]["total"] > 0
    parent.resume("fork")
    after = json.loads(trackside("status", "fork", *where, "--json").out)
    whole = json.loads(trackside("status", "run", *where, "--json").out)
    assert after["use"]["tokens"] + after["parent"]["inherited"]["tokens"] == whole["use"]["tokens"]
    shown = json.loads(trackside("show", "fork", *where, "--json").out)
    assert shown["lineage"] == [{"run": "run", "position": at, "sum": answer["sum"]}]
    assert shown["workers"]["total"] == after["use"]["tokens"]
    assert "a fork of run" in trackside("runs", *where).out
    assert "it is a fork of run at position" in trackside("status", "fork", *where).out
    assert "goes its own way from run" in trackside("log", "fork", *where).out


def test_the_code_of_the_past_can_be_checked_out_of_a_fork_of_a_fork(
    parent: Project, tmp_path: Path
) -> None:
    at = position_of(parent, TicketAssigned, ticket="two")
    assert forked(parent, "--at", at).code == 0
    parent.resume("fork")
    middle = position_of(parent, RunForked, "fork")
    assert forked(parent, "--at", middle, run="again", of="fork").code == 0
    where = ["--repo", str(parent.repo.path)]
    assert trackside("checkout", "again", *where, "--at", str(at), str(tmp_path / "out")).code == 0
    assert (tmp_path / "out" / "one.txt").read_text() == "first\n"
    shown = json.loads(trackside("show", "again", *where, "--json").out)
    assert [origin["run"] for origin in shown["lineage"]] == ["run", "fork"]
    assert parent.resume("again").code == 0
    assert parent.tree("again") == parent.tree()


def test_what_is_under_way_goes_on_with_another_model(parent: Project, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text(json.dumps({"tickets": {
        "one": [[DONE]], "two": [[DONE]],
        "long": [[DONE, write("c.txt", "another model\n"), DONE]],
    }}))  # fmt: skip
    at = before_reply(parent, "long.1", 2)
    assert forked(parent, "--at", at, "--model", f"scripted:{other}").code == 0
    assert [one.terms.attempt for one in parent.events(AttemptRebound, run="fork")] == ["long.1"]
    assert parent.resume("fork").code == 0
    assert parent.file("a.txt", "fork") == "a\n"
    assert parent.file("c.txt", "fork") == "another model\n"
    assert parent.world("fork").run.facts.settings.models.ladder == (f"scripted:{other}",)
    assert verdict(parent) == "verified"


def test_a_ladder_can_be_given_in_its_place(parent: Project) -> None:
    (parent.folder / "second.json").write_text(parent.playbook_file.read_text())
    rungs = tuple(f"scripted:{parent.folder / name}.json" for name in ("playbook", "second"))
    assert forked(parent, "--at", ends(parent)[0], "--ladder", ",".join(rungs)).code == 0
    assert parent.world("fork").run.facts.settings.models.ladder == rungs


def test_an_edited_ticket_begins_anew(parent: Project, tmp_path: Path) -> None:
    edit = tmp_path / "edit.toml"
    edit.write_text('description = "Do it otherwise."\ncheck = "test -f a.txt"\n')
    parent.script({
        "one": [[DONE]], "two": [[DONE]],
        "long": [[DONE], [{**write("a.txt", "anew\n"), "expect": ["Do it otherwise."]}, DONE]],
    })  # fmt: skip
    at = before_reply(parent, "long.1", 3)
    said = forked(parent, "--at", at, "--edit-ticket", "long", edit)
    assert "begin anew: long.1" in said.out
    assert [one.attempt for one in parent.events(TicketRequeued, run="fork")] == ["long.1"]
    assert parent.resume("fork").code == 0
    assert parent.file("a.txt", "fork") == "anew\n"
    ticket = parent.ticket("long", "fork")
    assert (ticket.attempts, ticket.tries, ticket.check) == (2, 1, "test -f a.txt")
    assert verdict(parent) == "verified"


def test_a_reply_can_be_given_otherwise(parent: Project, tmp_path: Path) -> None:
    turn = tmp_path / "turn.json"
    turn.write_text(json.dumps({"text": "I know better.", **write("a.txt", "otherwise\n")}))
    reply = next(
        one.position
        for one in parent.records()
        if one.stream == "attempt/long.1" and isinstance(one.event, ReplyRecorded)
    )
    assert forked(parent, "--answer", reply, turn).code == 0
    given = own(parent, ReplyRecorded)[0]
    assert isinstance(given, ReplyRecorded)
    assert (given.served_by, given.usage.total) == ("a person", 0)
    assert parent.events(RunForked, run="fork")[0].changes.answer == reply
    assert parent.resume("fork").code == 0
    assert parent.file("a.txt", "fork") == "otherwise\n"
    assert parent.file("b.txt", "fork") == "b\n"
    assert verdict(parent) == "verified"


def test_another_policy_holds_from_there_on(parent: Project) -> None:
    at = before_reply(parent, "long.1", 2)
    assert forked(parent, "--at", at, "--policy", "ask").code == 0
    assert parent.resume("fork").code == 3
    waits = parent.world("fork").approvals
    assert any(name.startswith("long.1.") for name in waits)
    assert verdict(parent) == "verified"


def test_an_attempt_that_was_called_off_is_over_and_its_question_void(
    project: Project, tmp_path: Path
) -> None:
    project.plan({"id": "shy"})
    project.script({"shy": [[write("a.txt", "a\n"), DONE]] * 2})
    assert project.run("--policy", "ask").code == 3
    edit = tmp_path / "edit.json"
    edit.write_text('{"priority": "high"}')
    last = project.records()[-1].position
    assert forked(project, "--at", last, "--edit-ticket", "shy", edit).code == 0
    assert [one.result for one in project.events(AttemptEnded, run="fork")] == ["cancelled"]
    assert [one.is_open for one in project.world("fork").approvals.values()] == [False]
    assert project.ticket("shy", "fork").status == "pending"
    assert verdict(project) == "verified"


REFUSED = [
    (["--at", "999999"], "has no position 999999: its log goes from 1 to"),
    (["--at", "0"], "has no position 0: its log goes from 1 to"),
    (["--at", "1"], "at position 1 the run was not planned yet; take PLANNED or a later one"),
    (["--at", "2"], "at position 2 the run was not planned yet; take PLANNED or a later one"),
    (["--at", "WITHIN"], "is in the middle of a decision, which counts as a whole; take BEFORE"),
    (["--at", "LAST", "--edit-ticket", "one", "EDIT"], 'ticket "one" is completed'),
    (["--at", "LAST", "--edit-ticket", "nine", "EDIT"], 'has no ticket "nine"'),
    (["--at", "LAST", "--model", "nobody"], 'unknown model "nobody"'),
    (["--at", "LAST", "--policy", "nothing"], "neither a preset"),
    (["--answer", "3", "TURN"], "position 3 is no answer of a model"),
    (["--answer", "x", "TURN"], "POS is a position"),
    (["--answer", "REPLY", "EDIT"], "unknown field"),
    (["--answer", "REPLY", "TURN", "--at", "5"], "at position 5 that call was not out"),
    ([], "name a position with --at"),
]
"""What was typed, and why it is refused."""


def test_what_cannot_be_forked_is_refused_and_leaves_nothing(
    parent: Project, tmp_path: Path
) -> None:
    (tmp_path / "edit.json").write_text('{"priority": "low"}')
    (tmp_path / "turn.json").write_text('{"text": "words"}')
    longest = next(one for one in parent.records() if ends(parent)[0] < one.position < one.commit)
    stand_ins = {
        "LAST": str(parent.records()[-1].position),
        "PLANNED": str(ends(parent)[0]),
        "BEFORE": f"{longest.position - 1},",
        "WITHIN": str(longest.position),
        "REPLY": str(position_of(parent, ReplyRecorded)),
        "EDIT": str(tmp_path / "edit.json"),
        "TURN": str(tmp_path / "turn.json"),
    }
    home = parent.repo.path / ".trackside"
    for words, reason in REFUSED:
        said = forked(parent, *(stand_ins.get(word, word) for word in words))
        assert said.code == 2, words
        assert " ".join(stand_ins.get(word, word) for word in reason.split(" ")) in said.err
        assert "ForkRun" not in said.err
        assert [run.name for run in (home / "runs").iterdir()] == ["run"]
        assert list(home.glob("staged/*")) == []


def test_a_name_that_is_taken_is_refused(parent: Project) -> None:
    said = forked(parent, "--at", ends(parent)[0], run="run")
    assert said.code == 2
    assert "there is a run run already" in said.err


def test_a_fork_alone_is_compared_with_its_parent(parent: Project) -> None:
    assert forked(parent, "--at", ends(parent)[0]).code == 0
    place = ["--repo", str(parent.repo.path), "--json"]
    told, named = (trackside("diff", *names, *place) for names in (["fork"], ["run", "fork"]))
    assert told.code == 0
    assert told == named
    assert [side["run"] for side in json.loads(told.out)["sides"]] == ["run", "fork"]
