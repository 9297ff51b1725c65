"""The scripts measure and print; how fast anything is decides no test."""

from pathlib import Path

import msgspec
import pytest

from benchmarks import run
from benchmarks.measure import Row
from benchmarks.run import ALL_WORKS, Scale

TINY = Scale(
    rounds=1, logged_tickets=12, appends=2, tickets=3, files=150, share=80,
    many_tickets=8, many_files=150, long_log=400, long_run=10, workers=2, answer_s=0.01,
)  # fmt: skip


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(run, "QUICK", TINY)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("work", ALL_WORKS)
def test_every_work_gives_lines_of_one_table_and_leaves_nothing_behind(
    work: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run.main([work])
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("| work")
    assert any(line.startswith(f"| {work}") for line in said)
    assert not list(tmp_path.iterdir())


def test_machines_read_the_rows_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    run.main(["append", "--json"])
    rows = msgspec.json.decode(capsys.readouterr().out, type=list[Row])
    assert [row.work.partition(",")[0] for row in rows] == ["append", "append"]


def test_a_work_that_is_unknown_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run.main(["sleep"])
    assert "nothing is called sleep" in capsys.readouterr().err
