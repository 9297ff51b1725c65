"""A submodule of the user stays as the base has it, whatever tools and commands do there."""

import shutil
from pathlib import Path

import pytest

from events.action import IN_SUBMODULE
from events.ids import CommitId, TreeId
from tests.git_repo import GitRepo, files_of
from workspace.tree import Repository
from workspace.worktree import Worktree


@pytest.fixture
def divided(repo: GitRepo, base: CommitId, tmp_path: Path) -> Worktree:
    """Return a worktree of a repository that has two submodules."""
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{base},vendor/sub")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{base},other")
    repo.git("commit", "-q", "-m", "two submodules")
    repository = Repository.create(tmp_path / "run", repo.path)
    made = Worktree(repository, tmp_path / "T1")
    made.materialise(repository.user.resolve("HEAD"))
    return made


def told(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}{IN_SUBMODULE}" for name in names)


def test_a_worktree_knows_its_submodules(divided: Worktree) -> None:
    tree = divided.snapshot().tree
    assert [entry.mode for entry in files_of(divided.repository, tree)].count("160000") == 2
    assert divided.submodules == divided.repository.submodules(tree) == {"vendor/sub", "other"}


def test_a_repository_in_a_submodule_is_taken_away_unseen(
    repo: GitRepo, base: CommitId, divided: Worktree, tmp_path: Path
) -> None:
    tree, canary = divided.snapshot().tree, tmp_path / "canary"
    shutil.copytree(repo.path, divided.folder / "other", dirs_exist_ok=True, symlinks=True)
    made = GitRepo(divided.folder / "other")
    made.git("checkout", "-q", "--detach", base)
    made.arm(canary)
    made.write(".gitattributes", "* filter=evil\n")
    made.write("readme", "HELLO\n")  # of the same size, so that git has to compare
    (divided.folder / "readme").write_text("x")
    changed, undone = divided.snapshot()
    assert divided.repository.changed_paths(tree, changed) == ["readme"]
    assert set(told("other/readme", "other/.gitattributes")) <= set(undone)
    assert not canary.exists()


def gone(folder: Path) -> tuple[str, ...]:
    shutil.rmtree(folder / "vendor")
    return ("vendor/sub",)


def filled(folder: Path) -> tuple[str, ...]:
    (folder / "vendor" / "sub" / "deep").mkdir()
    (folder / "vendor" / "sub" / "deep" / "s.txt").write_text("x")
    (folder / "other" / "s.txt").write_text("x")
    return ("other/s.txt", "vendor/sub/deep/s.txt")


def a_file(folder: Path) -> tuple[str, ...]:
    (folder / "vendor" / "sub").rmdir()
    (folder / "vendor" / "sub").write_text("in the way")
    return ("vendor/sub",)


def a_file_above(folder: Path) -> tuple[str, ...]:
    shutil.rmtree(folder / "vendor")
    (folder / "vendor").write_text("in the way")
    return ("vendor/sub",)


def a_link(folder: Path) -> tuple[str, ...]:
    (folder / "other").rmdir()
    (folder / "other").symlink_to(folder.with_name("outside") / "sub")
    return ("other",)


def a_link_above(folder: Path) -> tuple[str, ...]:
    shutil.rmtree(folder / "vendor")
    (folder / "vendor").symlink_to(folder.with_name("outside"))
    return ("vendor/sub",)


@pytest.mark.parametrize("deed", [gone, filled, a_file, a_file_above, a_link, a_link_above])
def test_a_submodule_stays_as_the_base_has_it(
    divided: Worktree, tmp_path: Path, deed: object
) -> None:
    assert callable(deed)
    precious = tmp_path / "outside" / "sub" / "precious"
    precious.parent.mkdir(parents=True)
    precious.write_text("x")
    tree = divided.snapshot().tree
    touched = deed(divided.folder)
    assert divided.snapshot() == (tree, told(*touched))
    assert_whole(divided, tree)
    deed(divided.folder)
    divided.restore(tree)
    assert_whole(divided, tree)
    assert precious.exists()


def test_a_link_that_git_ignores_leads_nowhere_out_of_the_worktree(
    divided: Worktree, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    (outside / "sub").mkdir(parents=True)
    (outside / "sub" / "precious").write_text("x")
    (outside / ".git").mkdir()
    tree = divided.snapshot().tree
    with (divided.folder / ".gitignore").open("a") as file:
        file.write("vendor\n")
    ignoring = divided.snapshot().tree
    a_link_above(divided.folder)
    divided.restore(ignoring)
    assert (outside / "sub" / "precious").exists()
    assert (outside / ".git").exists()
    divided.restore(tree)
    assert_whole(divided, tree)


def assert_whole(worktree: Worktree, tree: TreeId) -> None:
    for name in worktree.submodules:
        assert list((worktree.folder / name).iterdir()) == []
        assert not (worktree.folder / name).is_symlink()
    assert worktree.snapshot() == (tree, ())
