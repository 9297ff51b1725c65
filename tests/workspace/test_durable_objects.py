"""What git writes of a run would survive a power cut by the time that an event names it."""

import json
from pathlib import Path

import pytest

from events.ids import CommitId
from tests.git_repo import GitRepo
from workspace import git
from workspace.delivery import deliver_branch
from workspace.merge import Merged, merge
from workspace.tree import Repository
from workspace.worktree import FEW, Worktree


def flushed(trace: Path) -> set[str]:
    """Return the commands of git that had the disk write down what it held, as git traces them."""
    found, command = set[str](), ""
    for line in trace.read_text().splitlines():
        event = json.loads(line)
        if event["event"] == "start":
            command = event["argv"][1]
        told = str(event.get("key") or event.get("name"))  # as of git 2.39, and later
        if event.get("category") == "fsync" and told.endswith("hardware-flush"):
            found.add(command)
    return found


def test_every_command_that_writes_objects_has_them_written_down(
    repo: GitRepo, base: CommitId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository.create(tmp_path / "run" / "git", repo.path)
    worktree = Worktree(repository, tmp_path / "T1")
    trace = tmp_path / "trace"
    monkeypatch.setitem(git._ENVIRONMENT, "GIT_TRACE2_EVENT", str(trace))
    trees = []
    for name in ("ours", "theirs"):
        worktree.materialise(base)
        for number in range(FEW + 1):  # of fewer it is written without git
            (worktree.folder / f"{name}{number}").write_text(f"{name} {number}\n")
        trees.append(worktree.snapshot().tree)
    merged = merge(repository, base, *trees)
    assert isinstance(merged, Merged)
    deliver_branch(repository, repository.commit(merged.tree, [base], "T1", 0), base, "out")
    writing = {"update-index", "write-tree", "merge-tree", "commit-tree", "unpack-objects"}
    assert writing <= flushed(trace)
