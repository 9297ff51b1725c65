"""The lock tells who holds it, and holds whatever happens to its file."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.errors import HeldError, LogUnusableError
from store.lock import Lock
from tests.store.disks import CountingDisk, Crash, FailingDisk


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "lock"


def test_a_held_lock_names_its_holder(place: Path) -> None:
    lock = Lock.take(place)
    with pytest.raises(HeldError, match=f"{place.parent}: process {os.getpid()} is writing"):
        Lock.take(place)
    lock.close()
    lock.close()
    Lock.take(place).close()


def test_a_holder_that_has_not_signed_is_another_process(place: Path) -> None:
    lock = Lock.take(place)
    place.write_bytes(b"")
    with pytest.raises(HeldError, match="another process is writing") as caught:
        Lock.take(place)
    assert caught.value.pid is None
    lock.close()


def test_a_full_disk_does_not_keep_a_lock_from_being_held(place: Path) -> None:
    lock = Lock.take(place, FailingDisk(2, forever=True))
    with pytest.raises(HeldError):
        Lock.take(place)
    lock.close()


def test_a_lock_on_a_file_that_was_replaced_is_taken_again(place: Path) -> None:
    class Replacing(CountingDisk):
        def open(self, path: Path, flags: int) -> int:
            fd = super().open(path, flags)
            if len(self.calls) == 1:
                place.unlink()
            if len(self.calls) == 2:
                place.unlink()
                place.touch()
            return fd

    disk = Replacing()
    lock = Lock.take(place, disk)
    assert disk.calls.count("open") == 3
    with pytest.raises(HeldError):
        Lock.take(place)
    lock.close()


def test_a_lock_that_is_replaced_for_ever_is_given_up(place: Path) -> None:
    class Replacing(CountingDisk):
        def open(self, path: Path, flags: int) -> int:
            fd = super().open(path, flags)
            place.unlink()
            return fd

    with pytest.raises(LogUnusableError, match="replaced again and again"):
        Lock.take(place, Replacing())


def test_an_interruption_lets_go_of_the_lock(place: Path) -> None:
    disk = CountingDisk()

    def interrupt(call: str, number: int) -> None:
        if call == "ftruncate":
            raise Crash

    disk.before = interrupt
    with pytest.raises(Crash):
        Lock.take(place, disk)
    Lock.take(place).close()


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to("elsewhere")])
def test_a_lock_that_is_no_file_is_refused(place: Path, make: object) -> None:
    assert callable(make)
    make(place)
    with pytest.raises(LogUnusableError, match="lock cannot be opened"):
        Lock.take(place)


def test_a_lock_that_may_not_be_opened_is_refused(place: Path) -> None:
    with pytest.raises(LogUnusableError, match="Permission denied"):
        Lock.take(place, FailingDisk(1, errno.EACCES))


def test_without_proc_the_lock_still_holds(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.lock._PROC", place.parent / "none")
    lock = Lock.take(place)
    with pytest.raises(HeldError, match=f"process {os.getpid()}"):
        Lock.take(place)
    lock.close()


@pytest.fixture
def orphan(place: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that holds the lock of its dead parent, until its standard input ends."""
    script = (
        "import os, sys; from pathlib import Path; from store.lock import Lock\n"
        "lock = Lock.take(Path(sys.argv[1]))\n"
        "if os.fork(): os._exit(0)\n"
        "sys.stdin.read()"
    )
    words = [sys.executable, "-c", script, str(place)]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, cwd=Path(__file__).parents[2]) as parent:
        parent.wait()
        yield parent


def test_a_lock_that_outlives_its_holder_for_a_moment_is_waited_for(
    place: Path, orphan: "subprocess.Popen[bytes]", monkeypatch: pytest.MonkeyPatch
) -> None:
    def let_it_end(_: float) -> None:
        assert orphan.stdin is not None
        assert orphan.stdout is not None
        orphan.stdin.close()
        orphan.stdout.read()

    monkeypatch.setattr("store.lock.time.sleep", let_it_end)
    Lock.take(place).close()


def test_a_lock_that_outlives_its_holder_for_long_is_held(
    place: Path, orphan: "subprocess.Popen[bytes]"
) -> None:
    with pytest.raises(HeldError, match=f"process {orphan.pid} is writing"):
        Lock.take(place)
