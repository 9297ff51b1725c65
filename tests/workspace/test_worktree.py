"""A worktree holds a tree, becomes another, and is written back, whatever commands did to it."""

import fcntl
import os
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.ids import CommitId, TreeId
from tests.git_repo import GitRepo, contents, files_of, paths_of, read_blob
from workspace import worktree as worktree_room
from workspace.errors import GitFailedError, TreeMissingError, WorktreeBusyError
from workspace.tree import Repository
from workspace.worktree import Worktree


def index_of(worktree: Worktree) -> Path:
    """Return the private index of a worktree."""
    return worktree.folder.with_name(worktree.folder.name + ".index")


def test_a_worktree_is_private_and_has_no_git_folder(worktree: Worktree) -> None:
    assert worktree.folder.stat().st_mode & 0o777 == 0o700
    assert not (worktree.folder / ".git").exists()


def test_a_worktree_holds_bytes_modes_and_symlinks(worktree: Worktree, repo: GitRepo) -> None:
    shutil.rmtree(repo.path / ".git")
    assert contents(worktree.folder) == contents(repo.path)


def test_what_is_unchanged_is_the_tree_it_came_from(
    worktree: Worktree, repository: Repository, base: CommitId
) -> None:
    assert worktree.snapshot().tree == repository.tree_of(base)
    assert worktree.snapshot_paths(["readme"]) == repository.tree_of(base)


def test_a_snapshot_sees_every_kind_of_change(worktree: Worktree, repository: Repository) -> None:
    (worktree.folder / "readme").unlink()
    (worktree.folder / "run.sh").chmod(0o644)
    (worktree.folder / "link").unlink()
    (worktree.folder / "link").write_bytes(b"a file now")
    (worktree.folder / "src" / "app.py").write_bytes(b"changed")
    (worktree.folder / "new dir").mkdir()
    (worktree.folder / "new dir" / "x").symlink_to("/etc/passwd")
    assert [
        (entry.path, entry.mode) for entry in files_of(repository, worktree.snapshot().tree)
    ] == [
        (".gitignore", "100644"),
        ("link", "100644"),
        ("new dir/x", "120000"),
        ("run.sh", "100644"),
        ("src/app.py", "100644"),
    ]


def test_a_snapshot_leaves_out_what_is_ignored(worktree: Worktree, repository: Repository) -> None:
    before = worktree.snapshot().tree
    for name in ("build/x", "a.log", "src/__pycache__/app.pyc", ".pytest_cache/v"):
        (worktree.folder / name).parent.mkdir(exist_ok=True)
        (worktree.folder / name).write_text("not ours")
    assert worktree.snapshot().tree == before


def test_what_this_clone_excludes_is_ignored(repo: GitRepo, base: CommitId, tmp_path: Path) -> None:
    repo.write(".git/info/exclude", "mine\n")
    worktree = Worktree(Repository.create(tmp_path / "run", repo.path), tmp_path / "T1")
    worktree.materialise(base)
    before = worktree.snapshot().tree
    (worktree.folder / "mine").write_text("x")
    assert worktree.snapshot().tree == before


def test_a_file_becomes_a_folder_and_back(worktree: Worktree, repository: Repository) -> None:
    before = worktree.snapshot().tree
    (worktree.folder / "readme").unlink()
    (worktree.folder / "readme").mkdir()
    (worktree.folder / "readme" / "part").write_text("1")
    shutil.rmtree(worktree.folder / "src")
    (worktree.folder / "src").write_text("a file")
    after = worktree.snapshot().tree
    assert paths_of(repository, after) == [".gitignore", "link", "readme/part", "run.sh", "src"]
    worktree.restore(before)
    assert worktree.snapshot_paths(["readme", "src"]) == before
    worktree.restore(after)
    assert worktree.snapshot_paths(["src", "readme/part", "readme"]) == after


def test_touched_paths_are_all_that_a_file_tool_pays_for(
    worktree: Worktree, repository: Repository
) -> None:
    (worktree.folder / "readme").write_text("seen")
    (worktree.folder / "run.sh").write_text("not looked at")
    (worktree.folder / "src" / "app.py").unlink()
    (worktree.folder / "build").mkdir()
    (worktree.folder / "build" / "made").write_text("ignored, but written by name")
    tree = worktree.snapshot_paths(["readme", "src/app.py", "build/made", "never/was"])
    assert read_blob(repository, tree, "readme") == b"seen"
    assert read_blob(repository, tree, "run.sh") == b"#!/bin/sh\n"
    assert read_blob(repository, tree, "src/app.py") is None
    assert read_blob(repository, tree, "build/made") == b"ignored, but written by name"


def test_a_path_outside_the_worktree_is_an_error(worktree: Worktree) -> None:
    for path in ("../x", "/etc/passwd", "src/../../x"):
        with pytest.raises(GitFailedError, match="outside repository"):
            worktree.snapshot_paths([path])


def test_a_path_that_can_be_no_file_changes_nothing(worktree: Worktree) -> None:
    (worktree.folder / ".git").mkdir()
    (worktree.folder / ".git" / "config").write_text("x")
    tree = worktree.snapshot().tree
    for path in (".git/config", "src", "", "link/x", "readme/x"):
        assert worktree.snapshot_paths([path]) == tree


def test_names_keep_every_byte(worktree: Worktree, repository: Repository) -> None:
    names = ["-rf", "--", "a\nb", "tab\there", "*?[x]", ":(top)x", '"q"', "\udcff\udcfe", "ü", "\\"]
    for name in names:
        (worktree.folder / name).write_text(name, errors="surrogateescape")
    tree = worktree.snapshot().tree
    for name in names:
        content = name.encode("utf-8", "surrogateescape")
        assert read_blob(repository, tree, name) == content
    assert sorted(set(paths_of(repository, tree)) & set(names)) == sorted(names)
    (worktree.folder / "-rf").unlink()
    before = worktree.snapshot_paths(names)
    assert repository.changed_paths(tree, before) == ["-rf"]
    worktree.restore(tree)
    assert (worktree.folder / "\udcff\udcfe").read_bytes() == b"\xff\xfe"


def test_bytes_are_never_converted(worktree: Worktree, repository: Repository) -> None:
    (worktree.folder / ".gitattributes").write_text(
        "* text=auto eol=crlf ident filter=x\n*.txt crlf=input\n*.u working-tree-encoding=UTF-16\n"
    )
    files = {"a.txt": b"1\r\n2\n\r3", "b.py": b"$Id$\r\n", "c.u": b"no BOM", "d": b"\0\r\n"}
    for name, content in files.items():
        (worktree.folder / name).write_bytes(content)
    tree = worktree.snapshot().tree
    assert {name: read_blob(repository, tree, name) for name in files} == files
    worktree.remove()
    worktree.materialise(tree)
    assert {name: (worktree.folder / name).read_bytes() for name in files} == files


def test_restoring_undoes_everything_but_what_is_ignored(worktree: Worktree, repo: GitRepo) -> None:
    tree, before = worktree.snapshot().tree, contents(worktree.folder)
    (worktree.folder / "readme").unlink()
    (worktree.folder / "run.sh").chmod(0o644)
    (worktree.folder / "src" / "app.py").write_text("x")
    (worktree.folder / "src" / "deep" / "er").mkdir(parents=True)
    (worktree.folder / "src" / "deep" / "er" / "new").write_text("x")
    (worktree.folder / "build").mkdir()
    (worktree.folder / "build" / "cache").write_text("kept")
    os.mkfifo(worktree.folder / "src" / "pipe")
    worktree.restore(tree)
    assert contents(worktree.folder) == before | {"build/cache": (0, b"kept")}
    assert not (worktree.folder / "src" / "pipe").exists()
    worktree.materialise(tree, clean_ignored=True)
    assert contents(worktree.folder) == before
    assert not (worktree.folder / "build").exists()


def test_a_change_that_keeps_size_and_time_is_noticed(worktree: Worktree) -> None:
    tree = worktree.snapshot().tree
    place = worktree.folder / "readme"
    times = place.stat()
    place.write_text("HELLO\n")
    os.utime(place, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert worktree.snapshot().tree != tree
    worktree.restore(tree)
    assert place.read_text() == "hello\n"


@pytest.mark.parametrize("damage", [b"", b"DIRC garbage", None])
def test_a_lost_or_damaged_index_is_made_anew(worktree: Worktree, damage: bytes | None) -> None:
    tree, before = worktree.snapshot().tree, contents(worktree.folder)
    (worktree.folder / "readme").write_text("changed")
    (worktree.folder / "more").write_text("changed")
    if damage is None:
        index_of(worktree).unlink()
    else:
        index_of(worktree).write_bytes(damage)
    worktree.restore(tree)
    assert contents(worktree.folder) == before
    assert worktree.snapshot().tree == tree


def test_a_lock_of_a_killed_git_is_no_obstacle(worktree: Worktree) -> None:
    lock = index_of(worktree).with_name(index_of(worktree).name + ".lock")
    lock.write_bytes(b"half")
    (worktree.folder / "readme").write_text("changed")
    changed = worktree.snapshot_paths(["readme"])
    lock.write_bytes(b"half")
    assert worktree.snapshot().tree == changed


@pytest.mark.parametrize(
    "act", [Worktree.snapshot, Worktree.part_from_outside], ids=["snapshot", "part"]
)
def test_a_worktree_waits_for_a_git_that_outlived_its_parent(
    worktree: Worktree, monkeypatch: pytest.MonkeyPatch, act: Callable[[Worktree], object]
) -> None:
    monkeypatch.setattr(worktree_room, "BUSY_S", 0.05)
    lock = worktree.folder.with_name("T1.lock")
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=[held.fileno()]) as orphan:
            held.close()
            with pytest.raises(WorktreeBusyError, match="held by another process"):
                act(worktree)
            orphan.communicate()
    act(worktree)


def test_threads_take_turns(worktree: Worktree, repository: Repository) -> None:
    names = [f"f{number}" for number in range(4)]

    def write(name: str) -> None:
        (worktree.folder / name).write_text(name)
        worktree.snapshot_paths([name])

    threads = [threading.Thread(target=write, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(names) < set(paths_of(repository, worktree.snapshot_paths([])))


def test_a_missing_tree_leaves_the_folder_as_it_was(worktree: Worktree) -> None:
    before = contents(worktree.folder)
    with pytest.raises(TreeMissingError):
        worktree.restore(TreeId("3" * 40))
    assert contents(worktree.folder) == before


def test_removing_leaves_nothing_and_can_be_repeated(worktree: Worktree) -> None:
    worktree.remove()
    worktree.remove()
    assert list(worktree.folder.parent.iterdir()) == []


FILES = st.dictionaries(
    st.sampled_from(["a", "b/c", "b/d", "b", "e/f/g", "run.sh", "link", "readme", "-x", "e"]),
    st.tuples(st.sampled_from(["file", "program", "link"]), st.binary(min_size=1, max_size=8)),
    max_size=6,
)


def scattered(folder: Path, files: dict[str, tuple[str, bytes]]) -> None:
    """Put files into a folder, whatever they have to displace."""
    for name, (kind, content) in files.items():
        place = folder / name
        for above in reversed(place.relative_to(folder).parents):
            if (folder / above).is_symlink() or (folder / above).is_file():
                (folder / above).unlink()
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        if kind == "link":
            place.symlink_to(content.hex())
        else:
            place.write_bytes(content)
            place.chmod(0o755 if kind == "program" else 0o644)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=FILES, second=FILES)
def test_a_snapshot_restored_is_the_folder_that_was_taken(
    worktree: Worktree,
    first: dict[str, tuple[str, bytes]],
    second: dict[str, tuple[str, bytes]],
) -> None:
    scattered(worktree.folder, first)
    tree, before = worktree.snapshot().tree, contents(worktree.folder)
    scattered(worktree.folder, second)
    changed, after = worktree.snapshot().tree, contents(worktree.folder)
    worktree.restore(tree)
    assert contents(worktree.folder) == before
    assert worktree.snapshot().tree == tree
    worktree.restore(changed)
    assert contents(worktree.folder) == after
