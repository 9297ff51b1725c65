"""What is kept in the user's cache folder is whole or not there, and leaves nothing beside it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from store.cache_file import keep_file, open_kept


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "run"


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_takes_the_place_of_the_one_before(folder: Path) -> None:
    keep_file(folder / "state", b"old")
    keep_file(folder / "state", b"new", b"er")
    assert (folder / "state").read_bytes() == b"newer"
    assert names_in(folder) == ["state"]


def test_what_is_kept_is_read(folder: Path) -> None:
    keep_file(folder / "state", b"whole")
    with open_kept(folder / "state") as file:
        assert file.read() == b"whole"


def test_what_is_no_file_is_not_waited_for(folder: Path) -> None:
    folder.mkdir(parents=True)
    os.mkfifo(folder / "state")
    (folder / "gone").symlink_to("nowhere")
    for name in ("state", "gone", "missing"):
        with pytest.raises(FileNotFoundError):
            open_kept(folder / name)
    with pytest.raises(IsADirectoryError):
        open_kept(folder)


def test_the_folder_is_the_user_s_alone(folder: Path) -> None:
    keep_file(folder / "state", b"")
    assert folder.stat().st_mode & 0o777 == 0o700


def test_where_a_file_cannot_be_put_nothing_is_left_and_nothing_raises(folder: Path) -> None:
    (folder / "state").mkdir(parents=True)
    keep_file(folder / "state", b"new")
    assert names_in(folder) == ["state"]
    (folder / "file").touch()
    keep_file(folder / "file" / "under", b"new")
    assert names_in(folder) == ["file", "state"]


def test_what_a_process_that_is_gone_left_unfinished_is_removed(folder: Path) -> None:
    folder.mkdir(parents=True)
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    (folder / f".state.{gone.pid}").write_bytes(b"hal")
    (folder / f".state.{os.getppid()}").write_bytes(b"under way")
    (folder / ".other").write_bytes(b"of somebody else")
    keep_file(folder / "state", b"new")
    assert names_in(folder) == sorted([f".state.{os.getppid()}", ".other", "state"])
