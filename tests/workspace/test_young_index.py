"""An index as new as its files: git compares bytes until it is older, and misses no change."""

import os
import time
from pathlib import Path

import pytest

from tests.git_repo import read_blob
from workspace.git import Git
from workspace.tree import Repository
from workspace.untold import Untold, read_untold, write_untold
from workspace.worktree import FEW, Worktree

AN_HOUR_S = 3600


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the commands of git that write an index, as they come."""
    found: list[str] = []
    run = Git.run

    def watched(self: Git, *args: str, stdin: bytes = b"", silent: bool = False) -> bytes:
        if args[0] == "update-index":
            found.append(args[1])
        return run(self, *args, stdin=stdin, silent=silent)

    monkeypatch.setattr(Git, "run", watched)
    return found


def beside(worktree: Worktree, what: str) -> Path:
    return worktree.folder.with_name(f"{worktree.folder.name}.{what}")


def known(worktree: Worktree) -> Untold:
    found = read_untold(beside(worktree, "untold"), beside(worktree, "index"))
    assert found is not None
    return found


def date_index(worktree: Worktree, seconds: float) -> None:
    """Give the index another time; what is known of the worktree still goes with it."""
    before = known(worktree)
    os.utime(beside(worktree, "index"), (seconds, seconds))
    write_untold(beside(worktree, "untold"), beside(worktree, "index"), before)


def test_an_index_is_written_anew_once_its_second_is_over(
    worktree: Worktree, asked: list[str]
) -> None:
    date_index(worktree, time.time() - AN_HOUR_S)
    tree = worktree.snapshot().tree
    assert asked == ["--force-write-index"]
    assert time.time() - beside(worktree, "index").stat().st_mtime < AN_HOUR_S
    (worktree.folder / "readme").write_text("changed")
    assert worktree.snapshot().tree != tree
    assert asked == ["--force-write-index"]


def test_within_its_second_an_index_is_left_alone(worktree: Worktree, asked: list[str]) -> None:
    date_index(worktree, time.time() + AN_HOUR_S)
    worktree.snapshot()
    assert asked == []
    assert known(worktree).young


def test_a_restored_worktree_has_no_young_index_again(worktree: Worktree, asked: list[str]) -> None:
    date_index(worktree, time.time() - AN_HOUR_S)
    tree = worktree.snapshot().tree
    (worktree.folder / "readme").write_text("changed")
    worktree.restore(tree)
    date_index(worktree, time.time() - AN_HOUR_S)
    worktree.snapshot()
    assert asked == ["--force-write-index"]


def test_an_index_that_is_told_of_many_files_within_its_second_stays_young(
    worktree: Worktree, asked: list[str]
) -> None:
    date_index(worktree, time.time() + AN_HOUR_S)
    for number in range(FEW + 1):
        (worktree.folder / f"f{number}").write_text("x")
    worktree.snapshot()
    assert asked == ["-z"]
    date_index(worktree, time.time() - AN_HOUR_S)
    worktree.snapshot()
    assert asked == ["-z", "--force-write-index"]


def test_what_changed_within_the_second_is_seen_when_it_is_over(
    worktree: Worktree, repository: Repository
) -> None:
    """Size and times are those that the index has, unless a second ends just now."""
    place, then = worktree.folder / "readme", time.time() - AN_HOUR_S
    os.utime(place, (then, then))
    index = beside(worktree, "index")
    git = Git(worktree.folder, repository.path, work_tree=worktree.folder, index=index)
    before = known(worktree)
    git.run("update-index", "--refresh")
    write_untold(beside(worktree, "untold"), index, before)
    date_index(worktree, then)
    place.write_text("HELLO\n")
    os.utime(place, (then, then))
    for _ in range(2):
        assert read_blob(repository, worktree.snapshot().tree, "readme") == b"HELLO\n"
    assert not known(worktree).young
    place.write_text("hallo\n")
    os.utime(place, (then, then))
    assert read_blob(repository, worktree.snapshot().tree, "readme") == b"hallo\n"


def test_a_record_without_an_age_is_passed_over(worktree: Worktree) -> None:
    place = beside(worktree, "untold")
    stamp, tree, _, *rest = place.read_bytes().split(b"\0")
    place.write_bytes(b"\0".join([stamp, tree, b"readme", *rest]))
    assert read_untold(place, beside(worktree, "index")) is None
