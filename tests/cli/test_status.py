"""What `status` says of a run and of its tickets."""

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from cli import status
from cli.answers import ANSWERS, Status
from events.run_commands import AssignTickets, EndRun
from events.state_digest import state_digest
from tests.cli.conftest import Told
from tests.histories import begins, ticket
from tests.stories import Story

Trackside = Callable[..., Told]


def tell(story: Story) -> None:
    story.begin(ticket(), ticket("T2", "T1"))
    story.work("T1.1")
    story.fail_a_command("T1.1")


def test_a_run_under_way_is_shown_ticket_by_ticket(story: Story, trackside: Trackside) -> None:
    tell(story)
    code, out, err = trackside("status")
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert lines[0] == "track shop: Shop"
    assert lines[1].split() == ["ticket", "state", "attempt", "model", "turn", "tokens", "cost"]
    assert lines[2].split()[:5] == ["T1", "in", "progress", "1", "of"]
    assert lines[2].endswith("prepares a prompt")
    assert lines[3].split() == ["T2", "locked", "-", "-", "-", "-", "-", "do", "T2"]
    assert lines[5] == "run r1 is running: 0 of 2 tickets completed, 1 in progress, 1 locked"
    assert lines[-1] == "  trackside log r1 --follow"


def test_a_run_whose_process_died_is_interrupted(story: Story, trackside: Trackside) -> None:
    tell(story)
    story.log.close()
    _, out, _ = trackside("status", "r1")
    assert "run r1 was interrupted" in out
    assert out.endswith("next:\n  trackside resume r1\n")


def test_the_json_has_the_documented_shape(story: Story, trackside: Trackside) -> None:
    tell(story)
    code, out, _ = trackside("status", "--json")
    assert code == 0
    answer = msgspec.json.decode(out, type=ANSWERS["status"])
    assert isinstance(answer, Status)
    assert answer.code == "running"
    assert answer.position == story.log.last_position
    assert answer.digest == state_digest(story.view.world)
    assert [row.ticket for row in answer.rows] == ["T1", "T2"]
    assert answer.rows[0].use.tokens == 1_111_000
    assert json.loads(out)["counts"]["locked"] == 1


def test_the_beginning_of_a_name_is_enough(story: Story, trackside: Trackside) -> None:
    tell(story)
    assert trackside("status", "r")[0] == 0
    code, out, err = trackside("status", "x", "--json")
    assert code == 2
    assert "there is no run x" in err
    assert json.loads(out)["code"] == "refused"


def test_from_elsewhere_the_repository_is_named_in_the_commands(
    story: Story, shop: Path, trackside: Trackside, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(story)
    story.log.close()
    monkeypatch.chdir(shop.parent)
    _, out, _ = trackside("status", "--repo", "shop")
    assert out.endswith(f"  trackside resume r1 --repo {shop}\n")


def test_a_torn_end_is_reported_and_what_stands_before_it_is_shown(
    story: Story, shop: Path, trackside: Trackside
) -> None:
    tell(story)
    story.log.close()
    with (shop / ".trackside/runs/r1/events.jsonl").open("ab") as file:
        file.write(b'{"v":1,"pos')
    code, out, err = trackside("status", "--json")
    assert code == 0
    assert "its end, 11 bytes, is" in err
    assert json.loads(out)["position"] == story.log.last_position
    assert "its end, 11 bytes, is" in json.loads(out)["note"]


def test_a_damaged_log_is_refused_with_its_place(
    story: Story, shop: Path, trackside: Trackside
) -> None:
    tell(story)
    story.log.close()
    log = shop / ".trackside/runs/r1/events.jsonl"
    log.write_bytes(log.read_bytes().replace(b"do T2", b"do T3", 1))
    code, out, err = trackside("status", "--json")
    assert code == 4
    assert "record" in err
    assert json.loads(out)["code"] == "damaged"


def test_a_run_that_never_had_its_plan_says_so(story: Story, trackside: Trackside) -> None:
    story.tell("run", begins(ticket(), tickets=2))
    code, _, err = trackside("status")
    assert code == 2
    assert err.startswith("trackside: run r1 was cut short before its plan was on record")
    assert "`trackside resume r1` goes on" in err


def test_of_very_many_tickets_the_first_are_listed(
    story: Story, trackside: Trackside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "MOST_ROWS", 2)
    story.begin(*(ticket(f"T{number}") for number in range(5)))
    _, out, _ = trackside("status")
    assert "... and 3 more tickets; --json has all of them" in out
    assert "T4" not in out.split("\n\n")[0]


def test_what_a_repository_or_a_model_says_is_escaped(story: Story, trackside: Trackside) -> None:
    story.begin(structs.replace(ticket(), description="\x1b[2J\u202etitle"))
    for number in (1, 2, 3):
        story.work(f"T1.{number}", model="scripted:/\x1b[2J.json")
        story.give_up(f"T1.{number}", "\x9b2J")
        if number < 3:
            story.tell("run", AssignTickets())
    story.tell("run", EndRun())
    for words in (["status"], ["log"], ["runs"], ["status", "--json"], ["runs", "--json"]):
        _, out, _ = trackside(*words)
        assert out
        assert all(char.isprintable() or char == "\n" for char in out)
