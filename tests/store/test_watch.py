"""Waiting for files and folders to change."""

import ctypes
import os
import threading
from pathlib import Path

import pytest

from store import watch
from store.watch import Watch


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "log"
    path.write_text("one\n")
    return path


@pytest.fixture(autouse=True)
def _only_what_happens_ends_a_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LONGEST_S", 1e6)


@pytest.fixture
def no_inotify(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_name: object, **_: object) -> None:
        raise OSError

    monkeypatch.setattr(ctypes, "CDLL", missing)
    monkeypatch.setattr(watch, "POLL_S", 0.001)


def waited(watching: Watch, path: Path) -> None:
    """Wait in a thread, and write only then."""
    thread = threading.Thread(target=watching.wait)
    thread.start()
    with path.open("a") as file:
        file.write("two\n")
    thread.join()


def test_a_write_ends_the_wait(path: Path) -> None:
    with Watch([path]) as watching:
        waited(watching, path)
        waited(watching, path)


def test_what_was_written_before_the_wait_ends_it_at_once(path: Path) -> None:
    with Watch([path]) as watching:
        path.write_text("two\n")
        watching.wait()


@pytest.mark.usefixtures("no_inotify")
def test_without_inotify_the_file_is_looked_at(path: Path) -> None:
    with Watch([path, path.with_name("missing")]) as watching:
        waited(watching, path)
        waited(watching, path)


def test_a_file_that_is_not_there_cannot_be_watched_but_waited_for(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "POLL_S", 0.001)
    missing = path.with_name("missing")
    missing.touch()
    missing.unlink()
    with Watch([path, missing]) as watching:
        thread = threading.Thread(target=watching.wait)
        thread.start()
        missing.touch()
        thread.join()


@pytest.mark.parametrize("inotify", [True, False])
def test_no_wait_is_for_ever(inotify: bool, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LONGEST_S", 0.01)
    monkeypatch.setattr(watch, "POLL_S", 0.001)
    if not inotify:
        monkeypatch.setattr(watch, "_inotify", lambda _files: None)
    with Watch([path]) as watching:
        watching.wait()


def test_a_system_out_of_watches_is_survived(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        @staticmethod
        def inotify_init1(_flags: int) -> int:
            return -1

    monkeypatch.setattr(ctypes, "CDLL", lambda _name, **_: Refusing())
    with Watch([path]) as watching:
        path.write_text("of another length, since the clock of files may not have ticked\n")
        watching.wait()


@pytest.mark.parametrize("inotify", [True, False])
def test_a_name_that_comes_or_goes_ends_the_wait_for_its_folder(
    inotify: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "POLL_S", 0.001)
    if not inotify:
        monkeypatch.setattr(watch, "_inotify", lambda _files: None)
    other = tmp_path / "other"
    other.touch()
    folder = tmp_path / "answers"
    folder.mkdir()
    os.utime(folder, (0, 0))  # so that what changes shows, however soon
    with Watch([folder]) as watching:
        os.link(other, folder / "one")
        watching.wait()
    os.utime(folder, (0, 0))
    with Watch([folder]) as watching:
        (folder / "one").unlink()
        watching.wait()


@pytest.mark.parametrize("inotify", [True, False])
def test_another_thread_can_end_the_wait(
    inotify: bool, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not inotify:
        monkeypatch.setattr(watch, "_inotify", lambda _files: None)
    with Watch([path]) as watching:
        thread = threading.Thread(target=watching.wait)
        thread.start()
        watching.wake()
        thread.join()
