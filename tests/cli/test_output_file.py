"""`-o FILE`: a file is replaced whole, all else is written to, and what cannot be is refused."""

import errno
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.errors import OutputUnwritableError
from cli.output_file import write_output
from tests.cli.conftest import Told
from tests.histories import ticket
from tests.stories import Story

Trackside = Callable[..., Told]
DATA = b"events\n"


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_a_new_file_has_what_was_written_and_nothing_is_beside_it(tmp_path: Path) -> None:
    write_output(str(tmp_path / "new.txt"), DATA)
    assert [one.name for one in tmp_path.iterdir()] == ["new.txt"]
    assert (tmp_path / "new.txt").read_bytes() == DATA


def test_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "private.txt"
    path.write_text("before")
    path.chmod(0o600)
    before = path.stat().st_ino
    write_output(str(path), DATA)
    assert (path.read_bytes(), mode_of(path)) == (DATA, 0o600)
    assert path.stat().st_ino != before, "it was written over in place"


def test_a_file_that_is_read_only_stays(tmp_path: Path) -> None:
    path = tmp_path / "kept.txt"
    path.write_text("before")
    path.chmod(0o444)
    (tmp_path / "link.txt").symlink_to("kept.txt")
    for name in ("kept.txt", "link.txt"):
        with pytest.raises(OutputUnwritableError, match="the file is read-only"):
            write_output(str(tmp_path / name), DATA)
    assert (path.read_text(), mode_of(path)) == ("before", 0o444)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["kept.txt", "link.txt"]


def test_a_link_stays_a_link_and_its_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    link = tmp_path / "link.txt"
    link.symlink_to("there/file.txt")
    for data in (b"", DATA):
        write_output(str(link), data)
        assert link.is_symlink()
        assert (tmp_path / "there/file.txt").read_bytes() == data


def test_a_pipe_stays_a_pipe_and_its_reader_gets_all(tmp_path: Path) -> None:
    pipe, read = tmp_path / "pipe", list[bytes]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    data = DATA * 100_000
    write_output(str(pipe), data)
    reader.join()
    assert read == [data]
    assert stat.S_ISFIFO(pipe.lstat().st_mode)


@pytest.mark.parametrize("name", ["/dev/fd/{}", "/proc/self/fd/{}"])
def test_an_open_descriptor_is_written_where_it_stands(tmp_path: Path, name: str) -> None:
    path = tmp_path / "open.txt"
    with path.open("wb", buffering=0) as stream:
        stream.write(b"first\n")
        write_output(name.format(stream.fileno()), DATA)
        stream.write(b"last\n")
    assert path.read_bytes() == b"first\n" + DATA + b"last\n"


def test_a_full_device_stays_a_device_and_is_a_matter_of_the_disk(tmp_path: Path) -> None:
    full = tmp_path / "full"
    try:
        os.mknod(full, stat.S_IFCHR | 0o666, os.makedev(1, 7))
        full.open("wb").close()
    except OSError:
        pytest.skip("no device can be made and opened here")
    with pytest.raises(OSError, match=str(full)) as refused:
        write_output(str(full), DATA)
    assert refused.value.errno == errno.ENOSPC
    assert stat.S_ISCHR(full.lstat().st_mode)


@pytest.mark.parametrize(
    ("place", "why"),
    [
        (".", "Is a directory"),
        ("none/x/y", "No such file or directory"),
        ("file.txt/x", "Not a directory"),
        ("n" * 300, "File name too long"),
        ("loop", "Too many levels of symbolic links"),
        ("", "directory"),
    ],
)
def test_a_place_that_cannot_be_written_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file.txt").write_text("a")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OutputUnwritableError, match=why) as refused:
        write_output(place, DATA)
    assert refused.value.path == place
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file.txt", "loop"]


def test_a_descriptor_that_is_not_open_is_refused() -> None:
    with pytest.raises(OutputUnwritableError, match="Bad file descriptor"):
        write_output("/dev/fd/987654321", DATA)


@pytest.mark.parametrize("verb", ["report", "export"])
def test_a_command_says_in_one_line_that_its_file_cannot_be_written(
    story: Story, shop: Path, trackside: Trackside, verb: str
) -> None:
    story.begin(ticket())
    code, out, err = trackside(verb, "-o", str(shop))
    assert (code, out) == (2, "")
    assert err.startswith(f"trackside: -o {shop}: Is a directory; ")
    assert err.count("\n") == 1
