"""What `list_files` finds."""

import os
from pathlib import Path

import pytest

from workspace import listing


def test_files_are_listed_sorted_without_junk_and_without_following_links(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for name in ["b.txt", "b/x.py", "a/z", "a/.git/config", ".git/config", "__pycache__/x.pyc",
                 "node_modules/x", ".trackside/log", "a/.GIT/x",
                 ".hidden", "bad\nname"]:  # fmt: skip
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    (root / "loop").symlink_to(".")
    (root / "empty").mkdir()
    Path(os.fsdecode(os.fsencode(root) + b"/\xff")).touch()
    found = list(listing.files(root))
    assert found == [".hidden", "a/z", "b.txt", "b/x.py", "loop"]
    assert found == sorted(found)


def test_a_folder_that_vanished_or_became_a_link_counts_as_empty(tmp_path: Path) -> None:
    assert list(listing.files(tmp_path / "gone")) == []
    (tmp_path / "target").mkdir()
    (tmp_path / "a").symlink_to("target")
    assert listing._names_in(tmp_path, "a/") == []


def test_a_walk_stops_at_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        (tmp_path / name).touch()
    monkeypatch.setattr(listing, "MAX_FILES", 2)
    assert list(listing.files(tmp_path)) == ["a", "b"]


@pytest.mark.parametrize(
    ("path", "glob", "fits"),
    [
        ("a.py", "*.py", True),
        ("src/a.py", "*.py", True),
        ("src/a.py", "**", True),
        ("a.py", "**/*.py", True),
        ("src/app/a.py", "src/**", True),
        ("src/app/a.py", "./src/**/a.py", True),
        ("src/app/a.py", "src/*.py", False),
        ("src/a.py", "src/?.py", True),
        ("src/a.py", "src/[bc].py", False),
        ("src/a.py", "SRC/a.py", False),
        ("src/a.py", "/src/a.py", True),
        ("a", "a/b/**", False),
        ("a/b/c/d", "**/b/**/d", True),
        ("a/b/c/d", "**/c/b/**", False),
    ],
)
def test_globs(path: str, glob: str, fits: bool) -> None:
    assert listing.matches(path, glob) is fits


def test_a_hostile_glob_takes_no_time() -> None:
    assert not listing.matches("a/" * 30 + "b", "**/a/" * 60 + "c")
    assert not listing.matches("a" * 200, "*a" * 100 + "b")
