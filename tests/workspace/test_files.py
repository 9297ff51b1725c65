"""Files are read and written without leaving the worktree."""

import os
import socket
import stat
from pathlib import Path

import pytest

from workspace import files
from workspace.errors import EditRefusedError, FileRefusedError
from workspace.files import Current


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_new_file_gets_its_folders_and_the_usual_mode(tmp_path: Path) -> None:
    files.write(tmp_path, "a/b/c.txt", b"new", None)
    assert (tmp_path / "a/b/c.txt").read_bytes() == b"new"
    (tmp_path / "usual").touch()
    assert mode_of(tmp_path / "a/b/c.txt") == mode_of(tmp_path / "usual")
    assert names_in(tmp_path / "a/b") == ["c.txt"]


@pytest.mark.parametrize("mode", [0o755, 0o444, 0o600])
def test_the_mode_of_an_existing_file_is_kept(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "run.sh"
    file.write_bytes(b"old")
    file.chmod(mode)
    files.write(tmp_path, "run.sh", b"new", files.current(tmp_path, "run.sh"))
    assert (file.read_bytes(), mode_of(file)) == (b"new", mode)


def test_an_edit_breaks_a_hard_link_so_that_the_other_file_stays(tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"old")
    root = tmp_path / "root"
    root.mkdir()
    os.link(tmp_path / "outside", root / "inside")
    files.write(root, "inside", b"new", files.current(root, "inside"))
    assert (tmp_path / "outside").read_bytes() == b"old"


def test_a_file_that_changed_in_the_meantime_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"one")
    before = files.current(tmp_path, "a")
    assert before is not None
    file.write_bytes(b"two")
    with pytest.raises(EditRefusedError, match="changed in the meantime"):
        files.write(tmp_path, "a", b"three", before)
    with pytest.raises(EditRefusedError, match="changed in the meantime"):
        files.write(tmp_path, "a", b"three", None)
    with pytest.raises(EditRefusedError, match="changed in the meantime"):
        files.delete(tmp_path, "a", before)
    with pytest.raises(EditRefusedError, match="changed in the meantime"):
        files.move(tmp_path, "a", "b", before)
    assert file.read_bytes() == b"two"
    assert names_in(tmp_path) == ["a"]


def test_a_file_that_vanished_is_not_deleted_twice(tmp_path: Path) -> None:
    with pytest.raises(EditRefusedError, match="changed in the meantime"):
        files.delete(tmp_path, "a", Current(b"", 0o644))


def test_moving_keeps_the_file_and_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "b").write_bytes(b"b")
    before = files.current(tmp_path, "a")
    assert before is not None
    with pytest.raises(EditRefusedError):
        files.move(tmp_path, "a", "b", before)
    files.move(tmp_path, "a", "new/c", before)
    assert (tmp_path / "new/c").read_bytes() == b"a"
    assert names_in(tmp_path) == ["b", "new"]


def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "device").symlink_to("../../../../../../../../dev/zero")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(tmp_path)  # the name of a socket must be short
        try:
            server.bind("socket")
        finally:
            os.chdir(here)
        for name, kind in [("fifo", "a FIFO"), ("folder", "a folder"), ("socket", "a socket")]:
            with pytest.raises(FileRefusedError, match=f"is {kind}"):
                files.read(tmp_path, name)
            with pytest.raises(FileRefusedError, match=f"is {kind}"):
                files.current(tmp_path, name)


def test_a_file_swapped_for_a_fifo_after_the_look_is_still_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    regular = (tmp_path / "file").stat()
    os.mkfifo(tmp_path / "fifo")
    monkeypatch.setattr(os, "stat", lambda *_, **__: regular)
    with pytest.raises(FileRefusedError, match="is a FIFO"):
        files.read(tmp_path, "fifo")


def test_a_file_beyond_the_limit_is_refused_by_size(tmp_path: Path) -> None:
    with (tmp_path / "big").open("wb") as file:
        file.truncate(files.MAX_FILE_BYTES + 1)
    with pytest.raises(FileRefusedError, match="larger than 16777216 bytes"):
        files.read(tmp_path, "big")
