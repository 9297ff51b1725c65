"""Reading a file that a person names."""

import os
from pathlib import Path

import pytest

from workspace.reading import MOST_BYTES, read_file
from workspace.views import FileUnreadableError


def refusal(path: Path) -> str:
    with pytest.raises(FileUnreadableError) as caught:
        read_file(path)
    assert caught.value.path == str(path)
    assert str(caught.value) == f"cannot view {str(path)!r}: {caught.value.reason}"
    return caught.value.reason


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"x = 1\r\n")
    assert read_file(path) == b"x = 1\r\n"


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path) == "it is a directory"
    assert refusal(tmp_path / "pipe") == "it is not a regular file"
    assert refusal(Path("/dev/zero")) == "it is not a regular file"
    assert refusal(tmp_path / "missing") == "no such file or directory"
    assert refusal(Path("a\0b")) == "the name holds a zero byte"


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")
        assert refusal(Path("s")) == "it is not a regular file"


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.py"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    assert refusal(path) == f"it has 100,000,000 bytes; at most {MOST_BYTES:,} are read"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read all")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret.py"
    path.touch(0o000)
    assert refusal(path) == "permission denied"


def test_a_file_that_cannot_be_read_is_refused() -> None:
    assert refusal(Path("/proc/self/mem")) == "input/output error"


def test_a_file_of_the_kernel_without_a_size_is_read() -> None:
    assert read_file(Path("/proc/self/cmdline"))


def test_a_file_of_the_kernel_without_an_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workspace.reading.MOST_BYTES", 3)
    assert refusal(Path("/proc/self/cmdline")) == "it has more than 3 bytes"
