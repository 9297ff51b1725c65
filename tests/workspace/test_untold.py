"""Trees written without git, onto the tree before, while the index of a worktree lags behind."""

import errno
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.ids import CommitId, TreeId
from tests.git_repo import GitRepo, contents, files_of, paths_of, read_blob
from workspace import untold
from workspace.errors import GitDiskError, GitFailedError
from workspace.git import Git
from workspace.tree import Repository
from workspace.worktree import Worktree


@pytest.fixture
def only_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where git is asked to write a tree or an object."""
    run = Git.run

    def watched(self: Git, *args: str, stdin: bytes = b"", silent: bool = False) -> bytes:
        assert args[0] not in {"update-index", "write-tree", "hash-object"}
        return run(self, *args, stdin=stdin, silent=silent)

    monkeypatch.setattr(Git, "run", watched)


def by_git(worktree: Worktree) -> TreeId:
    """Return the tree of the folder as git alone writes it, with ignored files that are known."""
    untold.forget_untold(worktree.folder.with_name(f"{worktree.folder.name}.untold"))
    return worktree.snapshot().tree


def test_a_few_changes_start_no_git_that_writes(
    worktree: Worktree, repository: Repository, only_here: None
) -> None:
    (worktree.folder / "readme").write_text("new")
    (worktree.folder / "src" / "app.py").unlink()
    (worktree.folder / "run.sh").chmod(0o644)
    tree = worktree.snapshot_paths(["readme", "src/app.py", "run.sh"])
    (worktree.folder / "more").symlink_to("readme")
    after = worktree.snapshot().tree
    assert read_blob(repository, tree, "readme") == b"new"
    assert repository.changed_paths(tree, after) == ["more"]
    modes = {entry.path: entry.mode for entry in files_of(repository, after)}
    assert "src/app.py" not in modes
    assert (modes["run.sh"], modes["more"]) == ("100644", "120000")


NAMES = st.sampled_from(
    ["readme", "run.sh", "link", "src", "src/app.py", "src/b", "c/d/e", "c", "c/d"]
)
KINDS = st.sampled_from(["file", "program", "link", "gone"])


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.dictionaries(NAMES, KINDS, max_size=3), max_size=3), named=st.booleans())
def test_a_tree_written_here_is_the_one_that_git_writes(
    worktree: Worktree, base: CommitId, steps: list[dict[str, str]], *, named: bool
) -> None:
    worktree.materialise(base)
    tree = worktree.snapshot().tree
    for number, step in enumerate(steps):
        touched = [name for name, kind in step.items() if changed(worktree, name, kind, number)]
        tree = worktree.snapshot_paths(touched) if named else worktree.snapshot().tree
    assert tree == by_git(worktree)


def changed(worktree: Worktree, name: str, kind: str, number: int) -> bool:
    """Make a path what it shall be; return whether that can be done by a file tool."""
    place = worktree.folder / name
    above = [worktree.folder / folder for folder in Path(name).parents]
    if (place.is_dir() and not place.is_symlink()) or any(
        not each.is_dir() for each in above if os.path.lexists(each)
    ):
        return False
    place.unlink(missing_ok=True)
    if kind == "gone":
        return True
    place.parent.mkdir(parents=True, exist_ok=True)
    if kind == "link":
        place.symlink_to(f"to {number}")
    else:
        place.write_text(f"{kind} {number}")
        place.chmod(0o755 if kind == "program" else 0o600)
    return True


def test_what_one_saw_the_next_one_knows(worktree: Worktree, repository: Repository) -> None:
    (worktree.folder / "build").mkdir()
    (worktree.folder / "build" / "made").write_text("ignored, but written by name")
    worktree.snapshot_paths(["build/made"])
    again = Worktree(repository, worktree.folder)
    (worktree.folder / "readme").write_text("changed")
    assert read_blob(repository, again.snapshot_paths(["readme"]), "build/made") is not None
    assert read_blob(repository, again.snapshot().tree, "build/made") is not None


def test_an_ignored_file_that_was_written_by_name_goes_with_its_tree(
    worktree: Worktree, base: CommitId
) -> None:
    before = contents(worktree.folder)
    (worktree.folder / "build").mkdir()
    (worktree.folder / "build" / "made").write_text("x")
    worktree.snapshot_paths(["build/made"])
    worktree.materialise(base)
    assert contents(worktree.folder) == before


def test_what_steers_other_tools_goes_back_to_what_was_last_taken(
    worktree: Worktree, repository: Repository
) -> None:
    place = worktree.folder / ".mcp.json"
    place.write_text("as it was allowed")
    (worktree.folder / "readme").write_text("by a tool")
    tree = worktree.snapshot_paths([".mcp.json", "readme"])
    assert read_blob(repository, tree, ".mcp.json") == b"as it was allowed"
    (worktree.folder / "src" / "new.py").write_text("by a tool")
    before = worktree.snapshot_paths(["src/new.py"])
    place.write_text("as a command would have it")
    (worktree.folder / "readme").write_text("by a command")
    after = worktree.snapshot()
    assert after.undone == (".mcp.json",)
    assert place.read_text() == "as it was allowed"
    assert repository.changed_paths(before, after.tree) == ["readme"]


def test_many_changes_are_told_to_the_index(worktree: Worktree, repository: Repository) -> None:
    names = [f"f{number}" for number in range(40)]
    for name in names:
        (worktree.folder / name).write_text(name)
        worktree.snapshot_paths([name])
    tree = worktree.snapshot_paths([])
    assert set(names) < set(paths_of(repository, tree))
    assert tree == by_git(worktree)


def test_a_large_file_is_left_to_git(
    worktree: Worktree, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(untold, "MOST_BYTES", 10)
    (worktree.folder / "readme").write_bytes(b"0123456789A")
    assert read_blob(repository, worktree.snapshot_paths(["readme"]), "readme") == b"0123456789A"


def test_a_name_that_some_file_system_takes_for_git_is_in_no_tree(worktree: Worktree) -> None:
    tree = worktree.snapshot().tree
    (worktree.folder / "git~1").write_text("x")
    assert worktree.snapshot_paths(["git~1"]) == tree
    assert worktree.snapshot().tree == tree


def test_a_file_system_without_modes_keeps_those_of_the_tree(
    repo: GitRepo, base: CommitId, tmp_path: Path
) -> None:
    made = Repository.create(tmp_path / "run", repo.path)
    made.git.run("config", "core.fileMode", "false")
    worktree = Worktree(Repository.open(made.path, repo.path), tmp_path / "T1")
    worktree.materialise(base)
    (worktree.folder / "run.sh").chmod(0o644)
    assert worktree.snapshot_paths(["run.sh"]) == made.tree_of(base)


@pytest.mark.parametrize("damage", [b"", b"half", b"1 2 3 4\0tree\0"])
def test_a_record_that_does_not_go_with_the_index_is_passed_over(
    worktree: Worktree, repository: Repository, damage: bytes
) -> None:
    (worktree.folder / "readme").write_text("first")
    worktree.snapshot()
    worktree.folder.with_name(f"{worktree.folder.name}.untold").write_bytes(damage)
    (worktree.folder / "run.sh").write_text("second")
    tree = worktree.snapshot().tree
    assert read_blob(repository, tree, "readme") == b"first"
    assert read_blob(repository, tree, "run.sh") == b"second"


def test_a_full_disk_is_told_as_such_and_leaves_nothing(
    worktree: Worktree, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_fd: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    objects = repository.path / "objects"
    there = {path for path in objects.rglob("*") if path.is_file()}
    (worktree.folder / "readme").write_text("no room for this")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(GitDiskError, match="No space left on device"):
            worktree.snapshot_paths(["readme"])
    assert {path for path in objects.rglob("*") if path.is_file()} == there
    assert read_blob(repository, worktree.snapshot().tree, "readme") == b"no room for this"


def test_a_tree_that_is_gone_is_named(worktree: Worktree, repository: Repository) -> None:
    (worktree.folder / "readme").write_text("first")
    first = worktree.snapshot_paths(["readme"])
    place = repository.path / "objects" / first[:2] / first[2:]
    whole = place.read_bytes()
    place.chmod(0o600)
    place.write_bytes(whole[:-4])
    again = Worktree(Repository.open(repository.path, repository.user.top), worktree.folder)
    (worktree.folder / "readme").write_text("second")
    assert read_blob(repository, again.snapshot().tree, "readme") == b"second"


def test_objects_are_there_for_git_and_are_of_its_kind(
    worktree: Worktree, repository: Repository
) -> None:
    (worktree.folder / "readme").write_text("new")
    tree = worktree.snapshot_paths(["readme"])
    repository.git.run("fsck", "--strict", "--no-dangling", tree, silent=False)
    place = repository.path / "objects" / tree[:2] / tree[2:]
    assert place.stat().st_mode & 0o777 == 0o444
    with pytest.raises(GitFailedError):
        repository.git.run("cat-file", "-e", "0" * 40)


@given(
    message=st.text(max_size=30) | st.sampled_from(["", "\n", "a\n\n", "T1: \udcff", "a\0b"]),
    date=st.integers(0, 4_000_000_000),
)
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_commit_written_here_is_the_one_that_git_writes(
    repository: Repository, base: CommitId, message: str, date: int
) -> None:
    def made(*parents: CommitId) -> CommitId | None:
        try:
            return repository.commit(tree, parents, message, date)
        except GitFailedError:
            return None

    tree = repository.tree_of(base)
    own = repository.commit(tree, [], "own", 1)
    assert repository.loose.owns(own)
    for parents in ((), (own,), (own, own), (base, own)):
        here = made(*parents)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Repository, "_can_write_commit", lambda *_: False)
            assert made(*parents) == here
    with pytest.raises(GitFailedError):
        repository.commit(tree, [CommitId("1" * 40)], "an orphan", 1)
