"""A run's repository that is taken away is missed as such by whatever needs it first."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from events.ids import CommitId, TreeId
from tests.git_repo import GitRepo
from workspace.delivery import deliver_apply, deliver_branch
from workspace.errors import RepositoryLostError, WorktreeLostError
from workspace.git import Git
from workspace.merge import merge
from workspace.shown_diff import shown_diff
from workspace.tree import Repository
from workspace.worktree import Worktree


class Work(NamedTuple):
    """A worktree with a change that is on record, and one that is not."""

    repository: Repository
    worktree: Worktree
    base: CommitId
    tree: TreeId
    commit: CommitId


@pytest.fixture
def work(repository: Repository, worktree: Worktree, base: CommitId) -> Work:
    (worktree.folder / "readme").write_text("hello\nworld\n")
    tree = worktree.snapshot().tree
    commit = repository.commit(tree, [base], "T1: work", 1_700_000_000)
    (worktree.folder / "readme").write_text("hello\nyou\n")
    return Work(repository, worktree, base, tree, commit)


def objects_read(work: Work) -> object:
    with work.repository.objects() as objects:
        return objects.tree(work.tree)


USES: dict[str, Callable[[Work], object]] = {
    "a worktree is made": lambda it: it.worktree.materialise(it.tree),
    "a snapshot is taken": lambda it: it.worktree.snapshot(),
    "a written file is taken": lambda it: it.worktree.snapshot_paths(["readme"]),
    "a commit is written": lambda it: it.repository.commit(it.tree, [it.base], "T2: work", 0),
    "a commit with an accent is": lambda it: it.repository.commit(it.tree, [it.base], "é", 0),
    "a blob is written": lambda it: it.repository.loose.keep_blob(b"new", it.tree),
    "a tree is asked for": lambda it: it.repository.tree_of(it.commit),
    "objects are read": objects_read,
    "trees are compared": lambda it: it.repository.changed_paths(it.base, it.tree),
    "a diff is shown": lambda it: shown_diff(it.repository, it.base, it.tree, str),
    "trees are merged": lambda it: merge(it.repository, it.base, it.tree, it.commit),
    "a branch is delivered": lambda it: deliver_branch(it.repository, it.commit, it.base, "t/r"),
    "a checkout is moved": lambda it: deliver_apply(it.repository, it.commit, it.base),
}


@pytest.mark.parametrize("lost", [".", "objects"])
@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_its_loss_is_told_whatever_it_was_needed_for(
    work: Work, repo: GitRepo, tmp_path: Path, lost: str, use: Callable[[Work], object]
) -> None:
    before = repo.state()
    place = (work.repository.path / lost).resolve()
    place.rename(tmp_path / "away")
    with pytest.raises(RepositoryLostError) as missed:
        use(work)
    assert str(missed.value).startswith(f"{work.repository.path}: ")
    assert repo.state() == before
    assert not place.exists()
    (tmp_path / "away").rename(place)
    use(work)


@pytest.mark.parametrize("lost", [".", "objects"])
def test_it_is_told_also_if_it_is_back_by_the_time_one_looks(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    place = (work.repository.path / lost).resolve()
    place.rename(tmp_path / "away")
    monkeypatch.setattr(Git, "require", lambda _: (tmp_path / "away").rename(place))
    with pytest.raises(RepositoryLostError):
        work.repository.git.run("cat-file", "-e", work.tree)


def test_a_part_that_is_missing_when_it_is_opened_is_missed(work: Work, repo: GitRepo) -> None:
    (work.repository.path / "config").unlink()
    with pytest.raises(RepositoryLostError):
        Repository.open(work.repository.path, repo.path)


def test_a_worktree_that_goes_away_under_its_git_is_told_apart(work: Work) -> None:
    with work.worktree._git() as git:
        shutil.rmtree(work.worktree.folder)
        with pytest.raises(WorktreeLostError, match="was deleted"):
            git.run("write-tree")


def test_what_is_no_loss_stays_what_it_is(work: Work) -> None:
    work.repository.git.require()
    with pytest.raises(FileNotFoundError):
        Git(work.worktree.folder / "nowhere").run("version")
