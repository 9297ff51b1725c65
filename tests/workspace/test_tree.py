"""The run's repository: what it borrows, what it keeps, and how trees are read."""

import shutil
import subprocess
from functools import partial
from pathlib import Path

import pytest

from events.ids import CommitId, TreeId
from tests.git_repo import Entry, GitRepo, files_of, read_blob
from workspace.errors import RepositoryMissingError, TreeMissingError, WorkspaceError
from workspace.objects import object_id
from workspace.tree import Repository
from workspace.worktree import Worktree

NOWHERE = TreeId("1" * 40)


def test_creating_writes_nothing_into_the_users_repository(
    repo: GitRepo, base: CommitId, tmp_path: Path
) -> None:
    before = repo.state()
    Repository.create(tmp_path / "run" / "git", repo.path)
    assert repo.state() == before


def test_creating_again_changes_nothing(repository: Repository, repo: GitRepo) -> None:
    before = {each: each.read_bytes() for each in repository.path.rglob("*") if each.is_file()}
    assert Repository.create(repository.path, repo.path) == repository
    after = {each: each.read_bytes() for each in repository.path.rglob("*") if each.is_file()}
    assert after == before


@pytest.mark.parametrize("lost", ["HEAD", "config", "info", "objects"])
def test_creating_goes_on_where_a_crash_cut_it_short(
    repository: Repository, repo: GitRepo, base: CommitId, lost: str
) -> None:
    (repository.path / "info" / "exclude").unlink()
    place = repository.path / lost
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink()
    assert Repository.create(repository.path, repo.path).tree_of(base)


@pytest.mark.parametrize("left", ["HEAD.lock", "config.lock", "HEAD"])
def test_what_a_crash_has_left_of_a_repository_is_made_anew(
    repo: GitRepo, base: CommitId, tmp_path: Path, left: str
) -> None:
    (tmp_path / "git").mkdir()
    (tmp_path / "git" / left).touch()
    assert Repository.create(tmp_path / "git", repo.path).tree_of(base)


def test_only_a_created_repository_opens(repo: GitRepo, tmp_path: Path) -> None:
    for opened in (Repository.open, Repository.look):
        with pytest.raises(RepositoryMissingError, match="the run has no git repository"):
            opened(tmp_path / "run", repo.path)


def test_a_run_follows_its_repository_to_another_folder(
    repository: Repository, repo: GitRepo, base: CommitId
) -> None:
    tree = repository.tree_of(base)
    moved = repo.path.rename(repo.path.parent / 'a "new" \\ place')
    with pytest.raises(TreeMissingError, match="is missing"):
        repository.tree_of(base)
    assert Repository.open(repository.path, moved).tree_of(base) == tree


def test_to_read_of_a_moved_repository_nothing_has_to_be_written(
    repository: Repository, repo: GitRepo, base: CommitId, worktree: Worktree, tmp_path: Path
) -> None:
    (worktree.folder / "readme").write_text("again\n")
    made = worktree.snapshot().tree
    before = {each: each.read_bytes() for each in repository.path.rglob("*") if each.is_file()}
    for name in ('a "new": \\ place', "a page\x0cfeed", "another"):
        repo.path.rename(tmp_path / name)
        repo.path = tmp_path / name
        found = Repository.look(repository.path, repo.path)
        assert read_blob(found, base, "src/app.py") == b"one\ntwo\nthree\n"
        assert found.changed_paths(base, made) == ["readme"]
        found.checkout_to(base, tmp_path / f"out of {name}")
        scratch = found.scratch(tmp_path / f"scratch of {name}")
        assert scratch.trees_of(base, made) == found.trees_of(base, made)
    after = {each: each.read_bytes() for each in repository.path.rglob("*") if each.is_file()}
    assert after == before


def test_objects_are_borrowed_over_several_repositories(
    repo: GitRepo, base: CommitId, tmp_path: Path
) -> None:
    repo.git("clone", "-q", "--shared", str(repo.path), str(tmp_path / "second"))
    repo.git("clone", "-q", "--shared", str(tmp_path / "second"), str(tmp_path / "third"))
    run = Repository.create(tmp_path / "run", tmp_path / "third")
    assert read_blob(run, base, "readme") == b"hello\n"


def test_a_linked_worktree_can_be_run_on(repo: GitRepo, base: CommitId, tmp_path: Path) -> None:
    repo.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    run = Repository.create(tmp_path / "run", tmp_path / "linked")
    assert read_blob(run, base, "readme") == b"hello\n"


def test_a_repository_of_sha256_keeps_its_format(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo", "--object-format=sha256")
    base = repo.commit(a="1")
    run = Repository.create(tmp_path / "run", repo.path)
    worktree = Worktree(run, tmp_path / "T1")
    worktree.materialise(base)
    assert worktree.snapshot().tree == run.tree_of(base)
    assert len(base) == 64
    assert files_of(run, base) == [Entry("a", object_id("blob", b"1", base), "100644")]


def test_neither_gc_nor_prune_removes_a_tree(repository: Repository, worktree: Worktree) -> None:
    (worktree.folder / "new").write_text("kept without a ref\n")
    tree = worktree.snapshot().tree
    for command in (["gc", "-q", "--prune=now"], ["prune"]):
        subprocess.run(
            ["git", "--git-dir", str(repository.path), *command], capture_output=True, check=False
        )
    assert read_blob(repository, tree, "new") == b"kept without a ref\n"


def test_a_commit_is_the_same_however_often_it_is_made(
    repository: Repository, base: CommitId
) -> None:
    tree = repository.tree_of(base)
    made = repository.commit(tree, [base], "T1: add it\n\nwhy\n\n\n", 1_700_000_000)
    assert repository.commit(tree, [base], "T1: add it\n\nwhy", 1_700_000_000) == made
    assert repository.git.run("cat-file", "commit", made).decode() == (
        f"tree {tree}\nparent {base}\n"
        "author trackside <trackside@localhost> 1700000000 +0000\n"
        "committer trackside <trackside@localhost> 1700000000 +0000\n"
        "\nT1: add it\n\nwhy\n"
    )
    assert repository.tree_of(made) == tree


def test_a_tree_lists_its_files_with_mode_and_blob(repository: Repository, base: CommitId) -> None:
    blob = partial(object_id, "blob", like=base)
    assert files_of(repository, repository.tree_of(base)) == [
        Entry(".gitignore", blob(b"build/\n*.log\n"), "100644"),
        Entry("link", blob(b"src/app.py"), "120000"),
        Entry("readme", blob(b"hello\n"), "100644"),
        Entry("run.sh", blob(b"#!/bin/sh\n"), "100755"),
        Entry("src/app.py", blob(b"one\ntwo\nthree\n"), "100644"),
    ]


def test_another_failure_is_told_as_it_is(repository: Repository, base: CommitId) -> None:
    with pytest.raises(WorkspaceError, match=r"git diff-tree failed .* outside repository"):
        repository.diff(base, base, ["../elsewhere"])


def test_a_missing_tree_is_said_to_be_missing(
    repository: Repository, base: CommitId, tmp_path: Path
) -> None:
    with pytest.raises(TreeMissingError, match="object 1111111111"):
        repository.tree_of(CommitId(NOWHERE))
    with pytest.raises(TreeMissingError):
        read_blob(repository, NOWHERE, "readme")
    with pytest.raises(TreeMissingError):
        repository.diff(base, NOWHERE)
    with pytest.raises(TreeMissingError):
        repository.changed_paths(NOWHERE, base)
    with pytest.raises(TreeMissingError):
        repository.checkout_to(NOWHERE, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_diff_is_unified_and_can_be_limited(repository: Repository, worktree: Worktree) -> None:
    before = worktree.snapshot().tree
    (worktree.folder / "readme").write_text("hello\nworld\n")
    (worktree.folder / "src" / "app.py").write_bytes(b"\xe9t\xe9\n")
    after = worktree.snapshot().tree
    assert repository.diff(before, after, ["readme"]) == (
        "diff --git a/readme b/readme\nindex ce01362..94954ab 100644\n"
        "--- a/readme\n+++ b/readme\n@@ -1 +1,2 @@\n hello\n+world\n"
    )
    assert "+\\xe9t\\xe9\n" in repository.diff(before, after)
    assert repository.diff(before, after, ["*"]) == ""
    assert repository.changed_paths(before, after) == ["readme", "src/app.py"]
    assert repository.changed_paths(before, before) == []


def test_a_tree_is_checked_out_into_an_empty_folder(
    repository: Repository, base: CommitId, tmp_path: Path
) -> None:
    repository.checkout_to(base, tmp_path / "some" / "place")
    found = sorted(each.name for each in (tmp_path / "some" / "place").iterdir())
    assert found == [".gitignore", "link", "readme", "run.sh", "src"]
    with pytest.raises(WorkspaceError, match="is not empty"):
        repository.checkout_to(base, tmp_path / "some" / "place")
    assert not list((tmp_path / "some" / "place").glob(".trackside-*"))


def test_a_shallow_clone_can_be_run_on(repo: GitRepo, base: CommitId, tmp_path: Path) -> None:
    repo.commit(readme="again\n")
    repo.git("clone", "-q", "--depth=1", f"file://{repo.path}", str(tmp_path / "shallow"))
    run = Repository.create(tmp_path / "run", tmp_path / "shallow")
    tip = run.user.resolve("HEAD")
    assert read_blob(run, tip, "readme") == b"again\n"
    made = run.commit(run.tree_of(tip), [tip], "m", 0)
    assert run.git.line("rev-list", "--count", made) == "2"


# ------------------------------------------------------------------------- objects of other runs


def test_a_run_borrows_from_another_one_and_from_all_that_this_one_borrows_from(
    repo: GitRepo, base: CommitId, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    first = Repository.create(runs / "a" / "git", repo.path)
    (tmp_path / "work").mkdir()
    tree = Worktree(first, tmp_path / "work" / "w")
    tree.materialise(first.tree_of(base))
    (tree.folder / "made").write_text("by the first run\n")
    made = tree.snapshot().tree
    Repository.create(runs / "b" / "git", repo.path, first.path)
    third = Repository.create(runs / "c" / "git", repo.path, runs / "b" / "git")
    assert read_blob(third, made, "made") == b"by the first run\n"
    moved = runs.with_name("moved")
    runs.rename(moved)
    found = Repository.open(moved / "c" / "git", repo.path)
    assert read_blob(found, made, "made") == b"by the first run\n"
    shutil.rmtree(moved / "a")
    again = Repository.open(moved / "c" / "git", repo.path)
    with pytest.raises(TreeMissingError):
        read_blob(again, made, "made")


def test_many_diffs_come_from_one_process_in_order(
    repository: Repository, base: CommitId, worktree: Worktree
) -> None:
    before = repository.tree_of(base)
    (worktree.folder / "readme").write_text("other\n")
    one = worktree.snapshot().tree
    (worktree.folder / "new").write_text("0" * 40 + " " + "1" * 40 + "\n")
    two = worktree.snapshot().tree
    pairs = [(before, one), (one, two), (two, two), (before, one), (NOWHERE, one)]
    diffs = repository.diffs(pairs)
    assert diffs[:2] == [repository.diff(*pairs[0]), repository.diff(*pairs[1])]
    assert diffs[2:] == ["", diffs[0], ""]
    assert repository.diffs([]) == []
