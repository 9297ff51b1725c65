"""Every failure becomes one line and the documented exit code."""

import errno
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cli import bug_report
from cli.bug_report import keep_reports_in, write_report
from cli.failure import exit_code_after
from events.errors import TrackInvalidError, TracksideError
from store.errors import (
    HeldError,
    LogDamagedError,
    LogPoisonedError,
    LogTooNewError,
    LogUnusableError,
)
from workspace.errors import WorktreeUnusableError

LOG = Path("/r/events.jsonl")
FULL = OSError(errno.ENOSPC, "No space left on device", "/r/blobs")


@pytest.fixture(autouse=True)
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(bug_report, "_run_folders", [])
    return tmp_path / "state" / "trackside"


@pytest.mark.parametrize(
    ("error", "code", "word"),
    [
        (HeldError(Path("/r/lock"), 7), 5, "held"),
        (LogDamagedError(LOG, 3, 900, "a sum is wrong", whole=2), 4, "damaged"),
        (LogTooNewError(LOG, 3, 900, 2, 1), 4, "damaged"),
        (LogPoisonedError(LOG, 3, FULL), 74, "disk"),
        (WorktreeUnusableError("/w", FULL), 74, "disk"),
        (FULL, 74, "disk"),
        (LogUnusableError(LOG, "there is no log here"), 2, "refused"),
        (TracksideError("no"), 2, "refused"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_error_has_its_exit_code_and_one_line(
    error: BaseException, code: int, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code_after(error, wants_json=True) == code
    captured = capsys.readouterr()
    assert captured.err.startswith("trackside: ")
    assert captured.err.count("\n") == 1
    assert captured.out.startswith(f'{{"code":"{word}","problems":["')


def test_several_problems_are_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    error = TrackInvalidError("t.toml", ["one\x1b[2J", "two"])
    assert exit_code_after(error, wants_json=False) == 2
    captured = capsys.readouterr()
    assert captured.err == "trackside: t.toml: one\\x1b[2J\ntrackside: t.toml: two\n"
    assert captured.out == ""


def test_a_refusal_of_the_system_names_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code_after(FULL, wants_json=False)
    said = capsys.readouterr().err
    assert said == (
        "trackside: /r/blobs: No space left on device; mend it, then try again or resume\n"
    )


@pytest.mark.parametrize("error", [ZeroDivisionError("x"), RecursionError(), MemoryError()])
def test_a_bug_is_one_line_that_names_the_traceback(
    error: Exception, state_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code_after(error, wants_json=False) == 70
    (report,) = state_folder.iterdir()
    assert capsys.readouterr().err == (
        f"trackside: a bug in trackside ({type(error).__name__}); the traceback is in {report}\n"
    )
    assert type(error).__name__ in report.read_text()
    assert report.stat().st_mode & 0o777 == 0o600


def test_an_error_of_the_system_that_nobody_can_mend_is_a_bug() -> None:
    assert exit_code_after(OSError(errno.EBADF, "Bad file descriptor"), wants_json=False) == 70


def test_the_report_lies_in_the_run_folder_if_one_is_worked_on(tmp_path: Path) -> None:
    keep_reports_in(tmp_path / "run")
    path = write_report(ValueError("x"))
    assert path is not None
    assert path.parent == tmp_path / "run"
    assert re.fullmatch(r"bug-\d{8}T\d{6}\.\d{6}-\d+\.txt", path.name)


def test_the_report_goes_elsewhere_if_the_run_folder_takes_none(
    tmp_path: Path, state_folder: Path
) -> None:
    (tmp_path / "run").write_text("a file, not a folder")
    keep_reports_in(tmp_path / "run")
    path = write_report(ValueError("x"))
    assert path is not None
    assert path.parent == state_folder


def test_a_second_report_of_the_same_second_does_not_overwrite_the_first(tmp_path: Path) -> None:
    keep_reports_in(tmp_path)
    first, second = write_report(ValueError("one")), write_report(ValueError("two"))
    assert first is not None
    assert second is not None
    assert "one" in first.read_text()
    assert "two" in second.read_text()


def test_a_report_holds_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "s3cr3t-canary")
    keep_reports_in(tmp_path)
    path = write_report(ValueError("GET /?key=s3cr3t-canary"))
    assert path is not None
    assert "s3cr3t-canary" not in path.read_text()
    assert "[secret:GEMINI_API_KEY]" in path.read_text()


def test_a_bug_whose_own_words_fail_is_reported_too(tmp_path: Path) -> None:
    class UnspeakableError(Exception):
        def __getattribute__(self, name: str) -> object:
            if name == "__notes__":
                raise RuntimeError
            return super().__getattribute__(name)

    keep_reports_in(tmp_path)
    path = write_report(UnspeakableError())
    assert path is not None
    assert "UnspeakableError" in path.read_text()


def no_temporary_folder() -> str:
    raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")


@pytest.mark.parametrize("temporary", [lambda: "/proc/nowhere", no_temporary_folder])
def test_a_traceback_that_can_be_kept_nowhere_is_said_to_be_lost(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    temporary: Callable[[], str],
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")
    monkeypatch.setattr("tempfile.gettempdir", temporary)
    assert exit_code_after(ValueError("x"), wants_json=False) == 70
    assert "its traceback could not be kept" in capsys.readouterr().err


def test_without_a_state_folder_of_its_own_the_home_has_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    path = write_report(ValueError("x"))
    assert path is not None
    assert path.parent == tmp_path / ".local" / "state" / "trackside"


def test_a_reader_that_has_gone_cannot_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.close(read)
    with open(write, "w") as gone:  # noqa: PTH123 - a descriptor
        monkeypatch.setattr(sys, "stderr", gone)
        assert exit_code_after(TracksideError("no"), wants_json=False) == 2
        monkeypatch.undo()
        os.dup2(os.open(os.devnull, os.O_WRONLY), gone.fileno())
