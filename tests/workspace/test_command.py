"""Commands are run, stopped, and swept up after."""

import errno
import hashlib
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import wait
from pathlib import Path

import pytest

from tests.workspace.lifeline import Lifeline
from workspace.command import CommandResult, CommandRunner
from workspace.errors import CommandNotStartedError, RunnerClosedError

ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
PATIENCE_S = 50.0


@pytest.fixture
def runner() -> Iterator[CommandRunner]:
    made = CommandRunner(grace_s=0.2)
    yield made
    made.close()


@pytest.fixture
def lifeline(tmp_path: Path) -> Iterator[Lifeline]:
    made = Lifeline(tmp_path)
    yield made
    made.close()


def done(
    runner: CommandRunner, command: str, cwd: Path, timeout_s: float = PATIENCE_S
) -> CommandResult:
    return runner.run(command, cwd, ENV, timeout_s, "c1").result(PATIENCE_S)


def test_a_command_runs_in_its_folder_with_its_environment_alone(
    runner: CommandRunner, tmp_path: Path
) -> None:
    result = done(runner, "pwd; echo $PATH; echo $HOME; cat; echo bad >&2", tmp_path)
    assert result.ok
    assert result.output.decode() == f"{tmp_path}\n{ENV['PATH']}\n\nbad\n"
    assert result.output_bytes == len(result.output)
    assert result.output_sha256 == hashlib.sha256(result.output).hexdigest()
    assert (result.exit_code, result.signal, result.timed_out) == (0, None, False)


def test_errors_and_output_come_in_the_order_of_writing(
    runner: CommandRunner, tmp_path: Path
) -> None:
    result = done(runner, "echo 1; echo 2 >&2; echo 3; echo 4 >&2", tmp_path)
    assert result.output == b"1\n2\n3\n4\n"


def test_a_failed_command_says_how(runner: CommandRunner, tmp_path: Path) -> None:
    assert done(runner, "exit 3", tmp_path).exit_code == 3
    killed = done(runner, "kill -9 $$", tmp_path)
    assert (killed.exit_code, killed.signal, killed.ok) == (None, signal.SIGKILL, False)


@pytest.mark.parametrize(
    "leaving",
    [
        "sleep 1000 &",
        "setsid sleep 1000 &",
        "(setsid sh -c 'sleep 1000 & exit' &)",
        "setsid setsid -f setsid sleep 1000",
        "sh -c 'trap \"\" TERM HUP; sleep 1000; sleep 1000' &",
        "setsid sh -c 'trap \"\" TERM; while :; do sleep 1000; done' &",
        "i=0; while [ $i -lt 200 ]; do i=$((i+1)); sleep 1000 & done",
        "yes >/dev/null &",
    ],
)
def test_whatever_a_command_leaves_running_ends_with_it(
    runner: CommandRunner, tmp_path: Path, lifeline: Lifeline, leaving: str
) -> None:
    result = done(runner, lifeline.held(f"{leaving}\nexit 0"), tmp_path)
    assert result.ok
    assert result.swept > 0
    assert result.survivors == 0
    assert lifeline.is_cut()


@pytest.mark.parametrize(
    "staying",
    [
        "sleep 1000",
        "trap '' TERM INT HUP; while :; do sleep 1000; done",
        "setsid sleep 1000 & wait",
        "kill -STOP $$",
        "yes",
        "yes | tr -d '\\n'",
    ],
)
def test_a_command_that_stays_is_ended_at_its_time_limit(
    runner: CommandRunner, tmp_path: Path, lifeline: Lifeline, staying: str
) -> None:
    command = lifeline.held(staying)
    result = lifeline.ended_at_limit(lambda limit_s: done(runner, command, tmp_path, limit_s))
    assert result.timed_out
    assert not result.ok
    assert result.survivors == 0
    assert lifeline.is_cut()


def test_a_gigabyte_of_output_is_measured_whole_and_kept_at_both_ends(
    runner: CommandRunner, tmp_path: Path
) -> None:
    size = 1_000_000_000
    result = done(runner, f"echo first; head -c {size} /dev/zero; echo; echo last", tmp_path)
    assert result.output_bytes == size + len("first\n\nlast\n")
    assert result.output.startswith(b"first\n")
    assert result.output.endswith(b"\nlast\n")
    assert len(result.output) < 9 * 1024 * 1024
    missing = result.output_bytes - 8 * 1024 * 1024
    assert f"[... {missing} bytes are not kept ...]".encode() in result.output


def test_several_commands_run_at_once(runner: CommandRunner, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "meet")
    hears = runner.run("cat meet", tmp_path, ENV, PATIENCE_S, "c1")
    says = runner.run("echo hello > meet", tmp_path, ENV, PATIENCE_S, "c2")
    assert hears.result(PATIENCE_S).output == b"hello\n"
    assert says.result(PATIENCE_S).ok


def test_a_cancelled_command_is_ended_and_says_so(
    runner: CommandRunner, tmp_path: Path, lifeline: Lifeline
) -> None:
    future = runner.run(lifeline.held("sleep 1000"), tmp_path, ENV, PATIENCE_S, "c1")
    lifeline.wait_until_held()
    assert not future.cancel()
    runner.cancel("c1")
    result = future.result(PATIENCE_S)
    assert result.stopped
    assert not result.timed_out
    assert result.signal == signal.SIGTERM
    lifeline.wait_until_cut()
    runner.cancel("c1")
    runner.cancel("nobody")


def test_a_command_cancelled_at_once_never_gets_going(
    runner: CommandRunner, tmp_path: Path
) -> None:
    future = runner.run("sleep 1000", tmp_path, ENV, PATIENCE_S, "c1")
    runner.cancel("c1")
    assert future.result(PATIENCE_S).stopped


def test_closing_ends_all_commands_and_takes_no_more(tmp_path: Path, lifeline: Lifeline) -> None:
    runner = CommandRunner(grace_s=0.2)
    futures = [
        runner.run(lifeline.held("trap '' TERM; sleep 1000 & wait"), tmp_path, ENV, 99.0, "c1"),
        runner.run("setsid sleep 1000", tmp_path, ENV, 99.0, "c2"),
    ]
    lifeline.wait_until_held()
    runner.close()
    assert all(future.result(0).stopped for future in futures)
    lifeline.wait_until_cut()
    runner.close()
    runner.cancel("c1")
    with pytest.raises(RunnerClosedError):
        runner.run("true", tmp_path, ENV, 1.0, "c3")


def test_a_command_that_ends_its_launcher_is_ended_too(
    runner: CommandRunner, tmp_path: Path, lifeline: Lifeline
) -> None:
    result = done(runner, lifeline.held("kill -9 $PPID; sleep 1000"), tmp_path)
    assert result.stopped
    assert result.exit_code is None
    lifeline.wait_until_cut()


def test_a_command_whose_launcher_is_gone_may_be_gone_too(
    runner: CommandRunner, tmp_path: Path
) -> None:
    result = done(runner, "kill -9 $PPID $$", tmp_path)
    assert result.stopped


@pytest.mark.parametrize(
    ("command", "folder", "reason"),
    [
        ("true", "missing", "No such file"),
        ("x" * 200_000, ".", "Argument list too long"),
        ("a\0b", ".", "null byte"),
    ],
)
def test_a_command_that_cannot_be_started_says_why(
    runner: CommandRunner, tmp_path: Path, command: str, folder: str, reason: str
) -> None:
    with pytest.raises(CommandNotStartedError, match=reason):
        done(runner, command, tmp_path / folder)


def test_a_command_for_which_there_is_no_descriptor_left_says_so(
    runner: CommandRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted() -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pipe", exhausted)
        with pytest.raises(CommandNotStartedError, match="Too many open files"):
            done(runner, "true", tmp_path)
    assert done(runner, "true", tmp_path).ok


def test_when_our_process_is_killed_nothing_of_its_commands_is_left(
    tmp_path: Path, lifeline: Lifeline
) -> None:
    command = lifeline.held(
        "trap '' TERM; (setsid sh -c \"trap '' TERM; echo far >&9; sleep 1000\" &) ; sleep 1000"
    )
    script = textwrap.dedent(f"""
        from pathlib import Path
        from workspace.command import CommandRunner
        runner = CommandRunner(grace_s=0.2)
        runner.run({command!r}, Path({str(tmp_path)!r}), {ENV!r}, 1000.0, "c1").result()
    """)
    with subprocess.Popen([sys.executable, "-P", "-c", script]) as ours:
        lifeline.wait_until_held(b"far\n")
        ours.kill()
    lifeline.wait_until_cut()


def test_commands_leave_no_descriptor_open(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    runner = CommandRunner()
    wait([runner.run("true", tmp_path, ENV, PATIENCE_S, f"c{n}") for n in range(5)])
    with pytest.raises(CommandNotStartedError):
        done(runner, "true", tmp_path / "missing")
    runner.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
