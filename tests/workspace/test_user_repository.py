"""What can be a user's repository, and what its revisions mean."""

import os
from pathlib import Path

import pytest

from tests.git_repo import GitRepo
from workspace.errors import RepositoryRefusedError, RevisionUnknownError
from workspace.user_repository import UserRepository


def test_a_repository_is_found_from_a_folder_below(repo: GitRepo) -> None:
    (repo.path / "a" / "b").mkdir(parents=True)
    assert UserRepository.find(repo.path / "a" / "b").top == repo.path


def test_a_folder_without_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        RepositoryRefusedError, match=r"no git repository; name one with --repo DIR$"
    ):
        UserRepository.find(tmp_path)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RepositoryRefusedError, match="no such folder"):
        UserRepository.find(tmp_path / "nowhere")


def test_a_bare_repository_is_refused(tmp_path: Path) -> None:
    bare = GitRepo(tmp_path / "bare", "--bare")
    with pytest.raises(RepositoryRefusedError, match="bare repository has no checkout"):
        UserRepository.find(bare.path)


def test_the_inside_of_a_git_folder_is_refused(repo: GitRepo) -> None:
    with pytest.raises(RepositoryRefusedError, match=r"inside a \.git folder"):
        UserRepository.find(repo.path / ".git")


def test_a_line_break_in_the_path_is_refused(tmp_path: Path) -> None:
    odd = GitRepo(tmp_path / "two\nlines")
    with pytest.raises(RepositoryRefusedError, match="line break in the path"):
        UserRepository.find(odd.path)


def test_a_repository_that_claims_another_folder_as_checkout_is_refused(repo: GitRepo) -> None:
    repo.git("config", "core.worktree", str(repo.path.parent))
    with pytest.raises(RepositoryRefusedError, match=r"see core\.worktree"):
        UserRepository.find(repo.path)


def test_a_repository_of_somebody_else_is_read(repo: GitRepo) -> None:
    commit = repo.commit(a="1")
    if os.geteuid() == 0:
        os.chown(repo.path, 65534, 65534)
        os.chown(repo.path / ".git", 65534, 65534)
    assert UserRepository.find(repo.path).resolve("HEAD") == commit


def test_revisions_are_branches_tags_and_expressions(repo: GitRepo) -> None:
    first, second = repo.commit(a="1"), repo.commit(a="2")
    repo.git("tag", "-a", "-m", "a tag", "v1", first)
    found = UserRepository.find(repo.path)
    assert [found.resolve(each) for each in ("main", "HEAD~1", "v1", second[:9])] == [
        *(second, first, first, second),
    ]
    assert found.has(first)


def test_what_names_no_commit_is_refused(repo: GitRepo) -> None:
    repo.commit(a="1")
    found = UserRepository.find(repo.path)
    for revision in ("nope", "--all", "-x", "", "HEAD:a", "a\0b", "0" * 40, "..", "@{"):
        with pytest.raises(RevisionUnknownError, match="names no commit"):
            found.resolve(revision)


def test_a_repository_without_commits_is_refused(repo: GitRepo) -> None:
    with pytest.raises(RepositoryRefusedError, match="has no commits yet"):
        UserRepository.find(repo.path).resolve("HEAD")


def test_an_unborn_branch_beside_a_real_one_is_only_unknown(repo: GitRepo) -> None:
    repo.commit(a="1")
    repo.git("checkout", "-q", "--orphan", "fresh")
    with pytest.raises(RevisionUnknownError):
        UserRepository.find(repo.path).resolve("HEAD")


def test_a_linked_worktree_shares_the_objects_of_its_main_one(repo: GitRepo) -> None:
    commit = repo.commit(a="1")
    repo.git("worktree", "add", "-q", "--detach", "../linked")
    linked = UserRepository.find(repo.path.parent / "linked")
    assert linked.objects == repo.path / ".git" / "objects"
    assert linked.git_dir == repo.path / ".git" / "worktrees" / "linked"
    assert linked.resolve("HEAD") == commit


def test_a_partial_clone_is_taken_once_it_has_the_files(repo: GitRepo, tmp_path: Path) -> None:
    repo.commit(a="1", b="2")
    repo.git("config", "uploadpack.allowFilter", "true")
    options = ("-q", "--filter=blob:none", "--no-checkout", f"file://{repo.path}")
    repo.git("clone", *options, str(tmp_path / "partial"))
    partial = GitRepo(tmp_path / "partial")
    with pytest.raises(RepositoryRefusedError, match="a partial clone that lacks 2 objects"):
        UserRepository.find(partial.path).resolve("HEAD")
    partial.git("checkout", "-q", "main")
    assert UserRepository.find(partial.path).resolve("HEAD")


def test_changes_of_tracked_files_are_seen_and_nothing_is_touched_or_run(
    repo: GitRepo, tmp_path: Path
) -> None:
    repo.write(".gitattributes", "* filter=evil diff=evil\n")
    repo.commit(a="1", b="2")
    repo.write("untracked", "new\n")
    found = UserRepository.find(repo.path)
    assert not found.has_changes()
    repo.arm(tmp_path / "canary")
    repo.write("a", "changed\n")
    index = repo.path / ".git" / "index"
    before = index.read_bytes(), index.stat().st_mtime_ns
    assert found.has_changes()
    assert (index.read_bytes(), index.stat().st_mtime_ns) == before
    assert not (tmp_path / "canary").exists()


def test_of_a_checkout_that_git_cannot_look_at_no_changes_are_told(repo: GitRepo) -> None:
    repo.commit(a="1")
    (repo.path / ".git" / "index").write_bytes(b"no index")
    assert not UserRepository.find(repo.path).has_changes()
