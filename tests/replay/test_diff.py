"""Where two runs, or two moments of one, part."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from events.ids import TicketId
from replay.diff import Comparison, compare
from replay.moment import Moment
from replay.side import Side
from replay.timeline import frame_at
from store.run_folder import RunFolder
from tests.git_repo import files_of
from tests.replay.recorded import (
    Json,
    archive_of,
    call,
    copy_of,
    finish,
    forge,
    play,
    position_of,
    trackside,
    turn,
)

Compare = Callable[..., Comparison]


def named(event: object) -> str:
    return type(event).__name__


def comparison(*sides: tuple[RunFolder, Moment | None], patch: bool = False) -> Comparison:
    with ExitStack() as stack:
        made = []
        for folder, at in sides:
            archive = archive_of(folder)
            objects = archive.repository(folder.path.parents[2]).objects()
            made.append(Side(archive, at, stack.enter_context(objects)))
        return compare(made, named, patch=patch)


@pytest.fixture
def copy(baked: RunFolder, tmp_path: Path) -> RunFolder:
    return copy_of(baked, tmp_path)


def test_a_run_does_not_differ_from_itself(baked: RunFolder) -> None:
    answer = comparison((baked, None), (baked, None), patch=True)
    assert (answer.code, answer.first, answer.further) == ("same", None, None)
    assert all(ticket.same for ticket in answer.tickets)
    assert (answer.files, answer.patch) == ((), "")
    assert answer.sides[0] == answer.sides[1]


def test_two_moments_of_a_run_differ_in_how_far_it_went(baked: RunFolder) -> None:
    world = frame_at(archive_of(baked)).world
    answer = comparison((baked, 60), (baked, None), patch=True)
    assert (answer.code, answer.first) == ("prefix", None)
    assert answer.further is not None
    before, after = answer.further.sides
    assert before is None
    assert after is not None
    assert after.position > 60
    assert [side.position for side in answer.sides] == [60, world.position]
    assert all(ticket.same for ticket in answer.tickets)
    changes = {file.path: file.change for file in answer.files}
    assert changes["app/old.py"] == "removed"
    assert changes["app/young.py"] == "added"
    assert changes["app/greet.py"] == "changed"
    assert answer.patch is not None
    assert "-two\n" in answer.patch.replace("\r", "")
    assert "+++ /dev/null" in answer.patch


def test_runs_part_where_a_worker_says_something_else(baked: RunFolder, copy: RunFolder) -> None:
    def change(record: Json) -> None:
        if record["stream"] == "attempt/retry.2" and record["event"].get("text") == "All done.":
            record["event"]["text"] = "I think so."

    forge(copy, change)
    answer = comparison((baked, None), (copy, None))
    assert answer.code == "different"
    assert answer.first is not None
    assert (answer.first.ticket, answer.first.attempt) == ("retry", 2)
    assert [step and step.words for step in answer.first.sides] == ["ReplyRecorded"] * 2
    assert {ticket.ticket for ticket in answer.tickets if not ticket.same} == {"retry"}


def test_the_facts_of_a_ticket_stand_beside_each_other(baked: RunFolder) -> None:
    begun = position_of(baked, "attempt.started", "attempt/base.1")
    replied = position_of(baked, "attempt.replied", "attempt/base.1")
    answer = comparison((baked, None), (baked, replied), (baked, begun - 1))
    assert (answer.first, answer.further, answer.files) == (None, None, ())
    facts = next(one.sides for one in answer.tickets if one.ticket == "base")
    end, middle, begin = facts
    assert end is not None
    assert middle is not None
    assert begin is not None
    assert [end.state, middle.state, begin.state] == ["completed", "in_progress", "in_progress"]
    assert (end.attempts, end.turns) == (1, 4)
    assert end.files == (
        "app/greet.py", "app/new/made.py", "app/notes.txt", "build/x.txt", "build/y.txt", "tool.sh",
    )  # fmt: skip
    assert end.tokens.total > middle.tokens.total > begin.tokens.total == 0
    assert begin.usd == 0.0
    assert begin.models == ()
    assert len(end.models) == 1


def test_runs_of_other_tracks_have_other_tickets(baked: RunFolder, answered: RunFolder) -> None:
    answer = comparison((baked, None), (answered, None))
    assert answer.code == "different"
    by_name = {one.ticket: one for one in answer.tickets}
    assert by_name[TicketId("bold")].sides[0] is None
    assert by_name[TicketId("base")].sides[1] is None
    assert not by_name[TicketId("bold")].same
    assert {file.change for file in answer.files} == {"added", "removed", "changed"}


def test_an_answer_of_a_person_is_a_step(waiting: RunFolder, answered: RunFolder) -> None:
    answer = comparison((waiting, None), (answered, None))
    assert answer.code == "prefix"
    assert [side.waits for side in answer.sides] == [True, False]
    assert answer.further is not None
    assert answer.further.sides[0] is None


def test_a_file_that_only_became_executable_is_told_so(baked: RunFolder, copy: RunFolder) -> None:
    repository = archive_of(copy).repository(copy.path.parents[2])
    tip = frame_at(archive_of(copy)).world.run.tree
    listed = [
        f"{'100755' if one.path == 'README.md' else one.mode} blob {one.blob}\t{one.path}"
        for one in files_of(repository, tip)
    ]
    index = copy.path / "index"
    git = repository.git
    for line in listed:
        mode, _, rest = line.partition(" blob ")
        blob, _, path = rest.partition("\t")
        git.ask(
            *("update-index", "--add", "--cacheinfo", f"{mode},{blob},{path}"),
            extra={"GIT_INDEX_FILE": str(index)},
        )
    _, said = git.ask("write-tree", extra={"GIT_INDEX_FILE": str(index)})
    other = said.decode().strip()

    def change(record: Json) -> None:
        event = record["event"]
        if event["type"] == "ticket.completed" and event["tree"] == tip:
            event["tree"] = other

    forge(copy, change)
    answer = comparison((baked, None), (copy, None), patch=True)
    assert [(file.path, file.change) for file in answer.files] == [("README.md", "mode")]
    assert answer.patch == ("--- a/README.md\n+++ b/README.md\nold mode 100644\nnew mode 100755\n")
    assert answer.code == "different"
    assert answer.first is None


@pytest.mark.parametrize("option", ["--json", "--files"])
def test_a_name_that_is_no_utf_8_is_spelled_out(tmp_path: Path, option: str) -> None:
    change = call("run_command", command="echo a >$(printf '\\377\\376.py')")
    folder = play(
        tmp_path,
        "odd",
        track={"id": "odd", "tickets": [{"id": "T", "description": "Names a file oddly."}]},
        playbook={"tickets": {"T": [[turn("", change), finish()]]}},
    )
    repository = folder.path.parents[2]
    told = trackside("diff", "odd@5", "odd", "--repo", repository, option, cache=tmp_path / "c")
    assert (told.returncode, told.stderr) == (0, "")
    if option == "--json":
        assert [file["path"] for file in json.loads(told.stdout)["files"]] == ["\\xff\\xfe.py"]
    else:
        assert "+++ b/\\xff\\xfe.py" in told.stdout
