"""Runs shell commands, each below a launcher of its own that ends whatever they leave behind.

One thread starts and watches them all, since the kernel ties a launcher to the thread that started
it: were that an actor's, the end of the actor would end the command.
"""

import asyncio
import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import Future, wait
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from workspace.errors import CommandNotStartedError, RunnerClosedError
from workspace.launcher import SWEEP_S
from workspace.sandbox import NO_SANDBOX, Sandbox
from workspace.spool import Spool

GRACE_S = 1.5
"""Between SIGTERM and SIGKILL: with what the rest takes, nothing is left two seconds after."""
MAX_TIMEOUT_S = 7 * 24 * 3600.0
_LAUNCHER = Path(__file__).with_name("launcher.py")
_MARGIN_S = 5.0
"""What a launcher may take beyond its own limits before it is given up."""
_READ_BYTES = 1024 * 1024
_PIPE_BYTES = 1024 * 1024
"""The most that an unprivileged process may ask of a pipe, by default."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """How a command ended. None of its processes is left, unless `survivors` says so."""

    exit_code: int | None
    """None if a signal ended it."""
    signal: int | None
    timed_out: bool
    stopped: bool
    """Whether it was ended by `CommandRunner.cancel` or `close`, or with its launcher."""
    duration_s: float
    """From its start to the end of its shell, or to the decision to end it."""
    output: bytes
    """Standard output and error, in the order of writing; see `Spool.kept` for long ones."""
    output_bytes: int
    """True length."""
    output_sha256: str
    """Over the true output, in lower-case hex."""
    swept: int
    """Processes that were still running when the waiting was over, and were ended.

    Not counted where the sandbox itself ends them, see `Sandbox.wraps`.
    """
    survivors: int
    """Processes that could not be ended."""

    @property
    def ok(self) -> bool:
        """Whether it ended by itself, with exit code 0."""
        return self.exit_code == 0 and not self.timed_out and not self.stopped


@dataclass(frozen=True, slots=True)
class _Wish:
    command: str
    cwd: Path
    env: Mapping[str, str]
    timeout_s: float
    call: str
    future: Future[CommandResult] = field(default_factory=Future)


@dataclass(slots=True, eq=False)
class _Running:
    wish: _Wish
    process: subprocess.Popen[bytes]
    output: int
    """Descriptor that the command's output is read from."""
    reports: int
    """Descriptor that the launcher's reports are read from; at its end, the launcher is gone."""
    ends: ExitStack
    """Closes both."""
    watchdog: asyncio.TimerHandle
    spool: Spool = field(default_factory=Spool)
    report: bytes = b""


class CommandRunner:
    """Runs any number of commands at once. Its methods may be called from any thread."""

    def __init__(self, sandbox: Sandbox = NO_SANDBOX, grace_s: float = GRACE_S) -> None:
        self.sandbox = sandbox
        self._grace_s = grace_s
        self._door = threading.Lock()
        self._closed = False
        self._open: set[Future[CommandResult]] = set()
        self._running: dict[str, _Running] = {}  # of the loop's thread alone
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="commands", daemon=True)
        self._thread.start()

    def run(
        self, command: str, cwd: Path, env: Mapping[str, str], timeout_s: float, call: str
    ) -> Future[CommandResult]:
        """Start `command` in `cwd` with exactly `env`; `call` names it for `cancel`.

        In a sandbox it can write in `cwd` and in HOME of `env`.
        If `env` asks for the C locale, the launcher's Python adds ``LC_CTYPE=C.UTF-8`` (PEP 538).

        No two commands may run under the same `call` at once.

        The future is completed by the runner's own thread once nothing of the command is left, at
        most a few seconds after the timeout. It fails with `CommandNotStartedError`. Cancelling
        the future has no effect: use `cancel`.

        Raises:
            RunnerClosedError: `close` was called.
        """
        wish = _Wish(command, cwd, dict(env), min(timeout_s, MAX_TIMEOUT_S), call)
        wish.future.set_running_or_notify_cancel()
        with self._door:
            if self._closed:
                raise RunnerClosedError("commands are no longer taken: trackside is ending")
            self._open.add(wish.future)
            self._loop.call_soon_threadsafe(self._start, wish)
        wish.future.add_done_callback(self._open.discard)
        return wish.future

    def cancel(self, call: str) -> None:
        """Have the command of `call` ended, if it runs; its future then says `stopped`."""
        with self._door:
            if not self._closed:
                self._loop.call_soon_threadsafe(self._stop, call)

    def close(self) -> None:
        """End all commands, then the thread. When it returns, nothing is left of any of them."""
        with self._door:
            if self._closed:
                return
            self._closed = True
        self._loop.call_soon_threadsafe(self._stop_all)
        wait(self._open.copy())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _start(self, wish: _Wish) -> None:
        """Start the launcher for `wish` and listen to both of its pipes."""
        try:
            running = self._launch(wish)
        except (OSError, ValueError) as error:
            wish.future.set_exception(CommandNotStartedError(wish.command, error))
            return
        self._running[wish.call] = running
        self._loop.add_reader(running.output, self._take_output, running)
        self._loop.add_reader(running.reports, self._take_report, running)

    def _launch(self, wish: _Wish) -> _Running:
        with ExitStack() as theirs, ExitStack() as ours:
            output, writes_output = _pipe(ours, theirs)
            reports, writes_reports = _pipe(ours, theirs)
            with suppress(OSError):  # a smaller pipe is only slower
                fcntl.fcntl(output, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
            home = Path(wish.env.get("HOME", wish.cwd))
            argv = self.sandbox.argv(wish.command, wish.cwd, home)
            limits = [str(wish.timeout_s), str(self._grace_s), str(int(self.sandbox.wraps))]
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", _LAUNCHER, str(os.getpid()), str(writes_reports),
                 *limits, *argv],
                stdin=subprocess.DEVNULL,
                stdout=writes_output,
                stderr=writes_output,
                cwd=wish.cwd,
                env=wish.env,
                pass_fds=[writes_reports],
                start_new_session=True,
            )  # fmt: skip
            watchdog = self._loop.call_later(wish.timeout_s + self._patience_s, process.kill)
            return _Running(wish, process, output, reports, ours.pop_all(), watchdog)

    @property
    def _patience_s(self) -> float:
        """How long a launcher may take to end its command before it is given up itself."""
        return self._grace_s + SWEEP_S + _MARGIN_S

    def _take_output(self, running: _Running) -> None:
        data = os.read(running.output, _READ_BYTES)
        running.spool.take(data)
        if not data:
            self._loop.remove_reader(running.output)

    def _take_report(self, running: _Running) -> None:
        data = os.read(running.reports, _READ_BYTES)
        running.report += data
        if not data:
            self._finish(running)

    def _finish(self, running: _Running) -> None:
        """Say how it ended: the launcher is gone, and whoever still holds the pipe is not heard."""
        running.watchdog.cancel()
        self._loop.remove_reader(running.output)
        self._loop.remove_reader(running.reports)
        running.process.wait()
        with suppress(BlockingIOError):
            while data := os.read(running.output, _READ_BYTES):
                running.spool.take(data)
        running.ends.close()
        del self._running[running.wish.call]
        running.wish.future.set_result(_result(running))

    def _stop(self, call: str) -> None:
        running = self._running.get(call)
        if running is not None:
            running.process.terminate()
            running.watchdog.cancel()
            running.watchdog = self._loop.call_later(self._patience_s, running.process.kill)

    def _stop_all(self) -> None:
        for call in self._running:
            self._stop(call)


def _pipe(ours: ExitStack, theirs: ExitStack) -> tuple[int, int]:
    reading, writing = os.pipe()
    ours.callback(os.close, reading)
    theirs.callback(os.close, writing)
    os.set_blocking(reading, False)
    return reading, writing


def _result(running: _Running) -> CommandResult:
    """Return what the launcher reported; one that was killed reported nothing, or only a start."""
    started, _, ended = running.report.decode().partition("\n")
    status, cause, seconds, swept, survivors = -1, "stop", 0.0, 0, 0
    if ended:
        _, *words = ended.split()
        status, cause, seconds = int(words[0]), words[1], float(words[2])
        swept, survivors = int(words[3]), int(words[4])
    elif started:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(int(started.split()[1]), signal.SIGKILL)
    known = status >= 0
    by_signal = known and os.WIFSIGNALED(status)
    return CommandResult(
        exit_code=os.WEXITSTATUS(status) if known and not by_signal else None,
        signal=os.WTERMSIG(status) if by_signal else None,
        timed_out=cause == "timeout",
        stopped=cause == "stop",
        duration_s=seconds,
        output=running.spool.kept(),
        output_bytes=running.spool.size,
        output_sha256=running.spool.sha256,
        swept=swept,
        survivors=survivors,
    )
