"""A thousand simulated runs, in processes of their own: coverage would take ten times as long."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulate import Played, main, simulate

SEEDS = 1000

pytestmark = pytest.mark.timeout(300)  # a loaded machine is no failure


def test_a_thousand_runs_keep_every_rule() -> None:
    words = [sys.executable, "-m", "tests.simulate", str(SEEDS)]
    environment = {"PATH": "/usr/bin:/bin"}
    root = Path(__file__).parents[1]
    done = subprocess.run(
        words, cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert [line.split() for line in done.stdout.splitlines()][::3] == [
        ["seeds", str(SEEDS)],
        ["violations", "0"],
    ]


def test_a_violation_names_its_seed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_down(_: object) -> None:
        raise AssertionError("a rule is broken")

    monkeypatch.setattr("tests.simulate.check_the_end", break_down)
    assert "a rule is broken" in simulate(7).violation
    monkeypatch.setattr("tests.simulate.all_of", lambda seeds: map(broken, seeds))
    assert main(1, 7) == 1
    assert "seed 7: broken" in capsys.readouterr().out


def broken(seed: int) -> Played:
    return Played(seed, 0, 0, "broken")
