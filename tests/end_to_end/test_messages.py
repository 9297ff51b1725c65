"""Whatever the surroundings refuse, a person reads one line that says what to do, no traceback."""

import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.disk import RealDisk
from tests.end_to_end.project import Ended, Project, ended, hear, started, trackside
from tests.end_to_end.scripts import command, done, turn, write

BLOCKED, BAD_INPUT, LOG_DAMAGED, HELD, DISK = 1, 2, 4, 5, 74


def assert_says(told: Ended, code: int, *words: str) -> None:
    assert told.code == code, told.err
    (line,) = [line for line in told.err.splitlines() if line.startswith("trackside: ")]
    assert "Traceback" not in told.err + told.out
    for each in words:
        assert each in line


@pytest.fixture
def planned(project: Project) -> Project:
    """A track of one ticket that can be done."""
    project.plan({"id": "A"})
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    return project


@pytest.fixture
def finished(planned: Project) -> Project:
    """A run that has ended."""
    assert planned.run().code == 0
    return planned


def path_without(project: Project, name: str) -> str:
    """A PATH with everything that this one has, but for one program."""
    folder = project.folder / "bin"
    folder.mkdir()
    for place in reversed(os.environ["PATH"].split(os.pathsep)):
        for program in Path(place).iterdir() if Path(place).is_dir() else ():
            (folder / program.name).unlink(missing_ok=True)
            (folder / program.name).symlink_to(program)
    (folder / name).unlink()
    return str(folder)


def test_a_full_disk(planned: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as full:
        full.setattr("store.disk.RealDisk.fdatasync", refuse)
        assert_says(planned.run(), DISK, "No space left on device", "mend that, then run again")
    assert planned.run().code == 0


def test_a_full_disk_that_still_takes_the_opening(
    planned: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = RealDisk.write

    def refuse(disk: RealDisk, fd: int, data: bytes) -> int:
        if b'"stream":"run"' in data:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(disk, fd, data)

    with monkeypatch.context() as full:
        full.setattr(RealDisk, "write", refuse)
        assert_says(planned.run(), DISK, "nothing was recorded; mend that, then run again")
    assert planned.run().code == 0


def test_a_folder_that_was_deleted_around_us(
    planned: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = planned.folder / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert_says(trackside("status"), BAD_INPUT, "the current folder: it has been deleted")


def test_a_read_only_folder(planned: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr("store.disk.RealDisk.mkdir", refuse)
    assert_says(planned.run(), DISK, "Read-only file system", str(planned.repo.path))


def test_a_damaged_log(finished: Project) -> None:
    log = finished.folder_of() / "events.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"type":"run.ended"', b'"type":"run.ENDED"'))
    for told in (finished.resume(), trackside("status", "run", "--repo", str(finished.repo.path))):
        assert_says(told, LOG_DAMAGED, "is damaged", "`trackside recover`")


def test_a_log_of_a_newer_trackside(finished: Project) -> None:
    log = finished.folder_of() / "events.jsonl"
    (finished.folder_of() / "seal.json").unlink()
    with log.open("ab") as file:
        file.write(b'{"v":2,"words":"of a later format"}\n')
    assert_says(finished.resume(), LOG_DAMAGED, "format 2", "use a newer one")


def test_a_run_that_another_process_holds(project: Project) -> None:
    running = project.fifo("running")
    project.plan({"id": "A"})
    project.script({"A": [[turn(command(f"echo up >{running}; cat {running}")), done()]]})
    with started(*project.words()) as process:
        hear(running, process)
        assert_says(project.resume(), HELD, f"process {process.pid}", "wait until it ends")
        process.terminate()
        ended(process)


def test_no_git(planned: Project) -> None:
    path = {"PATH": path_without(planned, "git")}
    with started(*planned.words(), environment=path) as process:
        assert_says(ended(process), BAD_INPUT, "git")


def test_no_bubblewrap(planned: Project) -> None:
    nowhere = {"PATH": path_without(planned, "bwrap")}
    with started(*planned.words("--sandbox", "bwrap"), environment=nowhere) as process:
        told = ended(process)
    if Path("/usr/bin/bwrap").exists() and told.code == 0:
        pytest.skip("bwrap is found in its usual place, whatever PATH says")
    assert_says(told, BAD_INPUT, "bwrap")


def test_no_key(planned: Project) -> None:
    told = trackside(*planned.words_by("gemini-2.5-flash"))
    assert_says(told, BAD_INPUT, "GEMINI_API_KEY")
    assert not planned.folder_of().exists()


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_a_model_that_cannot_be_reached(
    planned: Project, nobody: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "not-a-real-key")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", nobody)
    planned.configure("[limits]\nmodel_tries = 1\n")
    planned.plan({"id": "A", "max_attempts": 1})
    told = trackside(*planned.words_by("gemini-2.5-flash"))
    assert told.code == BLOCKED
    assert "Traceback" not in told.err + told.out
    block = planned.block("A")
    assert "gemini-2.5-flash" in str(block.reason)
    assert "not-a-real-key" not in told.err + told.out


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("none.json", None, "there is no such file"),
        ("folder", b"", "is a folder, not a file"),
        ("cut.json", b'{"id": "x", "tickets": [', "cut.json"),
        ("bytes.json", b"\xff\xfe\x00", "bytes.json"),
    ],
)
def test_a_track_that_cannot_be_read(
    planned: Project, name: str, content: bytes | None, words: str
) -> None:
    track = planned.folder / name
    if name == "folder":
        track.mkdir()
    elif content is not None:
        track.write_bytes(content)
    told = trackside("run", str(track), "--repo", str(planned.repo.path), "--model", "scripted:x")
    assert_says(told, BAD_INPUT, words)
