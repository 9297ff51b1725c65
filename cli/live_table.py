"""The table of a run as it moves: a row for each ticket, as many as fit on a screen."""

from collections import deque
from collections.abc import Callable, Sequence

from rich.console import JustifyMethod
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
from events.world import World
from store.log import Recorded

FRAME_LINES = 3
"""Lines of the screen that the header, the sums and the cursor need."""
MOST_ROWS = 200
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

Clock = Callable[[], float]
"""Returns seconds since some moment; it never goes back."""


class LiveTable:
    """Remembers when tickets began and settled, and draws them as they stand."""

    def __init__(self, view: RunView, clock: Clock) -> None:
        """Draw `view`; spans of time are those of `clock`."""
        self._view = view
        self._clock = clock
        self._began: dict[TicketId, float] = {}
        self._settled: dict[TicketId, float] = {}
        self._latest: deque[TicketId] = deque(maxlen=MOST_ROWS)
        """Tickets that settled last."""
        self._start = clock()

    def take(self, recorded: Recorded) -> None:
        """Take note of a record; whoever owns the view has folded it."""
        now = self._clock()
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

    def table(self, height: int) -> Table:
        """Return the table as it is now, for a screen of so many lines."""
        world = self._view.world
        run = world.run
        table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
        table.caption_justify = "left"
        for name, widest in COLUMNS.items():
            justify: JustifyMethod = "right" if name in NUMBERS else "left"
            table.add_column(name, no_wrap=True, justify=justify, max_width=widest)
        table.add_column("", no_wrap=True, ratio=1)
        if run.track is not None:
            for ticket in self._chosen(run, max(1, height - FRAME_LINES)):
                table.add_row(*self._cells(world, ticket))
            table.caption = Text(self._sums(run), no_wrap=True, overflow="crop")
        return table

    def _chosen(self, run: Run, room: int) -> Sequence[Ticket]:
        """Return all tickets if they fit; else those under way, then those that settled last."""
        if len(run.plan) <= room:
            return list(run.plan)
        under_way = sorted({active.ticket for active in run.active.values()})
        latest = tuple(self._latest)  # in one step: the log's threads add to it meanwhile
        settled = [ticket for ticket in reversed(latest) if ticket not in under_way]
        return [run.plan[ticket] for ticket in [*under_way, *settled][:room]]

    def _cells(self, world: World, ticket: Ticket) -> list[Text]:
        name = attempt_id(ticket.id, ticket.attempts)
        attempt, active = world.attempt(name), world.run.active.get(name)
        spent = self._view.spending.of_ticket(ticket.id)
        cells = (
            ticket.id,
            ticket.status.replace("_", " "),
            "" if active is None else model_words(active.model),
            str(attempt.answers or ""),
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
        return clock_words(self._settled.get(ticket.id, self._clock()) - began)

    def _sums(self, run: Run) -> str:
        counts = [
            f"{count} {state.replace('_', ' ')}"
            for state, count in sorted(run.plan.counts.items())
            if count
        ]
        total = self._view.spending.total
        used = [f"{total.usage.total:,} tokens", usd_words(total.usd)] if total.calls else []
        return " · ".join([*counts, *used, clock_words(self._clock() - self._start)])


def clock_words(seconds: float) -> str:
    """Return a span of time as a clock shows it.

    >>> clock_words(75), clock_words(3675)
    ('1:15', '1:01:15')
    """
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
