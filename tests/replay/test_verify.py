"""What `verify` works out again, and what it notices."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from events import run_events
from events.hint import HintGiven
from replay.timeline import frame_at
from store.run_folder import RunFolder
from tests.git_repo import contents
from tests.replay.recorded import Json, archive_of, call, copy_of, finish, forge, play, turn
from tests.replay.verdicts import first_of, verdict_on


@pytest.fixture
def copy(baked: RunFolder, tmp_path: Path) -> RunFolder:
    return copy_of(baked, tmp_path)


def test_a_run_as_it_was_written_agrees_in_everything(baked: RunFolder) -> None:
    verdict = verdict_on(baked)
    assert verdict.divergences == ()
    assert verdict.code == "verified"
    counts = verdict.counts
    assert counts.records == verdict.position == archive_of(baked).folder.read_seal().position  # type: ignore[union-attr]
    assert counts.decisions > 150
    assert min(counts.prompts, counts.contexts, counts.hints, counts.payloads) > 0
    assert min(counts.edits, counts.unseen_edits, counts.commands) > 0
    assert min(counts.merges, counts.commits, counts.objects) > 0


def test_runs_with_questions_answers_and_crashes_agree_as_well(
    waiting: RunFolder, answered: RunFolder, crashed: RunFolder
) -> None:
    for folder in (waiting, answered, crashed):
        verdict = verdict_on(folder)
        assert verdict.divergences == ()
        assert verdict.code == "verified"


def test_a_verdict_says_what_it_cannot_know(baked: RunFolder) -> None:
    unknown = " ".join(verdict_on(baked).unknown)
    for words in ("their words", "clock", "kept elsewhere", "no command is run", "git ignores"):
        assert words in unknown
    assert "missing at the end" not in unknown


def test_a_verification_writes_nothing(baked: RunFolder) -> None:
    repository = baked.path.parents[2]
    before = contents(repository)
    verdict_on(baked)
    assert contents(repository) == before


def swap(kind: str, **facts: object) -> Callable[[Json], None]:
    """Return a change of every event of a type, the first one only."""
    done: list[int] = []

    def change(record: Json) -> None:
        if record["event"]["type"] == kind and not done:
            done.append(record["position"])
            record["event"].update(facts)

    return change


@pytest.mark.parametrize(
    ("kind", "facts", "expected"),
    [
        ("attempt.replied", {"text": "I never said so."}, "decision"),
        ("attempt.call_begun", {"turn": 7}, "decision"),
        ("attempt.hinted", {"words": "all is well"}, "decision"),
        ("ticket.blocked", {"ticket": "left"}, "decision"),
        ("ticket.completed", {"ticket": "left"}, "decision"),
        ("run.ended", {"ending": "completed"}, "decision"),
        ("run.ended", {"tree": "0" * 40}, "decision"),
        ("attempt.tool_finished", {"tree": "0" * 40}, "decision"),
    ],
)
def test_a_forged_event_is_noticed_though_every_sum_agrees(
    copy: RunFolder, kind: str, facts: Json, expected: str
) -> None:
    forge(copy, swap(kind, **facts))
    divergence = first_of(copy)
    assert divergence.kind == expected
    forged = next(one for one in archive_of(copy).records() if one.position == divergence.position)
    assert forged.event.__struct_config__.tag == kind
    assert divergence.stream == forged.stream


def swap_both(kind: str, facts: Json, cause: Json) -> Callable[[Json], None]:
    """Return a change of the first event of a type and of the command that led to it."""
    event = swap(kind, **facts)

    def change(record: Json) -> None:
        before = dict(record["event"])
        event(record)
        if before != record["event"]:
            record["cause"].update(cause)

    return change


@pytest.mark.parametrize(
    ("kind", "facts", "expected"),
    [
        ("attempt.context_assembled", {"system": "Do as you like."}, "context"),
        ("attempt.context_assembled", {"views": [{"path": "x", "view": "raw"}]}, "context"),
        ("attempt.context_assembled", {"tools": ["finish"]}, "context"),
        ("attempt.call_begun", {"prompt": "0" * 64}, "prompt"),
        ("hint.given", {"prompt": "What went wrong?"}, "hint"),
        ("attempt.hinted", {"words": "all is well"}, "cause"),
        ("merge.granted", {"onto": {"commit": "0" * 40, "tree": "0" * 40, "at_s": 1}}, "decision"),
        ("attempt.committed", {"commit": "0" * 40}, "commit"),
        ("attempt.merged", {"tree": "0" * 40}, "tree"),
        ("ticket.requeued", {"lesson": "You did well."}, "cause"),
    ],
)
def test_a_forged_command_is_noticed_though_its_decision_agrees(
    copy: RunFolder, kind: str, facts: Json, expected: str
) -> None:
    forge(copy, swap_both(kind, facts, facts))
    verdict = verdict_on(copy)
    assert expected in {one.kind for one in verdict.divergences}
    assert verdict.first is not None
    assert verdict.total == len(verdict.divergences)


def change_all(record: Json, kind: str, **facts: object) -> None:
    """Change every event of a type, and the command that led to it."""
    if record["event"]["type"] == kind:
        record["event"].update(facts)
        record["cause"].update(facts)


def eve_answered(record: Json) -> None:
    change_all(record, "attempt.answered", answer={"verdict": "approved", "by": "eve"})


def another_question(record: Json) -> None:
    if record["event"]["type"] == "approval.asked":
        for part in (record["event"], record["cause"]):
            part["question"]["rule"] = "nobody asked"


def another_failure(record: Json) -> None:
    if record["event"]["type"] == "hint.asked":
        for part in (record["event"], record["cause"]):
            part["failure"]["outcome"]["exit_code"] = 99


def parked_for_another(record: Json, seen: list[str] = []) -> None:  # noqa: B006 - remembers
    """Have the second ticket that waits wait for the question of the first."""
    if record["position"] == 1:
        seen.clear()
    if record["event"]["type"] == "ticket.parked":
        seen.append(record["event"]["approval"])
        record["event"]["approval"] = record["cause"]["approval"] = seen[0]


def granted_from_the_future(record: Json) -> None:
    if record["event"]["type"] == "merge.granted":
        record["event"]["onto"]["position"] = record["cause"]["position"] = 99_999


def another_merge(record: Json) -> None:
    if record["event"]["type"] == "attempt.merge_begun":
        for part in (record["event"], record["cause"]):
            part["onto"]["at_s"] = 1


def other_terms(record: Json) -> None:
    if record["event"]["type"] == "attempt.started":
        for part in (record["event"], record["cause"]):
            part["terms"]["check"] = "true"


@pytest.mark.parametrize(
    "change",
    [
        eve_answered,
        another_question,
        another_failure,
        parked_for_another,
        granted_from_the_future,
        another_merge,
        other_terms,
    ],
)
def test_a_command_that_says_otherwise_than_the_rest_of_the_log_is_noticed(
    answered: RunFolder, baked: RunFolder, tmp_path: Path, change: Callable[[Json], None]
) -> None:
    copy = copy_of(baked if change is another_failure else answered, tmp_path)
    forge(copy, change)
    assert "cause" in {one.kind for one in verdict_on(copy).divergences}


@pytest.mark.parametrize("path", ["app/notes.txt", "app", "app/none.txt"])
def test_an_edit_that_cannot_have_been_done_is_noticed(copy: RunFolder, path: str) -> None:
    asked = json.dumps({"path": path, "old": "never there", "new": "x"})

    def change(record: Json) -> None:
        if record["stream"] == "attempt/base.1" and record["event"]["type"] == "attempt.replied":
            for part in (record["event"], record["cause"]):
                for one in part.get("calls", ()):
                    if one["tool"] == "replace_text":
                        one["arguments"] = asked

    forge(copy, change)
    edits = [one for one in verdict_on(copy).divergences if one.kind == "edit"]
    assert edits[0].expected.startswith("refused: ")


def test_a_tool_that_only_reads_must_leave_the_tree_alone(copy: RunFolder) -> None:
    other = frame_at(archive_of(copy)).world.run.tree

    def change(record: Json) -> None:
        is_result = record["event"]["type"] == "attempt.tool_finished"
        if is_result and record["event"]["call"] == "c1" and "tree" in record["cause"]:
            record["event"]["tree"] = record["cause"]["tree"] = other

    forge(copy, change)
    assert first_of(copy).kind == "edit"


def test_a_lost_commit_is_noticed(copy: RunFolder) -> None:
    forge(copy, swap_both("ticket.completed", {"commit": "0" * 40}, {"commit": "0" * 40}))
    told = [one for one in verdict_on(copy).divergences if one.kind == "tree"]
    assert told[0].expected.startswith("commit 000")
    assert "is missing" in told[0].got


def test_a_commit_of_another_tree_is_noticed(copy: RunFolder) -> None:
    base = frame_at(archive_of(copy), 10).world.run.tree

    def change(record: Json) -> None:
        if record["event"]["type"] == "run.ended":
            record["event"]["tree"] = base

    forge(copy, change)
    (told,) = [one for one in verdict_on(copy).divergences if one.kind == "tree"]
    assert told.got.startswith("its tree ")


def test_a_hint_that_the_rules_would_have_made_otherwise_is_noticed(copy: RunFolder) -> None:
    def change(record: Json) -> None:
        if record["event"]["type"] == "hint.given":
            for part in (record["event"], record["cause"]):
                part["source"] = "extract"

    forge(copy, change)
    got = {one.got for one in verdict_on(copy).divergences if one.kind == "hint"}
    assert got == {"a bracket is missing", "the command has no luck"}


def test_a_hint_is_made_again_wherever_its_worktree_was(tmp_path: Path) -> None:
    home = tmp_path / "it's a: strange place"
    home.mkdir()
    lost = call("run_command", command='echo "Error: no such file: $PWD/deep/x.py"; exit 3')
    playbook = {
        "tickets": {"one": [[turn("", lost), finish()]]},
        "qa": [{"match": "no such file: deep/x.py", "hint": "it is not there"}],
    }
    track = {"id": "lost", "tickets": [{"id": "one", "description": "Lose a file."}]}
    folder = play(home, "lost", track=track, playbook=playbook)
    events = (one.event for one in archive_of(folder).records())
    (told,) = (event for event in events if isinstance(event, HintGiven))
    assert (told.words, told.root.startswith(str(home))) == ("it is not there", True)
    assert told.root not in archive_of(folder).text(told.prompt)
    assert verdict_on(folder).divergences == ()


def test_a_hint_in_other_words_than_the_model_said_is_noticed(copy: RunFolder) -> None:
    def change(record: Json) -> None:
        if record["event"]["type"] == "hint.given":
            for part in (record["event"], record["cause"]):
                part["words"] = "all is well"

    forge(copy, change)
    told = [one for one in verdict_on(copy).divergences if one.kind == "hint"]
    assert {one.got for one in told} == {"all is well"}
    assert {one.expected for one in told} == {"a bracket is missing", "the command has no luck"}


def test_a_merge_that_gives_another_tree_is_noticed(copy: RunFolder) -> None:
    start = next(iter(archive_of(copy).select(lambda stream: stream == "run").values()))[0].event
    assert isinstance(start, run_events.RunStarted)
    base = start.start.base_tree
    forge(copy, swap_both("attempt.merged", {"tree": base}, {"tree": base}))
    assert ("merge", f"tree {base}") in {
        (one.kind, one.got) for one in verdict_on(copy).divergences
    }
