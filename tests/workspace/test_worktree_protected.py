"""What steers other programs stays as it was, whatever a command does to it."""

import os
import subprocess
from pathlib import Path

import pytest

from events.ids import CommitId
from tests.git_repo import GitRepo, contents
from workspace.tree import Repository
from workspace.worktree import Worktree

DEEDS = {
    "a new one": ("echo evil >.envrc", [".envrc"]),
    "a new one, deep": ("mkdir -p a/.idea/c; echo evil >a/.idea/c/x", ["a/.idea/c/x"]),
    "one beside": ("echo evil >.vscode/new", [".vscode/new"]),
    "another letter case": ("mkdir .VSCode; echo evil >.VSCode/x", [".VSCode/x"]),
    "a blank at its end": ("echo evil >'sub/.envrc '", ["sub/.envrc "]),
    "a character that HFS+ skips": ("mkdir .g\u200cit; echo evil >.g\u200cit/x", [".g\u200cit/x"]),
    "a short name": ("mkdir GIT~1; echo evil >GIT~1/config", ["GIT~1/config"]),
    "our own folder": ("mkdir .trackside; echo evil >.trackside/x", [".trackside/x"]),
    "changed": ("echo evil >.vscode/tasks", [".vscode/tasks"]),
    "made runnable": ("chmod +x .vscode/tasks", [".vscode/tasks"]),
    "deleted": ("rm sub/.envrc", ["sub/.envrc"]),
    "its folder deleted": ("rm -r .vscode", [".vscode/tasks"]),
    "moved away": ("mv .vscode moved", [".vscode/tasks"]),
    "the folder above a file": (
        "rm -r sub; echo evil >sub",
        ["sub/.envrc", "sub/trackside.toml"],
    ),
    "the folder above a link": (
        "rm -r sub; ln -s src sub",
        ["sub/.envrc", "sub/trackside.toml"],
    ),
    "a link to elsewhere": ("rm -r .vscode; ln -s src .vscode", [".vscode", ".vscode/tasks"]),
    "a file for a folder": ("rm -r .vscode; echo evil >.vscode", [".vscode", ".vscode/tasks"]),
    "a pipe for a folder": ("rm -r .vscode; mkfifo .vscode", [".vscode/tasks"]),
    "a folder for a file": (
        "rm sub/.envrc; mkdir sub/.envrc; echo evil >sub/.envrc/x",
        ["sub/.envrc", "sub/.envrc/x"],
    ),
    "written by a hard link": ("ln sub/.envrc hard; echo evil >hard", ["sub/.envrc"]),
    "shut away": ("mkdir a; echo evil >a/.envrc; chmod 0 a", ["a/.envrc"]),
    "in a repository of its own": ("git init -q own; echo evil >own/.envrc", ["own/.envrc"]),
}
"""What a command does, and the paths that are put back as they were."""


@pytest.fixture
def steered(repo: GitRepo, base: CommitId, tmp_path: Path) -> Worktree:
    """Return a worktree of a repository that has such files itself."""
    assert base
    repo.write(".vscode/tasks", "{}\n")
    repo.write(".gitattributes", "*.txt text\n")
    repo.write("sub/.envrc", "export A=1\n", 0o755)
    repo.write("sub/trackside.toml", "workers = 1\n")
    repo.write("sub/plain", "1\n")
    tip = repo.commit()
    made = Worktree(Repository.create(tmp_path / "run" / "git", repo.path), tmp_path / "T1")
    made.materialise(tip)
    return made


def act(worktree: Worktree, script: str) -> None:
    subprocess.run(["sh", "-ec", script], cwd=worktree.folder, check=True)


@pytest.mark.parametrize("deed", DEEDS)
def test_it_is_put_back_and_named(steered: Worktree, deed: str) -> None:
    script, undone = DEEDS[deed]
    before, base = contents(steered.folder), steered.snapshot().tree
    act(steered, f"{script}; echo 1 >kept")
    snapshot = steered.snapshot()
    assert [*snapshot.undone] == undone
    found = contents(steered.folder)
    assert not found.keys() & {*undone} - before.keys()
    assert {path: found.get(path) for path in before if path in undone} == {
        path: before[path] for path in before if path in undone
    }
    changed = {*steered.repository.changed_paths(base, snapshot.tree)}
    assert "kept" in changed
    assert not changed & {*undone, "sub"}
    assert steered.snapshot() == (snapshot.tree, ())


def test_what_was_only_touched_or_was_there_before_is_no_matter(steered: Worktree) -> None:
    base = steered.snapshot().tree
    os.utime(steered.folder / ".vscode" / "tasks", (1, 1))
    act(steered, "cat sub/.envrc >x; cat x >sub/.envrc; rm x; echo '* -text' >.gitattributes")
    tree, undone = steered.snapshot()
    assert undone == ()
    assert steered.repository.changed_paths(base, tree) == [".gitattributes"]


def test_a_path_that_is_named_is_put_back_too(steered: Worktree) -> None:
    base = steered.snapshot().tree
    act(steered, "echo evil >sub/plain")
    assert steered.snapshot(["sub/plain"]) == (base, ("sub/plain",))
    assert (steered.folder / "sub" / "plain").read_text() == "1\n"
