"""The live table of a run: at most a screen of tickets, redrawn four times a second."""

import os
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import TextIO

from rich.console import Console, ConsoleDimensions, JustifyMethod
from rich.live import Live
from rich.table import Table
from rich.text import Text

from cli.escape import shown
from cli.run_view import RunView
from cli.spending import usd_words
from cli.standing import doing
from cli.words import model_words
from events.ids import TicketId, attempt_id
from events.run import Run
from events.run_events import TicketAssigned, TicketBlocked, TicketCompleted, TicketSkipped
from events.ticket import Ticket, TicketState
from store.log import Recorded

REDRAW_S = 0.25
FRAME_LINES = 3
"""Lines of the screen that the header, the sums and the cursor need."""
MOST_ROWS = 200
LEAST_WIDTH, LEAST_HEIGHT = 80, 24
"""Of a terminal that does not say."""
COLUMNS = {
    "ticket": 24, "state": None, "model": 28, "turn": None, "tokens": None, "cost": None,
    "time": None,
}  # fmt: skip
"""Header -> the most characters of a cell; what the attempt does follows, as long as it fits."""
NUMBERS = {"turn", "tokens", "cost", "time"}

_STYLES: dict[TicketState, str] = {
    "in_progress": "cyan",
    "step_paused": "yellow",
    "completed": "green",
    "blocked": "red",
    "locked": "dim",
}


class LiveProgress:
    """Draws in a thread of its own; `take` only remembers when tickets began and settled."""

    def __init__(self, stream: TextIO, view: RunView, *, colour: bool) -> None:
        """Begin to draw `view` on the terminal `stream`."""
        self._view = view
        self._began: dict[TicketId, float] = {}
        self._settled: dict[TicketId, float] = {}
        self._latest: deque[TicketId] = deque(maxlen=MOST_ROWS)
        """Tickets that settled last."""
        self._start = time.monotonic()
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
        now = time.monotonic()
        match recorded.event:
            case TicketAssigned(ticket=ticket):
                self._began.setdefault(ticket, now)
            case (
                TicketCompleted(ticket=ticket)
                | TicketBlocked(ticket=ticket)
                | TicketSkipped(ticket=ticket)
            ):
                self._settled[ticket] = now
                self._latest.append(ticket)

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
            self._redraw()
            while not self._closed.wait(REDRAW_S):
                self._redraw()

    def _redraw(self) -> None:
        with self._guard:
            if self._suspended:
                return
            self._fit()
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

    def _fit(self) -> None:
        """Take the size that the terminal has now; rich would ask standard input for it."""
        width, height = os.get_terminal_size(self._console.file.fileno())
        self._console.size = ConsoleDimensions(width or LEAST_WIDTH, height or LEAST_HEIGHT)

    def _table(self) -> Table:
        run = self._view.world.run
        table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
        table.caption_justify = "left"
        for name, widest in COLUMNS.items():
            justify: JustifyMethod = "right" if name in NUMBERS else "left"
            table.add_column(name, no_wrap=True, justify=justify, max_width=widest)
        table.add_column("", no_wrap=True, ratio=1)
        if run.track is not None:
            room = max(1, self._console.height - FRAME_LINES)
            for ticket in self._chosen(run, room):
                table.add_row(*self._cells(run, ticket))
            table.caption = Text(self._sums(run), no_wrap=True, overflow="crop")
        return table

    def _chosen(self, run: Run, room: int) -> Sequence[Ticket]:
        """Return all tickets if they fit; else those under way, then those that settled last."""
        if len(run.plan) <= room:
            return list(run.plan)
        under_way = sorted({active.ticket for active in run.active.values()})
        settled = [ticket for ticket in reversed(self._latest) if ticket not in under_way]
        return [run.plan[ticket] for ticket in [*under_way, *settled][:room]]

    def _cells(self, run: Run, ticket: Ticket) -> list[Text]:
        name = attempt_id(ticket.id, ticket.attempts)
        attempt, active = self._view.world.attempt(name), run.active.get(name)
        spent = self._view.spending.of_ticket(ticket.id)
        cells = (
            ticket.id,
            ticket.status.replace("_", " "),
            "" if active is None else model_words(active.model),
            str(len(attempt.turns) or ""),
            f"{spent.usage.total:,}" if spent.calls else "",
            usd_words(spent.usd) if spent.calls else "",
            self._elapsed(ticket),
            ticket.title if active is None else doing(attempt),
        )
        style = _STYLES.get(ticket.status, "")
        return [Text(shown(cell), style=style, overflow="ellipsis") for cell in cells]

    def _elapsed(self, ticket: Ticket) -> str:
        began = self._began.get(ticket.id, self._start if ticket.attempts else None)
        if began is None:
            return ""
        return clock_words(self._settled.get(ticket.id, time.monotonic()) - began)

    def _sums(self, run: Run) -> str:
        counts = [
            f"{count} {state.replace('_', ' ')}"
            for state, count in sorted(run.plan.counts.items())
            if count
        ]
        total = self._view.spending.total
        used = [f"{total.usage.total:,} tokens", usd_words(total.usd)] if total.calls else []
        return " · ".join([*counts, *used, clock_words(time.monotonic() - self._start)])


def clock_words(seconds: float) -> str:
    """Return a span of time as a clock shows it.

    >>> clock_words(75), clock_words(3675)
    ('1:15', '1:01:15')
    """
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
