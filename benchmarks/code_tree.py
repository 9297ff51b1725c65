"""The code tree: what keeping every state of 2,000 files costs, against git's own commands."""

import subprocess
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

from benchmarks.measure import Goal, Row, in_turns, row_of
from benchmarks.projects import write_files
from events.ids import CommitId
from workspace.merge import Merged, merge
from workspace.tree import Repository
from workspace.worktree import Worktree

FILES = 2000
_ANSWER_S = 1.1
"""A model has answered before the first command runs; so the indexes, ours and the user's, are a
second old, and git believes the times of files."""
_GIT = ("git", "-c", "user.name=bench", "-c", "user.email=bench@localhost")


def rows(folder: Path, rounds: int, files: int = FILES, work: str = "code tree") -> list[Row]:
    user = folder / "user"
    write_files(user, files)
    _git(user, "init", "--quiet")
    _git(user, "add", "--all")
    _git(user, "commit", "--quiet", "--message", "begin")
    repository = Repository.create(folder / "run.git", user)
    base = CommitId(_git(user, "rev-parse", "HEAD"))
    tree = repository.tree_of(base)
    worktree = Worktree(repository, folder / "worktrees" / "T1.1")
    worktree.materialise(tree)
    time.sleep(_ANSWER_S)
    changes = count()

    def change(place: Path, name: str = "part0/file0.py") -> None:
        (place / name).write_text(f"changed = {next(changes)}\n")

    def one_file() -> float:
        change(worktree.folder)
        return _timed(lambda: worktree.snapshot_paths(["part0/file0.py"]))

    def any_file() -> float:
        change(worktree.folder)
        return _timed(worktree.snapshot)

    def status() -> float:
        change(user)
        return _timed(lambda: _git(user, "status", "--porcelain"))

    def hash_one() -> float:
        change(user)
        return _timed(lambda: _git(user, "hash-object", "-w", "part0/file0.py"))

    sides = [_commit(repository, worktree, base, f"part{number}/file0.py") for number in (1, 2)]
    first = repository.tree_of(sides[0])

    def merged() -> None:
        assert isinstance(merge(repository, base, sides[1], first), Merged)

    def reset() -> float:
        change(worktree.folder)
        return _timed(lambda: worktree.materialise(tree, clean_ignored=True))

    def added() -> float:
        place = folder / f"added-{next(changes)}"
        return _timed(lambda: _git(user, "worktree", "add", "--quiet", "--detach", str(place)))

    cases: list[tuple[str, Callable[[], float], Callable[[], float], str, Goal]] = [
        ("after a file tool", hash_one, one_file, "git hash-object -w", Goal("<=", 5.5)),
        ("after a command", status, any_file, "git status", Goal("<=", 2.0)),
        (
            "a merge",
            lambda: _timed(lambda: _git(user, "rev-parse", "HEAD")),
            lambda: _timed(merged),
            "git rev-parse, which only starts",
            Goal("<=", 16.0),
        ),
        ("a worktree taken over", added, reset, "git worktree add", Goal("<=", 0.25)),
    ]
    return [
        row_of(
            f"{work}, {name}",
            "ms",
            in_turns(rounds, {"limit": limit, "ours": ours}),
            limit_is=words,
            goal=goal,
            note=f"{files:,} files",
        )
        for name, limit, ours, words, goal in cases
    ]


def _commit(repository: Repository, worktree: Worktree, base: CommitId, path: str) -> CommitId:
    (worktree.folder / path).write_text("changed = True\n")
    tree = worktree.snapshot_paths([path])
    worktree.restore(repository.tree_of(base))
    return repository.commit(tree, [base], f"change {path}", 0)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1e3


def _git(folder: Path, *words: str) -> str:
    said = subprocess.run([*_GIT, *words], cwd=folder, capture_output=True, check=True, text=True)
    return said.stdout.strip()
