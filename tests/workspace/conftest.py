"""A user's repository with one commit, the run's repository on it, and one worktree."""

import shutil
from pathlib import Path

import pytest

from events.ids import CommitId
from tests.git_repo import GitRepo
from workspace.tree import Repository
from workspace.worktree import Worktree


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> GitRepo:
    repo = GitRepo(tmp_path_factory.mktemp("template") / "repo")
    repo.write("readme", "hello\n")
    repo.write("src/app.py", "one\ntwo\nthree\n")
    repo.write("run.sh", "#!/bin/sh\n", 0o755)
    repo.write(".gitignore", "build/\n*.log\n")
    (repo.path / "link").symlink_to("src/app.py")
    repo.commit()
    return repo


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    """Return an empty repository, or with `base` one that has a commit."""
    return GitRepo(tmp_path / "repo")


@pytest.fixture
def base(repo: GitRepo, template: GitRepo) -> CommitId:
    shutil.rmtree(repo.path)
    shutil.copytree(template.path, repo.path, symlinks=True)
    repo.git("update-index", "-q", "--refresh")
    return CommitId((repo.path / ".git/refs/heads/main").read_text().strip())


@pytest.fixture
def repository(repo: GitRepo, base: CommitId, tmp_path: Path) -> Repository:
    return Repository.create(tmp_path / "run" / "git", repo.path)


@pytest.fixture
def worktree(repository: Repository, base: CommitId, tmp_path: Path) -> Worktree:
    made = Worktree(repository, tmp_path / "cache" / "T1")
    made.materialise(base)
    return made
