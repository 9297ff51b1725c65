"""What a confined command starts is gone when it is, whatever ends it."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stopping import stop
from tests.workspace.levels import CONFINING, Level, level_here
from tests.workspace.lifeline import Lifeline
from workspace.command import CommandResult, CommandRunner
from workspace.confine import abi
from workspace.landlock import SCOPES_FROM_ABI

ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
PATIENCE_S = 50.0
HIDE = (
    "(setsid sh -c \"trap '' TERM HUP; : >deaf; echo far >&9; sleep 1000; sleep 1000\" &)\n"
    "until test -e deaf; do sleep 0.01; done"
)
"""Starts a process that leaves its session, its parent, and ignores what asks it to end."""


@pytest.fixture(params=CONFINING)
def runner(request: pytest.FixtureRequest) -> Iterator[CommandRunner]:
    made = CommandRunner(level_here(request.param), grace_s=0.2)
    yield made
    made.close()


@pytest.fixture
def lifeline(tmp_path: Path) -> Iterator[Lifeline]:
    made = Lifeline(tmp_path)
    yield made
    made.close()


def ours(level: Level, command: str, folder: Path) -> "subprocess.Popen[bytes]":
    """Return a process like trackside's that runs `command` at `level`."""
    script = f"""
        from pathlib import Path
        from events.settings import SandboxSettings
        from workspace.command import CommandRunner
        from workspace.levels import choose
        runner = CommandRunner(choose({level!r}, SandboxSettings(), []), grace_s=0.2)
        runner.run({command!r}, Path({str(folder)!r}), {ENV!r}, 1000.0, "c1").result()
    """
    return subprocess.Popen([sys.executable, "-P", "-c", textwrap.dedent(script)])


def children_of(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def done(
    runner: CommandRunner, command: str, cwd: Path, timeout_s: float = PATIENCE_S
) -> CommandResult:
    return runner.run(command, cwd, ENV, timeout_s, "c1").result(PATIENCE_S)


@pytest.mark.parametrize(
    "leaving",
    [
        "sleep 1000 &",
        "setsid setsid -f setsid sleep 1000",
        HIDE,
        "setsid sh -c 'kill -STOP $$' &",
        "i=0; while [ $i -lt 200 ]; do i=$((i+1)); sleep 1000 & done",
    ],
)
def test_whatever_a_command_leaves_running_ends_with_it(
    runner: CommandRunner, tmp_path: Path, lifeline: Lifeline, leaving: str
) -> None:
    result = done(runner, lifeline.held(f"{leaving}\nexit 0"), tmp_path)
    assert result.ok
    assert result.survivors == 0
    assert lifeline.is_cut()


@pytest.mark.parametrize("staying", [f"{HIDE}; sleep 1000", "kill -STOP $$", "yes"])
def test_a_command_that_stays_is_ended_at_its_time_limit(
    runner: CommandRunner, tmp_path: Path, lifeline: Lifeline, staying: str
) -> None:
    command, last_words = lifeline.held(staying), b"far\n" if HIDE in staying else b"up\n"
    result = lifeline.ended_at_limit(
        lambda limit_s: done(runner, command, tmp_path, limit_s), last_words
    )
    assert result.timed_out
    assert result.survivors == 0
    assert lifeline.is_cut()


def test_a_cancelled_command_has_time_to_end_well(tmp_path: Path, lifeline: Lifeline) -> None:
    script = (
        "import os, signal\n"
        "def end(*_):\n"
        "    print('bye', flush=True)\n"
        "    os._exit(5)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "os.write(9, b'ready\\n')\n"
        "signal.pause()\n"
    )
    (tmp_path / "ends_well.py").write_text(script)
    command = f"exec {sys.base_prefix}/bin/python3 -I -S ends_well.py"
    for level in CONFINING:
        runner = CommandRunner(level_here(level), grace_s=PATIENCE_S)
        future = runner.run(lifeline.held(command), tmp_path, ENV, PATIENCE_S, "c1")
        lifeline.wait_until_held(b"ready\n")
        runner.cancel("c1")
        result = future.result(PATIENCE_S)
        runner.close()
        assert (result.stopped, result.exit_code, result.output) == (True, 5, b"bye\n")


def test_a_command_cannot_end_its_launcher(runner: CommandRunner, tmp_path: Path) -> None:
    if runner.sandbox.level == "landlock" and abi() < SCOPES_FROM_ABI:
        pytest.skip("this kernel's Landlock lets signals pass, as docs/sandbox.md says")
    result = done(runner, "kill -9 $PPID 2>/dev/null; kill -9 1 2>/dev/null; echo alive", tmp_path)
    assert result.ok
    assert result.output == b"alive\n"


@pytest.mark.parametrize("level", CONFINING)
def test_when_our_process_is_killed_nothing_of_its_commands_is_left(
    tmp_path: Path, lifeline: Lifeline, level: Level
) -> None:
    level_here(level)
    with ours(level, lifeline.held(f"{HIDE}; sleep 1000"), tmp_path) as process:
        lifeline.wait_until_held(b"far\n")
        process.kill()
    lifeline.wait_until_cut()


def test_when_even_the_launcher_is_killed_nothing_is_left_below_bwrap(
    tmp_path: Path, lifeline: Lifeline
) -> None:
    level_here("bwrap")
    with ours("bwrap", lifeline.held(f"{HIDE}; sleep 1000"), tmp_path) as process:
        lifeline.wait_until_held(b"far\n")
        (launcher,) = children_of(process.pid)
        stop(process)  # so that it sees nothing of it
        os.kill(launcher, signal.SIGKILL)
        process.kill()
    lifeline.wait_until_cut()


@pytest.mark.parametrize("level", CONFINING)
def test_when_even_the_launcher_is_killed_the_command_itself_goes_with_it(
    tmp_path: Path, lifeline: Lifeline, level: Level
) -> None:
    level_here(level)
    with ours(level, lifeline.held("exec sleep 1000"), tmp_path) as process:
        lifeline.wait_until_held()
        (launcher,) = children_of(process.pid)
        stop(process)
        os.kill(launcher, signal.SIGKILL)
        process.kill()
    lifeline.wait_until_cut()
