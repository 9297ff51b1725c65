"""Going through a past run by hand, a record at a time, forwards and backwards."""

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from cli.errors import NoTerminalError
from cli.escape import shown
from cli.live import fit
from cli.live_table import LiveTable
from cli.progress import line_of
from cli.run_view import RunView
from cli.tape import Tape
from cli.terminal import Terminal, at_terminal
from cli.words import words_of
from events.payload import ReadText
from store.log import Recorded

FRAME_LINES = 8
"""Lines of the screen that the head and the words of the event need, beside the table."""
WORDS_CHARS = 600
_KEYS = re.compile(rb"\x1b(?:\[|O)[A-Z]|\x1b\[[0-9]+~|.", re.DOTALL)
_STEPS = {
    b" ": 1, b"\r": 1, b"\n": 1, b"\x1b[C": 1, b"\x1bOC": 1, b"l": 1, b"f": 1,
    b"b": -1, b"h": -1, b"\x1b[D": -1, b"\x1bOD": -1, b"\x7f": -1,
}  # fmt: skip
_FIRST = frozenset({b"\x1b[H", b"\x1bOH", b"\x1b[1~", b"g"})
_LAST = frozenset({b"\x1b[F", b"\x1bOF", b"\x1b[4~", b"G"})
_QUIT = frozenset({b"q", b"Q", b"\x04"})
HELP = "space, enter, → forward · b, ← backward · g, G to the ends · q quit"


@dataclass(frozen=True)
class Frame:
    """The run right after one record."""

    recorded: Recorded
    view: RunView
    rows: LiveTable
    last: int


class Film:
    """All records of a run, and the state after any of them."""

    def __init__(self, records: Sequence[Recorded], read: ReadText) -> None:
        """Keep the records; nothing is folded yet."""
        self._records = records
        self._read = read
        self._rewind()

    @property
    def last(self) -> int:
        """The last position."""
        return len(self._records)

    def frame(self, position: int) -> Frame:
        """Return the run at a position; going on is quick, going back folds from the beginning."""
        if position < self._position:
            self._rewind()
        while self._position < position:
            recorded = self._records[self._position]
            self._tape.at(recorded)
            self._view.take(recorded)
            self._rows.take(recorded)
            self._position += 1
        return Frame(self._records[position - 1], self._view, self._rows, self.last)

    def _rewind(self) -> None:
        self._position = 0
        self._view = RunView(self._read)
        self._tape = Tape()
        self._rows = LiveTable(self._view, self._tape.now)


def step_through(film: Film, position: int, environment: Mapping[str, str] = os.environ) -> None:
    """Show the run from `position` on, and move as the keys say, until `q`.

    Raises:
        NoTerminalError: nobody is there to press a key.
    """
    if not at_terminal():
        raise NoTerminalError("--step")
    colour = not environment.get("NO_COLOR")
    terminal = Terminal(sys.stdin.fileno(), sys.stderr, colour=colour)
    with ExitStack() as stack:
        stack.callback(terminal.close)
        stack.enter_context(terminal.keys())
        if environment.get("TERM", "") in {"", "dumb"}:
            _go(film, position, _print)
            return
        console = Console(file=sys.stderr, force_terminal=True, no_color=not colour)
        fit(console)
        live = stack.enter_context(Live(console=console, screen=True, auto_refresh=False))

        def show(frame: Frame) -> None:
            fit(console)
            live.update(drawn(frame, console.height), refresh=True)

        _go(film, position, show)


def _go(film: Film, position: int, show: Callable[[Frame], None]) -> None:
    show(film.frame(position))
    for key in _typed(sys.stdin.fileno()):
        if key in _QUIT:
            return
        to = moved(key, position, film.last)
        if to != position:
            position = to
            show(film.frame(position))


def moved(key: bytes, position: int, last: int) -> int:
    """Return where a key leads from `position`; the ends are the ends."""
    if key in _FIRST:
        return 1
    if key in _LAST:
        return last
    return min(last, max(1, position + _STEPS.get(key, 0)))


def drawn(frame: Frame, height: int) -> RenderableType:
    """Return what a screen of so many lines shows of a frame."""
    recorded = frame.recorded
    head = Text(f"{recorded.position} of {frame.last}", style="bold")
    head.append(f"  {recorded.at}  {shown(recorded.stream)}  ", style="dim")
    head.append(str(type(recorded.event).__struct_config__.tag), style="cyan")
    words = Text(shown(words_of(recorded.event)[:WORDS_CHARS]), overflow="fold")
    rows = frame.rows.table(height - FRAME_LINES)
    return Group(head, words, Text(), rows, Text(), Text(HELP, style="dim"))


def _print(frame: Frame) -> None:
    """Show a frame where a screen cannot be drawn upon: one line, its position first."""
    print(f"{frame.recorded.position}/{frame.last} {line_of(frame.recorded)}", file=sys.stderr)


def _typed(keyboard: int) -> Iterator[bytes]:
    """Give the keys that are pressed, one by one, until nobody is there any more."""
    while True:
        try:
            data = os.read(keyboard, 1024)
        except OSError:
            return
        if not data:
            return
        yield from _KEYS.findall(data)
