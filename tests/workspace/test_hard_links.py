"""A file of a worktree that has a name outside is parted from it before a command can write it."""

from pathlib import Path

import pytest

from workspace.hard_links import part_from_outside


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "deep" / "shut").mkdir(parents=True)
    return root


def test_links_to_outside_are_parted_and_others_stay(root: Path, tmp_path: Path) -> None:
    outside, shut = tmp_path / "outside", root / "deep" / "shut"
    outside.write_text("precious")
    outside.chmod(0o750)
    for link in (root / "one", shut / "two"):
        link.hardlink_to(outside)
    (root / "own").write_text("own")
    (root / "deep" / "same").hardlink_to(root / "own")
    (root / "link").symlink_to(outside)
    before = outside.stat()
    shut.chmod(0)
    assert part_from_outside(root) == 2
    assert outside.stat().st_nlink == 1
    for link in (root / "one", shut / "two"):
        facts = link.stat()
        assert (facts.st_mode, facts.st_mtime_ns) == (before.st_mode, before.st_mtime_ns)
        link.write_text("changed")
    assert outside.read_text() == "precious"
    assert (root / "own").samefile(root / "deep" / "same")
    assert (root / "link").is_symlink()
    assert len([*root.rglob("*")]) == 7
    assert part_from_outside(root) == 0
