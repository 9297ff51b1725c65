"""What a person sees of a run while it runs: a live table on a terminal, plain lines elsewhere."""

import os
from collections.abc import Mapping
from typing import Protocol, TextIO

from cli.escape import clipped
from cli.run_view import RunView
from cli.words import words_of
from events import attempt_words as attempt
from events import run_words as run
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

    def close(self) -> None:
        """Stop showing, and leave the terminal as it was. A second call does nothing."""


class NoProgress:
    """Shows nothing: a program reads the answer at the end."""

    def take(self, recorded: Recorded) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class PlainProgress:
    """Prints one escaped line for each notable event."""

    def __init__(self, stream: TextIO) -> None:
        """Print to `stream`; once it takes no more, the run goes on unseen."""
        self._stream: TextIO | None = stream

    def take(self, recorded: Recorded) -> None:
        """Print a line, if the event is worth one."""
        if self._stream is None or type(recorded.event) not in NOTABLE:
            return
        try:
            print(line_of(recorded), file=self._stream, flush=True)
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
) -> Progress:
    """Return what shows a run on `stream`.

    Args:
        stream: Usually standard error. A terminal gets the live table, all else plain lines.
        view: The run; whoever owns it folds each record before it is shown.
        quiet: Whether nothing is to be shown.
        environment: ``NO_COLOR`` and ``TERM`` count.
    """
    if quiet:
        return NoProgress()
    if stream.isatty() and environment.get("TERM", "") not in {"", "dumb"}:
        from cli.live import LiveProgress

        return LiveProgress(stream, view, colour=not environment.get("NO_COLOR"))
    return PlainProgress(stream)


def line_of(recorded: Recorded) -> str:
    """Return one escaped line: the time (UTC), the attempt if it is about one, what happened."""
    about = name_of(recorded.stream)
    words = f"{about} {words_of(recorded.event)}" if about else _sentence(recorded.event)
    return f"{recorded.at[11:19]} {clipped(words, LINE_CHARS)}"


def _sentence(event: Event) -> str:
    """Return the words of an event of the run; those about no ticket need their subject."""
    words = words_of(event)
    subject = _SUBJECTS.get(type(event))
    return f"{subject} {words}" if subject else words


_SUBJECTS: dict[type[Event], str] = {
    run.RunStarted: "run started:",
    run.RunSandboxed: "commands are confined by",
    run.RunPaused: "run paused",
    run.RunContinued: "run goes on,",
    run.RunCancelled: "run cancelled",
    run.RunEnded: "run ended:",
    run.BudgetRaised: "budget raised",
    run.RunDelivered: "delivered:",
    run.ActorCrashed: "a bug ended an actor:",
}
