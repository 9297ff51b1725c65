"""The launcher by its own protocol, as the command runner speaks it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.workspace.lifeline import LIMITS_S
from workspace import launcher

HERE = str(os.getpid())
LAUNCHER = launcher.__file__


@contextmanager
def launched(
    command: str,
    timeout_s: float = 30.0,
    grace_s: float = 0.2,
    parent: str = HERE,
    wraps: str = "0",
) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """Give the launcher of `command` and the descriptor of its reports."""
    reading, writing = os.pipe()
    words = [parent, str(writing), str(timeout_s), str(grace_s), wraps, "/bin/sh", "-c", command]
    with subprocess.Popen(
        [sys.executable, "-P", LAUNCHER, *words], pass_fds=[writing], stdout=subprocess.PIPE
    ) as process:
        os.close(writing)
        try:
            yield process, reading
        finally:
            process.terminate()
            os.close(reading)


def reports_of(reading: int) -> list[str]:
    with os.fdopen(os.dup(reading)) as file:
        return [line.rstrip("\n") for line in file]


def test_a_command_is_reported_at_its_start_and_at_its_end() -> None:
    with launched("exit 7") as (process, reading):
        started, ended = reports_of(reading)
        assert process.wait() == 0
    assert started.split()[0] == "started"
    word, status, cause, seconds, *rest = ended.split()
    assert (word, os.waitstatus_to_exitcode(int(status)), cause) == ("ended", 7, "exit")
    assert float(seconds) >= 0
    assert rest == ["0", "0"]


def test_what_it_leaves_running_is_ended_and_counted() -> None:
    with launched("sleep 1000 & setsid sleep 1000 & exit 0") as (_, reading):
        _, ended = reports_of(reading)
    assert ended.split()[1:3] + ended.split()[4:] == ["0", "exit", "2", "0"]


def test_at_the_deadline_all_of_it_is_ended() -> None:
    tries = (deaf_for(limit_s) for limit_s in LIMITS_S)
    ended = next(ended for said, ended in tries if said == b"up\n")
    assert ended.split()[1:3] == [str(int(signal.SIGKILL)), "timeout"]
    assert ended.split()[-1] == "0"


def deaf_for(limit_s: float) -> tuple[bytes, str]:
    """Return what a command had said when its time was over, and the report of its end."""
    with launched("trap '' TERM; echo up; sleep 1000; sleep 1000", limit_s) as (process, reading):
        _, ended = reports_of(reading)
        said, _ = process.communicate()
    return said, ended


def test_told_to_stop_it_ends_the_command() -> None:
    with launched("echo up; exec sleep 1000") as (process, reading):
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        process.terminate()
        _, ended = reports_of(reading)
    assert ended.split()[1:3] == [str(int(signal.SIGTERM)), "stop"]


def test_what_holds_a_sandbox_is_left_to_end_by_itself() -> None:
    inside = "setsid -w sh -c 'echo up; exec sleep 1000'; exit 7"
    with launched(inside, grace_s=30.0, wraps="1") as (process, reading):
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        process.terminate()
        _, ended = reports_of(reading)
    assert os.waitstatus_to_exitcode(int(ended.split()[1])) == 7
    assert ended.split()[2] == "stop"
    assert ended.split()[-2:] == ["0", "0"]


def test_a_launcher_whose_parent_is_gone_starts_nothing(tmp_path: Path) -> None:
    with launched(f"touch {tmp_path}/ran", parent="1") as (process, reading):
        assert reports_of(reading) == []
        assert process.wait() == 1
    assert not (tmp_path / "ran").exists()


def test_a_listener_that_is_gone_does_not_keep_it_from_ending_the_command() -> None:
    with launched("echo up; exec sleep 1000") as (process, reading):
        null = os.open("/dev/null", os.O_RDONLY)
        os.dup2(null, reading)
        os.close(null)
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        process.terminate()
        assert process.wait() == 0


def test_what_cannot_be_ended_is_counted_as_a_survivor() -> None:
    # Given no time at all to end anything, it must report what it leaves behind.
    script = (
        "import sys\n"
        "from workspace import launcher\n"
        "launcher.SWEEP_S = -1.0\n"
        "sys.exit(launcher.main(sys.argv[1:]))\n"
    )
    hold, let_go = os.pipe()
    reading, writing = os.pipe()
    # A shell gives what runs in the background no input but what is named by another number.
    command = "exec 3<&0; cat <&3 >/dev/null & exit 0"
    words = [HERE, str(writing), "30", "0", "0", "/bin/sh", "-c", command]
    with subprocess.Popen(
        [sys.executable, "-P", "-c", script, *words], pass_fds=[writing], stdin=hold
    ) as process:
        os.close(writing)
        os.close(hold)
        assert process.wait() == 0
    with os.fdopen(reading) as file:
        assert file.readlines()[1].split()[-1] == "1"
    os.close(let_go)  # and so its end


@pytest.mark.parametrize("ignored", [signal.SIGPIPE, signal.SIGXFSZ])
def test_signals_that_python_ignores_are_back_for_the_command(ignored: signal.Signals) -> None:
    with launched(f"kill -{int(ignored)} $$") as (_, reading):
        _, ended = reports_of(reading)
    assert os.WTERMSIG(int(ended.split()[1])) == ignored
