"""The live table of a run on a terminal: redrawn four times a second, and taken off at the end."""

import os
import threading
import time
from contextlib import suppress
from typing import TextIO

from rich.console import Console, ConsoleDimensions
from rich.live import Live
from rich.table import Table

from cli.live_table import Clock, LiveTable
from cli.run_view import RunView
from store.log import Recorded

REDRAW_S = 0.25
LEAST_WIDTH, LEAST_HEIGHT = 80, 24
"""Of a terminal that does not say."""


class LiveProgress:
    """Draws in a thread of its own; `take` only remembers when tickets began and settled."""

    def __init__(
        self, stream: TextIO, view: RunView, *, colour: bool, clock: Clock = time.monotonic
    ) -> None:
        """Begin to draw `view` on the terminal `stream`; spans of time are those of `clock`."""
        self._rows = LiveTable(view, clock)
        self._console = Console(file=stream, force_terminal=True, no_color=not colour)
        self._guard = threading.Lock()
        self._live: Live | None = None
        """What is on the screen now."""
        self._suspended = False
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._draw, name="progress", daemon=True)
        self._thread.start()

    def take(self, recorded: Recorded) -> None:
        """Remember when tickets began and settled."""
        self._rows.take(recorded)

    def suspend(self) -> None:
        """Take the table off the screen."""
        with self._guard:
            self._suspended = True
            self._clear()

    def resume(self) -> None:
        """Draw the table again, at the next beat."""
        with self._guard:
            self._suspended = False

    def close(self) -> None:
        """Take the table off the screen, and wait for the thread that draws."""
        self._closed.set()
        self._thread.join()
        with self._guard:
            self._clear()

    def _draw(self) -> None:
        # The terminal may go: then the run goes on unseen.
        with suppress(OSError, ValueError):
            while not self._closed.wait(REDRAW_S):
                self._redraw()

    def _redraw(self) -> None:
        with self._guard:
            if self._suspended:
                return
            fit(self._console)
            if self._live is None:
                self._live = self._new()
                self._live.start()
            self._live.refresh()

    def _clear(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            with suppress(OSError, ValueError):
                live.stop()

    def _new(self) -> Live:
        return Live(
            get_renderable=self._table,
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )

    def _table(self) -> Table:
        return self._rows.table(self._console.height)


def fit(console: Console) -> None:
    """Have `console` take the size that its terminal has now; rich would ask standard input."""
    width, height = os.get_terminal_size(console.file.fileno())
    console.size = ConsoleDimensions(width or LEAST_WIDTH, height or LEAST_HEIGHT)
