"""`trackside check`: a line for a good track, a line for each problem of a bad one."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from cli.check import configure, run


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "shop").mkdir()
    monkeypatch.chdir(tmp_path / "shop")


def check(*words: str) -> int:
    parser = argparse.ArgumentParser()
    configure(parser)
    return run(parser.parse_args(words))


def plan(tickets: list[dict[str, Any]], name: str = "plan.json") -> str:
    Path(name).write_text(json.dumps(tickets), encoding="utf-8")
    return name


def one(name: str, *needs: str, **fields: str) -> dict[str, Any]:
    return {"id": name, "prompt": "x", "depends_on": list(needs)} | fields


def test_a_good_track_is_summed_up_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert check(plan([one("A"), one("B", "A"), one("C")])) == 0
    assert capsys.readouterr() == ("plan.json: 3 tickets, 2 ready: A, C\n", "")


def test_many_ready_tickets_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert check(plan([one(f"T{n}") for n in range(12)])) == 0
    assert capsys.readouterr().out.endswith(
        "12 ready: T0, T1, T2, T3, T4, T5, T6, T7, T8, T9 and 2 more\n"
    )


def test_a_track_with_nothing_left_to_do_is_valid(capsys: pytest.CaptureFixture[str]) -> None:
    assert check(plan([one("A", status="completed")])) == 0
    assert capsys.readouterr().out == "plan.json: 1 ticket, 0 ready\n"


def test_a_bad_track_is_one_line_a_problem(capsys: pytest.CaptureFixture[str]) -> None:
    assert check(plan([one("A", "B"), one("A", "A", check="")])) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        'plan.json: ticket 2 ("A").check: is blank',
        'plan.json: ticket 2 ("A").id: already taken by ticket 1 ("A")',
        'plan.json: ticket 1 ("A").depends_on[0]: no ticket "B"',
        'plan.json: ticket 2 ("A").depends_on[0]: a ticket cannot depend on itself',
    ]


def test_a_missing_file_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert check("gone\x1b.json") == 2
    assert capsys.readouterr() == ("", "gone\\x1b.json: there is no such file\n")


def test_archetypes_are_those_of_the_repositorys_configuration(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = plan([one("A", assigned_to="clerk")])
    assert check(path) == 2
    assert 'ticket 1 ("A").assigned_to: no archetype "clerk"' in capsys.readouterr().err
    other = tmp_path / "other"
    other.mkdir()
    (other / "trackside.toml").write_text("[archetypes.clerk]\n", encoding="utf-8")
    assert check(path, "--repo", str(other)) == 0


def test_problems_of_track_and_configuration_come_together(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("trackside.toml").write_text("worker = 3\n", encoding="utf-8")
    assert check(plan([])) == 2
    assert capsys.readouterr().err == (
        "plan.json: tickets: a track needs at least one ticket\n"
        'configuration: trackside.toml: unknown key "worker" (did you mean "workers"?)\n'
    )


def test_a_repository_that_is_not_there_is_a_problem(capsys: pytest.CaptureFixture[str]) -> None:
    assert check(plan([one("A")]), "--repo", "gone") == 2
    assert capsys.readouterr().err == "gone: there is no such folder\n"


def test_a_good_track_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert check(plan([one("A"), one("B", "A")]), "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "code": "valid", "source": "plan.json", "problems": [],
        "track": "plan", "title": "plan", "tickets": 2, "ready": ["A"],
    }  # fmt: skip


def test_a_bad_track_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert check(plan([]), "--json") == 2
    assert json.loads(capsys.readouterr().out) == {
        "code": "invalid",
        "source": "plan.json",
        "problems": ["plan.json: tickets: a track needs at least one ticket"],
    }


def test_nothing_is_written(tmp_path: Path) -> None:
    path = plan([one("A")])
    check(path)
    assert sorted(file.name for file in tmp_path.rglob("*")) == ["plan.json", "shop"]
