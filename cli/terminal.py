"""A person's terminal: single keys and short lines in, text out, and left as it was found."""

import errno
import os
import re
import select
import sys
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

_CHUNK_BYTES = 4096
_SEQUENCE = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|O.)")
"""What a terminal sends for an arrow or a function key (ECMA-48, control sequences)."""


def at_terminal() -> bool:
    """Return whether a person can be asked: both ends are a terminal, and it listens to us."""
    try:
        both = sys.stdin.isatty() and sys.stderr.isatty()
        return both and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError, AttributeError):  # closed, or another process group's
        return False


class Terminal:
    """Asks on one terminal. For one thread, but for `wake`."""

    def __init__(self, keyboard: int, screen: TextIO, *, colour: bool) -> None:
        """Read keys from the descriptor `keyboard`, write to `screen`."""
        self.screen = screen
        self.colour = colour
        self.keyboard = keyboard
        self._before = termios.tcgetattr(keyboard)
        self._guard = threading.Lock()
        self._open = True
        self._woken, self._waker = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)

    def close(self) -> None:
        """Let go of what `wake` needs, which does nothing from now on."""
        with self._guard:
            self._open = False
            os.close(self._woken)
            os.close(self._waker)

    def wake(self) -> None:
        """End the wait for a key or a line that is under way, else the next. From any thread."""
        with self._guard, suppress(BlockingIOError):  # it has been woken often enough
            if self._open:
                os.write(self._waker, b"!")

    def write(self, text: str) -> None:
        """Show `text`, which is escaped already."""
        self.screen.write(text)
        self.screen.flush()

    @contextmanager
    def keys(self) -> Iterator[None]:
        """Have keys come one by one and unseen, from now on: those typed before are dropped."""
        self._before = termios.tcgetattr(self.keyboard)
        try:
            tty.setcbreak(self.keyboard, termios.TCSAFLUSH)
            yield
        finally:
            with suppress(termios.error):  # the terminal has gone
                termios.tcsetattr(self.keyboard, termios.TCSADRAIN, self._before)

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Within `keys`, have the terminal as it was before, for another program."""
        termios.tcsetattr(self.keyboard, termios.TCSADRAIN, self._before)
        try:
            yield
        finally:
            with suppress(termios.error):
                tty.setcbreak(self.keyboard, termios.TCSAFLUSH)

    def forget_keys(self) -> None:
        """Drop what was typed and not read."""
        termios.tcflush(self.keyboard, termios.TCIFLUSH)

    def key(self) -> str:
        """Return the next key in lower case; an empty text if `wake` came first.

        What comes as a sequence (an arrow, something pasted) is not a key that anybody chose, and
        is dropped.

        Raises:
            OSError: nobody is there any more.
        """
        while True:
            data = self._read()
            if data is None:
                return ""
            if not data:
                raise OSError(errno.EIO, "the terminal has gone")
            text = _SEQUENCE.sub("", data.decode("ascii", "replace")).rstrip("\r\n")
            if len(text) == 1:
                return text.lower()

    def line(self, prompt: str, still: Callable[[], bool]) -> str | None:
        """Within `keys`, return a line that is typed after `prompt`.

        None if the person ends it with Ctrl-D, or `wake` was called and it is not `still` wanted.
        """
        before = termios.tcgetattr(self.keyboard)
        termios.tcsetattr(self.keyboard, termios.TCSADRAIN, self._before)
        self.write(prompt)
        try:
            while (data := self._read()) is None:
                if not still():
                    return None
        finally:
            termios.tcsetattr(self.keyboard, termios.TCSADRAIN, before)
        return data.decode(errors="replace").strip() if data else None

    def _read(self) -> bytes | None:
        """Return what was typed; None if `wake` came first."""
        ready, _, _ = select.select([self.keyboard, self._woken], [], [])
        if self._woken in ready:
            os.read(self._woken, _CHUNK_BYTES)
            return None
        return os.read(self.keyboard, _CHUNK_BYTES)
