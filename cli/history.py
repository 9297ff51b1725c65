"""Finding a run and reading its log, without ever writing or waiting for who writes it."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cli.errors import NotPlannedError
from cli.escape import path_text, shown
from cli.holder import holder_of
from cli.run_view import RunView
from cli.standing import Standing, standing_of
from cli.which_run import folder_of
from events.counted import counted
from events.streams import EVENT_TYPES
from store.blobs import Blobs
from store.codec import Codec
from store.log import Recorded
from store.reader import LogReader
from store.run_folder import RunFolder
from store.tail import Tail

CODEC = Codec(EVENT_TYPES)


@dataclass(frozen=True, slots=True)
class History:
    """A run as its log tells it now."""

    folder: RunFolder
    view: RunView
    held_by: int | None
    """The process that works on it."""
    note: str
    """What a crash left behind the last whole decision; empty if nothing, or if it is held."""

    @property
    def standing(self) -> Standing:
        """How the run stands, in one word."""
        return standing_of(self.view.world.run, held=self.held_by is not None)


def load_history(folder: RunFolder) -> History:
    """Return the run as it stands now; its whole log is verified on the way.

    Raises:
        DamageError: the log cannot be trusted.
        LogUnusableError: there is none.
    """
    view = RunView(Blobs(folder.blobs).text)
    held_by = holder_of(folder.lock)
    with LogReader(folder.log, CODEC) as reader:
        view.take_all(reader)
        note = torn_note(folder.log, reader.tail)
    return History(folder, view, held_by, note if held_by is None else "")


def fold_log(log: Path, take: Callable[[Recorded], None]) -> str:
    """Give every record of `log` to `take`; return what a crash left behind them, or nothing.

    Raises:
        DamageError: the log cannot be trusted.
        LogUnusableError: there is none.
    """
    with LogReader(log, CODEC) as reader:
        for recorded in reader:
            take(recorded)
        return torn_note(log, reader.tail)


def torn_note(log: Path, tail: Tail) -> str:
    """Return what a crash left at the end of `log`, for a person; empty if the end is clean."""
    if tail.clean:
        return ""
    return (
        f"{path_text(log)}: its end, {counted(tail.bytes, 'byte')}, is {tail.reason} "
        "and is left out; `trackside resume` sets it aside"
    )


def load_planned(args: argparse.Namespace) -> History:
    """Return the run that is meant, and say on standard error if the end of its log is torn.

    Raises:
        NotPlannedError: it was cut short before its plan was on record.
    """
    history = load_history(folder_of(args))
    if history.note:
        print(f"trackside: {shown(history.note)}", file=sys.stderr)
    run, name = history.view.world.run, history.folder.run
    if run.standing == "planning":
        raise NotPlannedError(name, f"`trackside resume {name}` goes on from there")
    if run.track is None:
        raise NotPlannedError(name)
    return history
