"""A worktree of an attempt that is over becomes that of the next; nothing of the first is in it."""

import os
import threading
from pathlib import Path

import pytest

from events.ids import CommitId
from tests.git_repo import GitRepo, contents
from workspace.spares import Spares
from workspace.tree import Repository
from workspace.worktree import Worktree


@pytest.fixture
def folder(worktree: Worktree) -> Path:
    return worktree.folder.parent


@pytest.fixture
def spares(repository: Repository, folder: Path) -> Spares:
    return Spares(repository, folder, keeps=True)


@pytest.fixture
def following(repository: Repository, folder: Path) -> Worktree:
    return Worktree(repository, folder / "T2")


def everything_below(folder: Path) -> list[str]:
    return sorted(
        os.path.relpath(Path(where) / name, folder)
        for where, folders, files in os.walk(folder)
        for name in (*folders, *files)
    )


def test_the_next_attempt_gets_the_folder_and_nothing_that_was_left_in_it(
    worktree: Worktree, following: Worktree, spares: Spares, repository: Repository, base: CommitId
) -> None:
    clean, inode = contents(worktree.folder), worktree.folder.stat().st_ino
    names = everything_below(worktree.folder)
    (worktree.folder / "readme").write_text("changed")
    (worktree.folder / "run.sh").unlink()
    (worktree.folder / "build").mkdir(mode=0o500)
    (worktree.folder / "secret.log").write_text("ignored")
    (worktree.folder / "src" / "empty" / "deep").mkdir(parents=True)
    os.mkfifo(worktree.folder / "pipe")
    (worktree.folder / "nested" / ".git").mkdir(parents=True)
    (worktree.folder / "nested" / ".git" / "config").write_text("[core]\n\tfsmonitor = false\n")
    worktree.snapshot()
    spares.hand_in(worktree)
    spares.furnish(following, repository.tree_of(base))
    assert following.folder.stat().st_ino == inode
    assert contents(following.folder) == clean
    assert everything_below(following.folder) == names
    assert following.snapshot().tree == repository.tree_of(base)
    assert sorted(path.name for path in following.folder.parent.iterdir()) == [
        "T2",
        "T2.index",
        "T2.lock",
        "T2.untold",
    ]


def test_the_next_attempt_may_begin_from_another_tree(
    worktree: Worktree, following: Worktree, spares: Spares, base: CommitId
) -> None:
    (worktree.folder / "new.py").write_text("x = 1\n")
    tree = worktree.snapshot().tree
    worktree.restore(worktree.repository.tree_of(base))
    spares.hand_in(worktree)
    spares.furnish(following, tree)
    assert (following.folder / "new.py").read_text() == "x = 1\n"
    assert following.snapshot().tree == tree


def test_a_file_that_is_known_elsewhere_too_is_parted_from_there(
    worktree: Worktree, following: Worktree, spares: Spares, base: CommitId, tmp_path: Path
) -> None:
    os.link(worktree.folder / "readme", tmp_path / "outside")
    spares.hand_in(worktree)
    spares.furnish(following, following.repository.tree_of(base))
    assert (following.folder / "readme").stat().st_nlink == 1
    (following.folder / "readme").write_text("changed")
    assert (tmp_path / "outside").read_text() == "hello\n"


def test_a_spare_that_is_gone_or_is_no_folder_is_made_anew(
    worktree: Worktree, following: Worktree, spares: Spares, repo: GitRepo, base: CommitId
) -> None:
    spares.hand_in(worktree)
    for left in list(worktree.folder.parent.iterdir()):
        if left.is_file():
            left.unlink()
    worktree.folder.rename(worktree.folder.with_name("moved"))
    worktree.folder.write_text("in the way")
    spares.furnish(following, following.repository.tree_of(base))
    assert (following.folder / "readme").read_text() == "hello\n"


def test_a_worktree_that_is_there_already_is_kept(
    worktree: Worktree, repository: Repository, spares: Spares, base: CommitId
) -> None:
    inode = worktree.folder.stat().st_ino
    spares.hand_in(Worktree(repository, worktree.folder.with_name("T9")))
    spares.furnish(worktree, repository.tree_of(base))
    assert worktree.folder.stat().st_ino == inode


def test_where_processes_may_outlive_a_command_no_folder_is_handed_on(
    worktree: Worktree, repository: Repository
) -> None:
    Spares(repository, worktree.folder.parent, keeps=False).hand_in(worktree)
    assert not worktree.folder.exists()


def test_what_a_killed_process_left_is_found_but_for_those_that_go_on(
    worktree: Worktree, spares: Spares, base: CommitId
) -> None:
    others = [worktree.folder.with_name(name) for name in ("T2.1", "T3.1", "T2.1.home")]
    for other in others[:2]:
        Worktree(worktree.repository, other).materialise(base)
    others[2].mkdir()
    spares.find(live={"T1", "T3.1"})
    spares.clear()
    assert {path.name for path in worktree.folder.parent.iterdir() if path.is_dir()} == {
        "T1",
        "T3.1",
        "T2.1.home",
    }


def test_a_worktree_that_a_killed_process_made_for_the_same_attempt_is_handed_to_no_other(
    worktree: Worktree, following: Worktree, spares: Spares, repository: Repository, base: CommitId
) -> None:
    spares.find(live=())
    spares.furnish(worktree, repository.tree_of(base))
    (worktree.folder / "mine").write_text("at work")
    spares.furnish(following, repository.tree_of(base))
    spares.clear()
    assert (worktree.folder / "mine").exists()
    assert not (following.folder / "mine").exists()


def test_before_the_first_attempt_there_is_nothing_to_find(
    repository: Repository, tmp_path: Path
) -> None:
    spares = Spares(repository, tmp_path / "none", keeps=True)
    spares.find(live=())
    spares.clear()
    assert not (tmp_path / "none").exists()


def test_many_take_and_hand_in_at_once(
    worktree: Worktree, repository: Repository, spares: Spares, base: CommitId
) -> None:
    tree, wrong = repository.tree_of(base), list[str]()

    def work(name: str) -> None:
        for number in range(3):
            mine = Worktree(repository, worktree.folder.with_name(f"{name}.{number}"))
            spares.furnish(mine, tree)
            (mine.folder / name).write_text(name)
            if [one.name for one in mine.folder.iterdir() if one.name in "abc"] != [name]:
                wrong.append(name)
            spares.hand_in(mine)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
