"""Who holds a run is named, if anybody does."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cli.holder import holder_of
from store.errors import HeldError
from store.lock import Lock

HOLD = (
    "import sys, pathlib; from store.lock import Lock;"
    "lock = Lock.take(pathlib.Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lock"


def test_nobody_holds_what_is_not_there(path: Path) -> None:
    assert holder_of(path) is None


def test_a_lock_that_was_given_back_is_held_by_nobody(path: Path) -> None:
    Lock.take(path).close()
    assert holder_of(path) is None


def test_the_holder_is_named_and_not_disturbed(path: Path) -> None:
    lock = Lock.take(path)
    assert holder_of(path) == os.getpid()
    with pytest.raises(HeldError):
        Lock.take(path)
    lock.close()


def test_another_process_is_named_until_it_is_killed(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert holder_of(path) == process.pid
        process.kill()
        process.wait()
        assert holder_of(path) is None


def test_a_lock_of_the_same_number_elsewhere_is_not_ours(path: Path, tmp_path: Path) -> None:
    path.touch()
    table = tmp_path / "locks"
    inode = path.stat().st_ino
    table.write_text(
        f"1: FLOCK  ADVISORY  WRITE {os.getpid()} 00:01:{inode} 0 EOF\n"
        f"1: -> FLOCK  ADVISORY  WRITE {os.getpid()} 00:01:{inode} 0 EOF\n"
        f"2: POSIX  ADVISORY  WRITE {os.getpid()} 00:01:{inode} 0 EOF\n"
        f"3: FLOCK  ADVISORY  WRITE {os.getpid()} 00:01:{inode}9 0 EOF\n"
    )
    assert holder_of(path, table) is None


def test_a_process_that_cannot_be_looked_into_is_believed(path: Path, tmp_path: Path) -> None:
    path.touch()
    table = tmp_path / "locks"
    table.write_text(f"1: FLOCK  ADVISORY  WRITE 999999999 00:01:{path.stat().st_ino} 0 EOF\n")
    assert holder_of(path, table) == 999999999


def test_without_a_table_the_lock_is_tried(path: Path, tmp_path: Path) -> None:
    nowhere = tmp_path / "no-such-table"
    lock = Lock.take(path)
    assert holder_of(path, nowhere) == 0
    lock.close()
    assert holder_of(path, nowhere) is None
    Lock.take(path).close()


def test_what_cannot_be_locked_is_held_by_nobody(path: Path, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        assert holder_of(path, tmp_path / "no-such-table") is None
