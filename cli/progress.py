"""What a person sees of a run while it runs: a live table on a terminal, plain lines elsewhere."""

import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol, TextIO

from cli.escape import clipped
from cli.run_view import RunView
from cli.words import words_of
from events import attempt_events as attempt
from events import fork_words as fork
from events import run_events as run
from events.approval import ApprovalAnswered
from events.base import Event
from events.streams import name_of
from store.log import Recorded

LINE_CHARS = 300

NOTABLE: frozenset[type[Event]] = frozenset({
    run.RunStarted,
    run.RunSandboxed,
    run.TicketAssigned,
    run.TicketParked,
    run.TicketCompleted,
    run.TicketRequeued,
    run.TicketBlocked,
    run.TicketReleased,
    run.TicketSkipped,
    fork.RunForked,
    run.RunPaused,
    run.RunContinued,
    run.RunCancelled,
    run.RunEnded,
    run.RunDelivered,
    run.BudgetExceeded,
    run.BudgetRaised,
    run.ActorCrashed,
    attempt.ReplyRecorded,
    attempt.CallFailed,
    attempt.ToolGated,
    attempt.ToolDoubted,
    attempt.HintTaken,
    attempt.CheckRan,
    ApprovalAnswered,
})  # fmt: skip
"""What is worth a line while a run goes on; `trackside log` has all of it."""


class Progress(Protocol):
    """Shows each record of a run once it is on record. Any thread may call it, one at a time."""

    def take(self, recorded: Recorded) -> None:
        """Show what has happened; never raises and never waits for a person."""

    def suspend(self) -> None:
        """Leave the terminal to somebody else until `resume`; return once it is free."""

    def resume(self) -> None:
        """Go on showing, with what has happened meanwhile."""

    def close(self) -> None:
        """Stop showing, and leave the terminal as it was. A second call does nothing."""


class NoProgress:
    """Shows nothing: a program reads the answer at the end."""

    def take(self, recorded: Recorded) -> None:
        """Do nothing."""

    def suspend(self) -> None:
        """Do nothing."""

    def resume(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class PlainProgress:
    """Prints one escaped line for each notable event."""

    def __init__(self, stream: TextIO) -> None:
        """Print to `stream`; once it takes no more, the run goes on unseen."""
        self._stream: TextIO | None = stream
        self._held: list[str] | None = None
        """Lines that wait for the end of a suspension."""
        self._guard = threading.Lock()

    def take(self, recorded: Recorded) -> None:
        """Print a line, if the event is worth one."""
        if type(recorded.event) not in NOTABLE:
            return
        with self._guard:
            if self._held is None:
                self._print(line_of(recorded))
            else:
                self._held.append(line_of(recorded))

    def suspend(self) -> None:
        """Keep lines back."""
        with self._guard:
            self._held = []

    def resume(self) -> None:
        """Print the lines that were kept back."""
        with self._guard:
            for line in self._held or ():
                self._print(line)
            self._held = None

    def _print(self, line: str) -> None:
        if self._stream is None:
            return
        try:
            print(line, file=self._stream, flush=True)
        except (OSError, ValueError):  # the reader has gone, or the stream is closed
            self._stream = None

    def close(self) -> None:
        """Print nothing more."""
        self._stream = None


def progress_for(
    stream: TextIO,
    view: RunView,
    *,
    quiet: bool = False,
    environment: Mapping[str, str] = os.environ,
    clock: Callable[[], float] = time.monotonic,
) -> Progress:
    """Return what shows a run on `stream`.

    Args:
        stream: Usually standard error. A terminal gets the live table, all else plain lines.
        view: The run; whoever owns it folds each record before it is shown.
        quiet: Whether nothing is to be shown.
        environment: ``NO_COLOR`` and ``TERM`` count.
        clock: Tells how long things take, in seconds.
    """
    if quiet:
        return NoProgress()
    if stream.isatty() and environment.get("TERM", "") not in {"", "dumb"}:
        from cli.live import LiveProgress

        colour = not environment.get("NO_COLOR")
        return LiveProgress(stream, view, colour=colour, clock=clock)
    return PlainProgress(stream)


def line_of(recorded: Recorded) -> str:
    """Return one escaped line: the time (UTC), the attempt if it is about one, what happened."""
    about = name_of(recorded.stream)
    words = f"{about} {words_of(recorded.event)}" if about else sentence_of(recorded.event)
    return f"{recorded.at[11:19]} {clipped(words, LINE_CHARS)}"


def sentence_of(event: Event) -> str:
    """Return the words of an event of the run; those about no ticket need their subject."""
    words = words_of(event)
    subject = _SUBJECTS.get(type(event))
    return f"{subject} {words}" if subject else words


_SUBJECTS: dict[type[Event], str] = {
    run.RunStarted: "run started:",
    fork.RunForked: "forked:",
    run.RunSandboxed: "commands are confined by",
    run.RunPaused: "run paused",
    run.RunContinued: "run goes on,",
    run.RunCancelled: "run cancelled",
    run.RunEnded: "run ended:",
    run.BudgetRaised: "budget raised",
    run.RunDelivered: "delivered:",
    run.ActorCrashed: "a bug ended an actor:",
}
