"""From which positions a run can be left by a fork, and what is said of the others."""

import re
from pathlib import Path

from replay.archive import Archive
from replay.errors import ReplayError
from replay.fork import past_of
from store.run_folder import RunFolder
from tests.replay.recorded import archive_of, copy_of, cut_after


def refusal(archive: Archive, at: int) -> str:
    """Return why the run cannot be left there; empty if it can."""
    try:
        past_of(archive, at)
    except ReplayError as refused:
        return str(refused)
    return ""


def test_where_a_run_cannot_be_left_each_position_that_is_named_instead_is_one_where_it_can(
    archive: Archive,
) -> None:
    counts = []
    for at in range(1, 30):
        named = [int(text) for text in re.findall(r"(?:take|or) (\d+)", refusal(archive, at))]
        assert [refusal(archive, each) for each in named] == [""] * len(named), at
        counts.append(len(named))
    assert counts[:3] == [1, 1, 0], "before the plan, within it, behind it"
    assert 2 in counts, "within another decision"


def test_a_run_that_was_never_planned_has_no_past_to_go_on_from(
    baked: RunFolder, tmp_path: Path
) -> None:
    folder = copy_of(baked, tmp_path)
    cut_after(folder, "log.opened")
    assert "the run was never planned" in refusal(archive_of(folder), 1)
