"""A repository full of programs to run: a canary tells if one of them ever did."""

import os
from pathlib import Path

import pytest

from events.ids import CommitId
from tests.git_repo import GitRepo, read_blob
from workspace.delivery import deliver_apply, deliver_branch
from workspace.errors import DeliveryRefusedError
from workspace.merge import Merged, merge
from workspace.tree import Repository
from workspace.worktree import Worktree

ATTRIBUTES = "* filter=evil diff=evil merge=evil text eol=crlf ident\n*.u filter=odd=name.x\n"


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    return tmp_path / "canary"


@pytest.fixture
def hostile(repo: GitRepo, canary: Path) -> CommitId:
    """Return the base commit of a repository that is armed with everything there is."""
    base = repo.commit(**{".gitattributes": ATTRIBUTES, "a": "$Id$\r\n", "b.u": "b\n", "c": "c\n"})
    repo.arm(canary)
    for name in ("a", "b.u", "c"):  # no longer as the index has them, so git has to look
        os.utime(repo.path / name, (1, 1))
    return base


def worked(repository: Repository, base: CommitId, folder: Path) -> CommitId:
    """Return a commit that comes of a whole small run: snapshots, a merge, every reading."""
    worktree = Worktree(repository, folder)
    worktree.materialise(base)
    (worktree.folder / "a").write_bytes(b"ours\r\n")
    ours = worktree.snapshot().tree
    worktree.materialise(base, clean_ignored=True)
    (worktree.folder / "new").write_bytes(b"theirs\r\n")
    theirs = worktree.snapshot_paths(["new"])
    worktree.restore(ours)
    merged = merge(repository, base, ours, theirs)
    assert isinstance(merged, Merged)
    assert "theirs\r" in repository.diff(base, merged.tree)
    assert repository.changed_paths(base, merged.tree) == ["a", "new"]
    repository.checkout_to(merged.tree, folder.with_name("out"))
    assert (folder.with_name("out") / "a").read_bytes() == b"ours\r\n"
    return repository.commit(merged.tree, [base], "T1", 0)


def test_the_trap_is_armed(repo: GitRepo, hostile: CommitId, canary: Path) -> None:
    repo.git("status")
    repo.git("branch", "x")
    ran = canary.read_text()
    assert ".git/hooks/reference-transaction" in ran
    assert ".git/trap" in ran


def test_a_whole_run_starts_none_of_it(
    repo: GitRepo, hostile: CommitId, canary: Path, tmp_path: Path
) -> None:
    before = repo.state()
    repository = Repository.create(tmp_path / "run", repo.path)
    assert repository.user.resolve("main") == hostile
    commit = worked(repository, hostile, tmp_path / "T1")
    deliver_branch(repository, commit, hostile, "trackside/r1")
    ref = "refs/heads/trackside/r1"
    after = repo.state()
    assert set(after) - set(before) == {f".git/{ref}", f".git/logs/{ref}"}
    assert {name: after[name] for name in before} == before
    assert not canary.exists()


def test_applying_starts_none_of_it(
    repo: GitRepo, hostile: CommitId, canary: Path, tmp_path: Path
) -> None:
    repository = Repository.create(tmp_path / "run", repo.path)
    commit = worked(repository, hostile, tmp_path / "T1")
    with pytest.raises(DeliveryRefusedError, match="goes through the filter 'evil'"):
        deliver_apply(repository, commit, hostile)
    repo.write(".git/info/attributes", "a !filter\nnew !filter\n")
    deliver_apply(repository, commit, hostile)
    assert not canary.exists()
    assert (repo.path / ".git" / "HEAD").read_text() == "ref: refs/heads/main\n"
    assert repository.user.resolve("main") == commit
    assert (repo.path / "a").read_bytes() == b"ours\r\n"


def test_the_callers_environment_changes_nothing(
    repo: GitRepo, base: CommitId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, canary: Path
) -> None:
    repo.arm(canary)
    trap = str(repo.path / ".git" / "trap")
    for name in ("GIT_SSH", "GIT_EXTERNAL_DIFF", "GIT_EDITOR", "GIT_ASKPASS", "GIT_PROXY_COMMAND"):
        monkeypatch.setenv(name, trap)
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_WORK_TREE", "/nowhere")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere")
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", "/nowhere")
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", f"'core.fsmonitor'='{trap}'")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".gitconfig").write_text(
        f"[core]\n fsmonitor = {trap}\n autocrlf = true\n symlinks = false\n"
        f"[diff]\n external = {trap}\n[init]\n templateDir = {repo.path / '.git'}\n"
    )
    (tmp_path / ".config" / "git").mkdir(parents=True)
    (tmp_path / ".config" / "git" / "attributes").write_text("* eol=crlf filter=evil\n")
    (tmp_path / ".config" / "git" / "ignore").write_text("*\n")
    repository = Repository.create(tmp_path / "run", repo.path)
    worktree = Worktree(repository, tmp_path / "T1")
    worktree.materialise(base)
    assert (worktree.folder / "readme").read_bytes() == b"hello\n"
    assert (worktree.folder / "link").is_symlink()
    (worktree.folder / "new").write_bytes(b"new\n")
    tree = worktree.snapshot().tree
    assert read_blob(repository, tree, "new") == b"new\n"
    assert "+new" in repository.diff(base, tree)
    assert not [*(tmp_path / "run").rglob("hooks")]
    assert not canary.exists()
