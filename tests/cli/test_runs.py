"""The list of all runs, whatever state they are in."""

import json
from collections.abc import Callable
from pathlib import Path

import msgspec

from cli.answers import Runs
from events.run_commands import EndRun
from tests.cli.conftest import Told
from tests.histories import begins, ticket
from tests.stories import Story, written

Trackside = Callable[..., Told]


def complete(story: Story) -> None:
    story.begin(ticket())
    story.work("T1.1")
    story.complete("T1.1")
    story.tell("run", EndRun())


def test_without_runs_the_list_says_so(shop: Path, trackside: Trackside) -> None:
    assert trackside("runs") == (0, f"no runs in {shop}\n", "")
    answer = json.loads(trackside("runs", "--json")[1])
    assert answer == {"code": "runs", "repository": str(shop), "runs": []}


def test_each_run_has_a_line_the_latest_first(
    story: Story, shop: Path, trackside: Trackside
) -> None:
    complete(story)
    story.log.close()
    second = written(shop, "r2")
    second.log.close()
    code, out, err = trackside("runs")
    assert (code, err) == (0, "")
    header, first, last = (line.split() for line in out.splitlines())
    assert header[:2] == ["run", "state"]
    assert first[:2] == ["r2", "interrupted"]
    assert first[-8:] == ["cut", "short", "before", "its", "plan", "was", "on", "record"]
    assert last[:2] == ["r1", "completed"]
    assert "1/1" in last
    assert "1,100,000" in last


def test_the_json_has_position_and_digest_of_each_run(story: Story, trackside: Trackside) -> None:
    complete(story)
    answer = msgspec.json.decode(trackside("runs", "--json")[1], type=Runs)
    (row,) = answer.runs
    assert row.position == story.log.last_position
    assert len(row.digest) == 64
    assert (row.tickets, row.completed) == (1, 1)


def test_a_run_without_its_whole_plan_is_listed(story: Story, trackside: Trackside) -> None:
    story.tell("run", begins(ticket(), tickets=2))
    (row,) = json.loads(trackside("runs", "--json")[1])["runs"]
    assert (row["code"], row["track"], row["tickets"]) == ("running", "shop", 0)


def test_a_damaged_run_is_listed_with_its_damage_and_the_others_too(
    story: Story, shop: Path, trackside: Trackside
) -> None:
    complete(story)
    story.log.close()
    second = written(shop, "r2")
    second.begin(ticket())
    second.log.close()
    log = shop / ".trackside/runs/r2/events.jsonl"
    log.write_bytes(log.read_bytes().replace(b"do T1", b"do T7", 1))
    code, out, _ = trackside("runs")
    assert code == 4
    assert "damaged" in out.splitlines()[1]
    assert "completed" in out.splitlines()[2]


def test_a_log_that_is_no_file_is_listed_as_unusable(
    story: Story, shop: Path, trackside: Trackside
) -> None:
    complete(story)
    story.log.close()
    log = shop / ".trackside/runs/r1/events.jsonl"
    log.rename(log.with_name("elsewhere"))
    log.symlink_to("elsewhere")
    code, out, _ = trackside("runs", "--json")
    (row,) = json.loads(out)["runs"]
    assert (code, row["code"], row["digest"]) == (0, "unusable", "")
