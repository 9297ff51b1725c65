"""Tells without waiting whether anything of a command still lives: whoever holds the FIFO does."""

import os
from collections.abc import Callable
from pathlib import Path

from workspace.command import CommandResult

LIMITS_S = (0.3, 3.0, 30.0)
"""Of a command that stays: a machine that is too busy to get it going in time has ever more."""


class Lifeline:
    """A FIFO that a command opens first (``exec 9>PATH``) and all that it starts inherits."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "lifeline"
        os.mkfifo(self.path)
        self._reading = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        self._heard = b""

    def held(self, command: str) -> str:
        """Return `command` so that its processes, however far they go, hold the line."""
        return f"exec 9>'{self.path}'; echo up >&9; {command}"

    def is_cut(self) -> bool:
        """Return whether it was held once and no process holds it any more."""
        return self._hear() and self._heard.startswith(b"up\n")

    def ended_at_limit(
        self, run: Callable[[float], CommandResult], words: bytes = b"up\n"
    ) -> CommandResult:
        """Return what became of a command that had said `words` when its time was over.

        `run` runs it with a time limit in seconds, once more with the next if it was too short.
        """
        for limit_s in LIMITS_S:
            result = run(limit_s)
            self._hear()
            if words in self._heard:
                return result
        raise AssertionError(f"it never said {words!r}")

    def _hear(self) -> bool:
        """Take what has been said, and return whether no process holds it."""
        try:
            while data := os.read(self._reading, 4096):
                self._heard += data
        except BlockingIOError:
            return False
        return True

    def wait_until_held(self, words: bytes = b"up\n") -> None:
        """Return once the command has said `words` on the line."""
        os.set_blocking(self._reading, True)
        heard = b""
        writing = os.open(self.path, os.O_WRONLY)  # without a writer, reading would not wait
        try:
            while words not in heard:
                heard += os.read(self._reading, 4096)
        finally:
            os.close(writing)

    def wait_until_cut(self) -> None:
        """Return once no process holds the line any more."""
        os.set_blocking(self._reading, True)
        while os.read(self._reading, 4096):
            pass

    def close(self) -> None:
        """Let go of the reading end."""
        os.close(self._reading)
