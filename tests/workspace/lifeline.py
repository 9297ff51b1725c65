"""Tells without waiting whether anything of a command still lives: whoever holds the FIFO does."""

import os
from pathlib import Path


class Lifeline:
    """A FIFO that a command opens first (``exec 9>PATH``) and all that it starts inherits."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "lifeline"
        os.mkfifo(self.path)
        self._reading = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)

    def held(self, command: str) -> str:
        """Return `command` so that its processes, however far they go, hold the line."""
        return f"exec 9>'{self.path}'; echo up >&9; {command}"

    def is_cut(self) -> bool:
        """Return whether it was held once and no process holds it any more."""
        heard = b""
        try:
            while data := os.read(self._reading, 4096):
                heard += data
        except BlockingIOError:
            return False
        return heard.startswith(b"up\n")

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
