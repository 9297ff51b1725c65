"""Files that a person names: read whole, or refused in one line, and never waited for."""

import os
from pathlib import Path

import pytest

from cli.errors import InputUnreadableError
from cli.inputs import read_input
from events.documents import MAX_BYTES


def refusal(path: Path) -> str:
    with pytest.raises(InputUnreadableError) as refused:
        read_input(path)
    return str(refused.value).removeprefix(f"{path}: ")


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_bytes(b"\xff\0\n")
    assert read_input(tmp_path / "plan.json") == b"\xff\0\n"


def test_a_link_to_a_file_is_as_good(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_bytes(b"[]")
    (tmp_path / "link").symlink_to("plan.json")
    assert read_input(str(tmp_path / "link")) == b"[]"


def test_what_is_missing_is_said_to_be_missing(tmp_path: Path) -> None:
    assert refusal(tmp_path / "plan.json") == "there is no such file"


def test_a_link_to_nowhere_is_missing(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("gone")
    assert refusal(tmp_path / "link") == "there is no such file"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert refusal(tmp_path) == "is a folder, not a file"


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "pipe") == "is a pipe or a device, not a file"


def test_a_device_without_end_is_not_read() -> None:
    assert refusal(Path("/dev/zero")) == "is a pipe or a device, not a file"


def test_a_file_that_is_too_large_is_not_kept(tmp_path: Path) -> None:
    with (tmp_path / "plan.json").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert refusal(tmp_path / "plan.json") == f"is larger than {MAX_BYTES} bytes"


def test_a_loop_of_links_is_named_by_the_system(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert refusal(tmp_path / "loop") == "cannot be read: Too many levels of symbolic links"


def test_a_name_that_no_system_takes_is_refused() -> None:
    assert refusal(Path("a\0b")) == "cannot be read: embedded null byte"


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    def held() -> int:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())

    before = held()
    for _ in range(3):
        refusal(tmp_path)
    assert held() == before
