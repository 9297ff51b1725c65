"""What comes back to the user: one branch, or one fast-forward, and nothing else changes."""

import shutil
from pathlib import Path

import pytest

from events.ids import CommitId
from tests.git_repo import GitRepo
from workspace import delivery
from workspace.delivery import deliver_apply, deliver_branch
from workspace.errors import DeliveryRefusedError, GitFailedError
from workspace.tree import Repository
from workspace.worktree import Worktree

BRANCH = "trackside/r1"
REF = f"refs/heads/{BRANCH}"


@pytest.fixture
def work(repository: Repository, worktree: Worktree, base: CommitId) -> CommitId:
    """Return a commit on top of the base that changes, adds and deletes files."""
    (worktree.folder / "readme").write_text("hello\nworld\n")
    (worktree.folder / "src" / "new.py").write_text("new\n")
    (worktree.folder / "src" / "new.py").chmod(0o755)
    (worktree.folder / "link").unlink()
    return repository.commit(worktree.snapshot().tree, [base], "T1: work", 1_700_000_000)


def more(repository: Repository, worktree: Worktree, parent: CommitId) -> CommitId:
    """Return a commit after `parent`."""
    (worktree.folder / "more").write_text("more\n")
    return repository.commit(worktree.snapshot().tree, [parent], "T2: more", 1_700_000_001)


def test_a_branch_is_all_that_changes(
    repo: GitRepo, repository: Repository, base: CommitId, work: CommitId
) -> None:
    repo.write("readme", "my own edit\n")
    repo.git("stash", "-q")
    repo.write("src/app.py", "being edited\n")
    repo.write("staged", "x\n")
    repo.git("add", "staged")
    before = repo.state()
    deliver_branch(repository, work, base, BRANCH)
    added = {name for name in repo.state() if name not in before}
    assert added == {f".git/{REF}", f".git/logs/{REF}"}
    assert {name: what for name, what in repo.state().items() if name not in added} == before
    assert repo.git("rev-parse", BRANCH) == work
    assert repo.git("log", "--format=%s %an %at", f"{base}..{BRANCH}") == (
        "T1: work trackside 1700000000"
    )
    repo.git("fsck", "--full", "--strict")


def test_delivering_again_changes_nothing(
    repo: GitRepo, repository: Repository, base: CommitId, work: CommitId
) -> None:
    deliver_branch(repository, work, base, BRANCH)
    before = repo.state()
    deliver_branch(repository, work, base, BRANCH)
    deliver_branch(repository, work, base, BRANCH, expected_old=base)
    assert repo.state() == before


def test_a_delivered_branch_grows(
    repo: GitRepo, repository: Repository, worktree: Worktree, base: CommitId, work: CommitId
) -> None:
    deliver_branch(repository, work, base, BRANCH)
    later = more(repository, worktree, work)
    deliver_branch(repository, later, base, BRANCH, expected_old=work)
    assert repo.git("rev-parse", BRANCH) == later


def test_a_delivered_commit_lives_without_the_run(
    repo: GitRepo, repository: Repository, base: CommitId, work: CommitId
) -> None:
    deliver_branch(repository, work, base, BRANCH)
    repository.path.rename(repository.path.with_name("gone"))
    assert repo.git("show", f"{BRANCH}:src/new.py") == "new"


def test_a_branch_that_somebody_moved_is_left_alone(
    repo: GitRepo, repository: Repository, worktree: Worktree, base: CommitId, work: CommitId
) -> None:
    repo.git("branch", BRANCH, base)
    before = repo.state()
    with pytest.raises(DeliveryRefusedError, match=r"trackside/r1 .* exists already"):
        deliver_branch(repository, work, base, BRANCH)
    with pytest.raises(DeliveryRefusedError, match=r"was moved .* by somebody else"):
        deliver_branch(repository, more(repository, worktree, work), base, BRANCH, work)
    assert repo.state() == before
    repo.git("branch", "-D", BRANCH)
    with pytest.raises(DeliveryRefusedError, match="was deleted"):
        deliver_branch(repository, work, base, BRANCH, expected_old=base)


def test_a_branch_that_is_checked_out_is_left_alone(
    repo: GitRepo, repository: Repository, base: CommitId, work: CommitId
) -> None:
    repo.git("worktree", "add", "-q", "-b", BRANCH, "../elsewhere")
    with pytest.raises(DeliveryRefusedError, match=r"is checked out in .*/elsewhere"):
        deliver_branch(repository, work, base, BRANCH, expected_old=base)
    assert repo.git("rev-parse", BRANCH) == base


def test_a_branch_that_awaits_its_first_commit_is_left_alone(
    repo: GitRepo, repository: Repository, base: CommitId, work: CommitId
) -> None:
    repo.git("checkout", "-q", "--orphan", BRANCH)
    before = repo.state()
    with pytest.raises(DeliveryRefusedError, match=rf"{BRANCH} is checked out in .*; switch to"):
        deliver_branch(repository, work, base, BRANCH)
    assert repo.state() == before


def test_a_branch_in_the_way_of_the_name_is_named(
    repo: GitRepo, repository: Repository, base: CommitId, work: CommitId
) -> None:
    repo.git("branch", "trackside")
    with pytest.raises(DeliveryRefusedError, match=r"branch trackside of .* is in the way of"):
        deliver_branch(repository, work, base, BRANCH)
    repo.git("branch", "-m", "trackside", f"{BRANCH}/too")
    with pytest.raises(DeliveryRefusedError, match=r"branch trackside/r1/too of .* is in the way"):
        deliver_branch(repository, work, base, BRANCH)
    repo.git("branch", "-m", f"{BRANCH}/too", f"{BRANCH}0")
    deliver_branch(repository, work, base, BRANCH)


def test_a_branch_that_cannot_be_written_is_named(
    repo: GitRepo, repository: Repository, base: CommitId, work: CommitId
) -> None:
    repo.write(f".git/{REF}.lock", "")
    with pytest.raises(DeliveryRefusedError, match=r"trackside/r1 of .* could not be written: .*"):
        deliver_branch(repository, work, base, BRANCH)


def test_a_symbolic_branch_is_not_followed(
    repo: GitRepo, repository: Repository, base: CommitId, work: CommitId
) -> None:
    repo.git("branch", "other", base)
    repo.git("symbolic-ref", REF, "refs/heads/other")
    deliver_branch(repository, work, base, BRANCH, expected_old=base)
    assert repo.git("rev-parse", "other") == base
    assert repo.git("rev-parse", BRANCH) == work


def test_an_impossible_name_is_refused(repository: Repository, base: CommitId) -> None:
    for branch in ("", "a b", "x..y", "end.lock", "../../config", "a\x1b"):
        with pytest.raises(DeliveryRefusedError, match="cannot be the name of a branch"):
            deliver_branch(repository, base, base, branch)


def test_a_base_that_is_gone_is_named(
    repo: GitRepo, repository: Repository, base: CommitId, work: CommitId
) -> None:
    with pytest.raises(DeliveryRefusedError, match="base commit 444444444444 is not there"):
        deliver_branch(repository, work, CommitId("4" * 40), BRANCH)


def test_applying_fast_forwards_checkout_index_and_branch(
    repo: GitRepo, repository: Repository, base: CommitId, work: CommitId
) -> None:
    repo.write("untracked", "mine\n")
    (repo.path / "readme").touch()
    deliver_apply(repository, work, base)
    assert repo.git("rev-parse", "main") == work
    assert repo.git("symbolic-ref", "HEAD") == "refs/heads/main"
    assert repo.git("status", "--porcelain") == "?? untracked"
    assert (repo.path / "readme").read_text() == "hello\nworld\n"
    assert (repo.path / "src" / "new.py").stat().st_mode & 0o111
    assert not (repo.path / "link").is_symlink()
    before = repo.state()
    deliver_apply(repository, work, base)
    assert repo.state() == before


def test_applying_goes_on_from_what_the_run_delivered_before(
    repo: GitRepo, repository: Repository, worktree: Worktree, base: CommitId, work: CommitId
) -> None:
    deliver_apply(repository, work, base)
    later = more(repository, worktree, work)
    deliver_apply(repository, later, base)
    assert repo.git("rev-parse", "main") == later
    assert repo.git("status", "--porcelain") == ""


def test_applying_to_a_sparse_checkout_keeps_it_sparse(
    repo: GitRepo, repository: Repository, base: CommitId, work: CommitId
) -> None:
    repo.git("sparse-checkout", "set", "--no-cone", "/readme")
    deliver_apply(repository, work, base)
    assert repo.git("status", "--porcelain") == ""
    assert sorted(each.name for each in repo.path.iterdir()) == [".git", "readme"]


def test_applying_to_a_linked_worktree_moves_its_branch(
    repo: GitRepo, base: CommitId, tmp_path: Path
) -> None:
    repo.git("worktree", "add", "-q", "-b", "side", "../linked")
    repository = Repository.create(tmp_path / "run", tmp_path / "linked")
    worktree = Worktree(repository, tmp_path / "T1")
    worktree.materialise(base)
    work = more(repository, worktree, base)
    deliver_apply(repository, work, base)
    assert (tmp_path / "linked" / "more").exists()
    assert repo.git("rev-parse", "side", "main").split() == [work, base]


def unstaged(repo: GitRepo) -> None:
    repo.write("src/app.py", "edited\n")


def staged(repo: GitRepo) -> None:
    repo.write("added", "x\n")
    repo.git("add", "added")


def detached(repo: GitRepo) -> None:
    repo.git("checkout", "-q", "--detach")


def moved(repo: GitRepo) -> None:
    repo.commit(other="x\n")


def in_the_way(repo: GitRepo) -> None:
    repo.write("src/new.py", "mine, untracked\n")


def ignored(repo: GitRepo) -> None:
    repo.write(".git/info/exclude", "new.py\n")
    repo.write("src/new.py", "mine, ignored\n")


def ignored_folder(repo: GitRepo) -> None:
    repo.write(".git/info/exclude", "new.py\n")
    repo.write("src/new.py/mine", "mine, ignored\n")


def ignored_link(repo: GitRepo) -> None:
    repo.write(".git/info/exclude", "new.py\n")
    (repo.path / "src" / "new.py").symlink_to("nowhere")


def merging(repo: GitRepo) -> None:
    (repo.path / ".git" / "MERGE_HEAD").write_text(repo.git("rev-parse", "HEAD"))


def filtered(repo: GitRepo) -> None:
    repo.write(".git/info/attributes", "readme filter=lfs\n")


def without_index(repo: GitRepo) -> None:
    (repo.path / ".git" / "index").unlink()


def branch_locked(repo: GitRepo) -> None:
    (repo.path / ".git" / "refs" / "heads" / "main.lock").touch()


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (unstaged, "changes that are not committed"),
        (staged, "staged changes"),
        (detached, "no branch is checked out"),
        (moved, "has moved from"),
        (in_the_way, r"cannot be fast-forwarded: src/new\.py is in the way"),
        (ignored, r"cannot be fast-forwarded: src/new\.py is in the way"),
        (ignored_folder, r"cannot be fast-forwarded: src/new\.py/mine is in the way"),
        (ignored_link, r"cannot be fast-forwarded: src/new\.py is in the way"),
        (merging, "MERGE_HEAD says that an operation is under way"),
        (filtered, "readme goes through the filter 'lfs'"),
        (without_index, "staged changes"),
        (branch_locked, r"branch of .* could not be moved: .*main\.lock"),
    ],
)
def test_a_refused_application_leaves_everything_as_it_was(
    repo: GitRepo,
    repository: Repository,
    base: CommitId,
    work: CommitId,
    prepare: object,
    reason: str,
) -> None:
    assert callable(prepare)
    prepare(repo)
    before = repo.state()
    with pytest.raises(DeliveryRefusedError, match=reason):
        deliver_apply(repository, work, base)
    after = repo.state()
    if prepare is branch_locked:  # the index was written and written back
        before.pop(".git/index")
        after.pop(".git/index")
    assert after == before
    assert not list(repository.path.glob("index-*"))


def test_an_ignored_file_in_a_tracked_folder_that_becomes_a_file_is_in_the_way(
    repo: GitRepo, repository: Repository, worktree: Worktree, base: CommitId
) -> None:
    repo.write("src/app.log", "mine, ignored\n")
    shutil.rmtree(worktree.folder / "src")
    (worktree.folder / "src").write_text("a file\n")
    work = repository.commit(worktree.snapshot().tree, [base], "T1", 0)
    with pytest.raises(DeliveryRefusedError, match=r"src/app\.log is in the way"):
        deliver_apply(repository, work, base)
    (repo.path / "src" / "app.log").unlink()
    deliver_apply(repository, work, base)
    assert (repo.path / "src").read_text() == "a file\n"


def test_an_ignored_file_in_the_place_of_a_new_folder_is_in_the_way(
    repo: GitRepo, repository: Repository, worktree: Worktree, base: CommitId
) -> None:
    repo.write("build", "mine\n")
    repo.write(".git/info/exclude", "build\n")
    (worktree.folder / "build").mkdir()
    (worktree.folder / "build" / "out").write_text("built\n")
    work = repository.commit(worktree.snapshot_paths(["build/out"]), [base], "T1", 0)
    with pytest.raises(DeliveryRefusedError, match="build is in the way"):
        deliver_apply(repository, work, base)
    assert (repo.path / "build").read_text() == "mine\n"


def test_a_tracked_file_gives_way_to_a_folder(
    repo: GitRepo, repository: Repository, worktree: Worktree, base: CommitId
) -> None:
    (worktree.folder / "readme").unlink()
    (worktree.folder / "readme").mkdir()
    (worktree.folder / "readme" / "first").write_text("read me\n")
    deliver_apply(repository, repository.commit(worktree.snapshot().tree, [base], "T1", 0), base)
    assert (repo.path / "readme" / "first").read_text() == "read me\n"


def test_an_application_that_was_cut_short_is_finished(
    repo: GitRepo, repository: Repository, base: CommitId, work: CommitId
) -> None:
    deliver_branch(repository, work, base, BRANCH)
    repo.git("read-tree", "-m", "-u", base, work)
    assert repo.git("rev-parse", "HEAD") == base
    deliver_apply(repository, work, base)
    assert repo.git("rev-parse", "HEAD") == work
    assert repo.git("status", "--porcelain") == ""


def test_a_failure_of_git_is_no_refusal(
    repository: Repository, base: CommitId, work: CommitId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "silenced", lambda git: (("core.bare", "nonsense"),))
    with pytest.raises(GitFailedError, match="bad boolean"):
        deliver_apply(repository, work, base)
