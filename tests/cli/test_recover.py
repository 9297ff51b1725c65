"""`recover` says what can be saved of a log, and cuts nothing unless it is told to."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from store.jsonl import JsonlLog
from tests.cli.conftest import Told
from tests.histories import ticket
from tests.stories import Story, written

Trackside = Callable[..., Told]


@pytest.fixture
def log(shop: Path) -> Path:
    """The log of a run that nobody holds."""
    story: Story = written(shop)
    story.begin(ticket())
    story.work("T1.1")
    story.log.close()
    return shop / ".trackside" / "runs" / "r1" / "events.jsonl"


def damage(log: Path) -> int:
    """Change the record behind the start of the run; return the last whole position."""
    lines = log.read_bytes().splitlines(keepends=True)
    whole = json.loads(lines[1])["commit"]
    lines[whole] = lines[whole].replace(b'"epoch":1', b'"epoch":7')
    log.write_bytes(b"".join(lines))
    return int(whole)


def test_a_whole_log_needs_nothing(log: Path, trackside: Trackside) -> None:
    records = log.read_bytes().count(b"\n")
    code, out, err = trackside("recover", "r1")
    assert (code, err) == (0, "")
    assert out == (
        f"run r1: everything up to position {records} is whole; there is nothing to recover\n"
    )


def test_a_torn_end_is_left_to_resume(log: Path, trackside: Trackside) -> None:
    with log.open("ab") as file:
        file.write(b'{"v":1,"posi')
    code, out, _ = trackside("recover", "r1")
    assert code == 0
    assert "behind it: 12 bytes" in out
    assert "`trackside resume r1` sets that aside" in out


def test_damage_is_told_and_left_alone(log: Path, trackside: Trackside) -> None:
    whole = damage(log)
    before = log.read_bytes()
    code, out, _ = trackside("recover", "r1")
    assert code == 4
    assert f"everything up to position {whole} is whole" in out
    assert f"--truncate-at {whole}`" in out
    answer = json.loads(trackside("recover", "r1", "--json")[1])
    assert (answer["code"], answer["position"]) == ("damaged", whole)
    assert answer["bytes"] + answer["after"] == len(before)
    assert log.read_bytes() == before


def test_what_is_cut_off_is_kept(log: Path, trackside: Trackside) -> None:
    whole = damage(log)
    before = log.read_bytes()
    code, out, _ = trackside("recover", "r1", "--truncate-at", str(whole))
    assert code == 0
    (backup,) = log.parent.glob("cut-*")
    assert str(backup) in out
    assert log.read_bytes() + backup.read_bytes() == before
    assert trackside("recover", "r1")[0] == 0
    assert trackside("status", "r1")[0] == 0


def test_a_cut_is_refused_where_no_decision_ends(log: Path, trackside: Trackside) -> None:
    damage(log)
    before = log.read_bytes()
    code, out, err = trackside("recover", "r1", "--truncate-at", "999", "--json")
    assert code == 2
    assert "no decision ends at position 999" in err
    assert json.loads(out)["code"] == "refused"
    assert log.read_bytes() == before


def test_a_cut_answers_where_the_backup_is(log: Path, trackside: Trackside) -> None:
    whole = damage(log)
    answer = json.loads(trackside("recover", "r1", "--truncate-at", str(whole), "--json")[1])
    assert answer["code"] == "truncated"
    assert Path(answer["backup"]).stat().st_size == answer["after"]


def test_an_end_that_the_seal_knows_and_the_log_lacks_is_damage(
    shop: Path, trackside: Trackside
) -> None:
    story = written(shop)
    story.begin(ticket())
    assert isinstance(story.log, JsonlLog)
    story.log.seal()
    story.log.close()
    log = shop / ".trackside" / "runs" / "r1" / "events.jsonl"
    log.write_bytes(log.read_bytes()[: log.read_bytes().index(b"\n") + 1])
    code, out, _ = trackside("recover", "r1")
    assert code == 4
    assert "everything up to position 1 is whole" in out


def test_a_log_of_a_later_trackside_is_not_ours_to_mend(log: Path, trackside: Trackside) -> None:
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join([*lines[:1], lines[1].replace(b'{"v":1', b'{"v":9')]))
    code, out, _ = trackside("recover", "r1")
    assert code == 4
    assert "use a newer one" in out
    assert "--truncate-at" not in out


@pytest.mark.parametrize("end", [b"", b'{"v":1,"posi'], ids=["whole", "torn"])
def test_a_log_that_is_not_damaged_is_not_cut(log: Path, trackside: Trackside, end: bytes) -> None:
    with log.open("ab") as file:
        file.write(end)
    before = {path: path.read_bytes() for path in log.parent.iterdir() if path.is_file()}
    code, _, err = trackside("recover", "r1", "--truncate-at", "1")
    assert code == 2
    (line,) = err.splitlines()
    assert "nothing was cut" in line
    assert {path: path.read_bytes() for path in log.parent.iterdir() if path.is_file()} == before


@pytest.mark.parametrize(
    "lose", [Path.unlink, lambda log: log.write_bytes(b"")], ids=["gone", "empty"]
)
def test_a_log_of_which_only_the_seal_is_left_is_damage_and_no_run_less(
    shop: Path, trackside: Trackside, lose: Callable[[Path], object]
) -> None:
    story = written(shop)
    story.begin(ticket())
    assert isinstance(story.log, JsonlLog)
    records = story.log.seal().position
    story.log.close()
    lose(shop / ".trackside" / "runs" / "r1" / "events.jsonl")
    lack = f"it lacks {records} records at its end"
    for command in ("status", "show", "log"):
        code, _, err = trackside(command, "r1")
        assert (code, err.count("\n")) == (4, 1), command
        assert lack in err
    code, out, _ = trackside("runs")
    assert code == 4
    assert "r1" in out
    code, out, _ = trackside("recover", "r1")
    assert code == 4
    assert lack in out
    assert "--truncate-at" not in out
    assert trackside("recover", "r1", "--truncate-at", "1")[0] == 2
