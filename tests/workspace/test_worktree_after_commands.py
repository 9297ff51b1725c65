"""What commands leave in a worktree: links, repositories of their own, shut folders, odd files."""

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.git_repo import GitRepo, contents, paths_of, read_blob
from workspace.tree import Repository
from workspace.worktree import Worktree

NOBODY = 65534


def test_a_folder_that_became_a_symlink_is_not_followed(
    worktree: Worktree, repository: Repository, tmp_path: Path
) -> None:
    before = worktree.snapshot().tree
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "app.py").write_text("precious")
    shutil.rmtree(worktree.folder / "src")
    (worktree.folder / "src").symlink_to(outside)
    after = worktree.snapshot().tree
    assert read_blob(repository, after, "src") == os.fsencode(outside)
    worktree.restore(before)
    assert (worktree.folder / "src" / "app.py").read_text() == "one\ntwo\nthree\n"
    assert (outside / "app.py").read_text() == "precious"


@pytest.fixture
def unprivileged(tmp_path: Path) -> Iterator[None]:
    """Run as somebody whom permissions stop, also where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    for place in (tmp_path, *tmp_path.rglob("*")):
        os.chown(place, NOBODY, NOBODY, follow_symlinks=False)
    opened = [each for each in tmp_path.parents if each.stat().st_mode & 0o001 == 0]
    modes = {each: each.stat().st_mode for each in opened}
    for each in opened:
        each.chmod(modes[each] | 0o711)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        for each, mode in modes.items():
            each.chmod(mode)


@pytest.mark.usefixtures("worktree", "unprivileged")
def test_folders_without_permissions_hide_nothing(
    worktree: Worktree, repository: Repository
) -> None:
    tree, before = worktree.snapshot().tree, contents(worktree.folder)
    (worktree.folder / "src" / "app.py").write_text("changed")
    (worktree.folder / "src" / "new").write_text("new")
    (worktree.folder / "shut").mkdir()
    (worktree.folder / "shut" / "in").write_text("seen")
    (worktree.folder / "shut").chmod(0)
    (worktree.folder / "readme").write_text("secret")
    (worktree.folder / "readme").chmod(0)
    (worktree.folder / "src").chmod(0)
    after = worktree.snapshot().tree
    assert repository.changed_paths(tree, after) == ["readme", "shut/in", "src/app.py", "src/new"]
    (worktree.folder / "shut").chmod(0)
    (worktree.folder / "src").chmod(0o500)
    worktree.restore(tree)
    assert contents(worktree.folder) == before
    (worktree.folder / "src").chmod(0)
    worktree.remove()
    assert not worktree.folder.exists()


def test_a_repository_made_by_a_command_is_a_plain_folder(
    worktree: Worktree, repository: Repository, tmp_path: Path
) -> None:
    before = contents(worktree.folder)
    tree = worktree.snapshot().tree
    canary = tmp_path / "canary"
    for place in ("vendored", "empty", "src", ".", "build/ignored"):
        made = GitRepo(worktree.folder / place)
        if place == "vendored":
            made.write(".gitignore", "*.tmp\n")
            made.write("deep/file", "1")
            made.write("x.tmp", "1")
            (made.path / "deep" / "link").symlink_to("file")
            (made.path / "folder").symlink_to("deep")
            made.commit()
        made.arm(canary)
    after = worktree.snapshot().tree
    assert repository.changed_paths(tree, after) == [
        *("vendored/.gitignore", "vendored/deep/file", "vendored/deep/link", "vendored/folder"),
    ]
    assert (worktree.folder / "vendored" / ".git" / "HEAD").is_file()
    assert worktree.snapshot().tree == after
    worktree.restore(tree)
    assert not canary.exists()
    for place in ("vendored", "empty", "src/.git", ".git"):
        assert not (worktree.folder / place).exists()
    assert (worktree.folder / "build" / "ignored" / ".git").exists()
    worktree.materialise(tree, clean_ignored=True)
    assert contents(worktree.folder) == before


def test_names_that_git_refuses_are_in_no_tree(worktree: Worktree, repository: Repository) -> None:
    tree = worktree.snapshot().tree
    for name in (".GIT", "git~1", ".git .", "src/.Git:x"):
        (worktree.folder / name).mkdir()
        (worktree.folder / name / "config").write_text("x")
    (worktree.folder / ".gitmodules").symlink_to("readme")
    (worktree.folder / "new").write_text("x")
    assert repository.changed_paths(tree, worktree.snapshot().tree) == ["new"]
    worktree.restore(tree)
    assert not (worktree.folder / ".GIT").exists()
    assert not (worktree.folder / ".gitmodules").is_symlink()


def test_pipes_and_sockets_are_in_no_tree(worktree: Worktree, repository: Repository) -> None:
    tree = worktree.snapshot().tree
    os.mkfifo(worktree.folder / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(worktree.folder / "socket"))
    (worktree.folder / "src" / ".git").write_text("gitdir: /nowhere")
    assert worktree.snapshot().tree == tree
    (worktree.folder / "readme").unlink()
    os.mkfifo(worktree.folder / "readme")
    assert repository.changed_paths(tree, worktree.snapshot().tree) == ["readme"]
    worktree.restore(tree)
    assert not any((worktree.folder / each).exists() for each in ("pipe", "socket", "src/.git"))


def test_a_folder_that_a_command_took_away_comes_back(
    worktree: Worktree, tmp_path: Path, repository: Repository
) -> None:
    tree, before = worktree.snapshot().tree, contents(worktree.folder)
    shutil.rmtree(worktree.folder)
    assert paths_of(repository, worktree.snapshot().tree) == []
    worktree.restore(tree)
    assert contents(worktree.folder) == before
    worktree.folder.rename(tmp_path / "elsewhere")
    worktree.folder.symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "precious").write_text("x")
    worktree.restore(tree)
    assert not worktree.folder.is_symlink()
    assert (tmp_path / "elsewhere" / "precious").exists()
