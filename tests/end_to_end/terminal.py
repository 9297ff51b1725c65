"""A person at a real terminal: a pseudo-terminal whose other end types and reads."""

import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.end_to_end.project import TRACKSIDE

LONGEST_S = 30.0
"""How long a person waits for words on the screen before they give up."""
_TAKE_TERMINAL = (
    "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "os.execv(sys.argv[1], sys.argv[1:])"
)


class Screen:
    """What a process shows, and the keys that it gets."""

    def __init__(self, process: "subprocess.Popen[bytes]", master: int) -> None:
        self.process = process
        self.text = ""
        """All that was shown so far."""
        self._master = master
        self._seen = 0

    def expect(self, words: str) -> str:
        """Wait for `words`, behind those that were expected before; return what came up to them."""
        until = time.monotonic() + LONGEST_S
        while words not in self.text[self._seen :]:
            left_s = until - time.monotonic()
            if left_s <= 0 or not self._read(left_s):
                raise AssertionError(f"{words!r} is not on the screen: {self.text}")
        end = self.text.index(words, self._seen) + len(words)
        came, self._seen = self.text[self._seen : end], end
        return came

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def end(self) -> int:
        """Read to the end, and return the exit code."""
        until = time.monotonic() + LONGEST_S
        while self._read(until - time.monotonic()):
            pass
        try:
            return self.process.wait(LONGEST_S)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"the process does not end: {self.text}") from error

    def echoes(self) -> bool:
        """Whether the terminal shows what is typed, as it does for a shell."""
        return bool(termios.tcgetattr(self._master)[3] & termios.ECHO)

    def _read(self, timeout_s: float) -> bool:
        """Read what is there within the time; False at the end, or if there is nothing."""
        if not select.select([self._master], [], [], max(0.0, timeout_s))[0]:
            return False
        try:
            data = os.read(self._master, 65_536)
        except OSError:  # the other side has closed it
            return False
        self.text += data.decode(errors="replace").replace("\r\n", "\n")
        return bool(data)


@contextmanager
def at_terminal(
    *words: str, environment: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Iterator[Screen]:
    """Run the program in a session of its own on a terminal; it does not outlive the block."""
    master, slave = pty.openpty()
    try:
        with subprocess.Popen(
            [sys.executable, "-c", _TAKE_TERMINAL, str(TRACKSIDE), *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=cwd,
            env={**os.environ, "TERM": "dumb", **(environment or {})},
        ) as process:
            os.close(slave)
            slave = -1
            try:
                yield Screen(process, master)
            finally:
                process.kill()
    finally:
        os.close(master)
        if slave >= 0:
            os.close(slave)
