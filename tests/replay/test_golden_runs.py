"""Runs that were written by every version of the rules so far: today's program agrees with them."""

from pathlib import Path

import pytest

from events.run_terms import RULES_VERSION
from replay.timeline import frame_at
from store.run_folder import RunFolder
from tests.replay.golden import GOLDEN, KEPT, keep, restored
from tests.replay.recorded import Json, archive_of, forge
from tests.replay.verdicts import verdict_on

RUNS = sorted(GOLDEN.glob("rules-*/*"))


def version_of(golden: Path) -> int:
    return int(golden.parent.name.removeprefix("rules-"))


def test_there_are_golden_runs_of_the_installed_rules() -> None:
    told = "record them with `python -m tests.replay.golden`"
    assert {version_of(one) for one in RUNS} == {*range(1, RULES_VERSION + 1)}, told


@pytest.mark.parametrize("golden", RUNS, ids=lambda one: f"{one.parent.name}/{one.name}")
def test_a_run_of_any_version_of_the_rules_still_agrees(golden: Path, tmp_path: Path) -> None:
    verdict = verdict_on(restored(golden, tmp_path))
    told = (
        "a decision, or something that is made again, has changed: raise RULES_VERSION in "
        "events/run_terms.py, and record golden runs with `python -m tests.replay.golden`"
    )
    assert verdict.divergences == (), told
    assert verdict.rules == version_of(golden)
    if verdict.rules == RULES_VERSION:
        assert verdict.code == "verified", told


@pytest.mark.parametrize("golden", RUNS, ids=lambda one: f"{one.parent.name}/{one.name}")
def test_a_run_of_any_version_comes_to_the_end_that_it_came_to(
    golden: Path, tmp_path: Path
) -> None:
    run = frame_at(archive_of(restored(golden, tmp_path))).world.run
    assert run.standing == "ended"
    assert (
        run.ending == {"asking": "blocked", "baked": "blocked", "crashed": "completed"}[golden.name]
    )


def test_a_golden_run_in_which_one_word_is_another_does_not_agree(tmp_path: Path) -> None:
    folder = restored(GOLDEN / "rules-1" / "crashed", tmp_path)

    def change(record: Json) -> None:
        if record["event"]["type"] == "attempt.hinted":
            record["event"]["words"] = "all is well"

    forge(folder, change)
    assert verdict_on(folder).code == "diverged"


def test_what_is_kept_of_a_run_is_all_that_it_takes_to_have_it_back(
    crashed: RunFolder, tmp_path: Path
) -> None:
    keep(crashed, tmp_path / "golden" / "crashed")
    folder = restored(tmp_path / "golden" / "crashed", tmp_path)
    assert verdict_on(folder).code == "verified"
    for name in KEPT:
        assert (folder.path / name).read_bytes() == (crashed.path / name).read_bytes()
