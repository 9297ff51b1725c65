"""`trackside log`: the events of a run, one line each, as they are or as they come."""

import argparse
import math
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec

from cli.escape import ascii_json, clipped, path_text, shown
from cli.exit_code import ExitCode
from cli.history import CODEC, torn_note
from cli.holder import holder_of
from cli.log_filters import Filter, add_filters
from cli.log_texts import Read, record_json, texts_of
from cli.which_run import add_arguments, folder_of
from cli.words import words_of
from events.base import Event, UnknownEvent
from events.ids import TicketId
from events.journal import LogOpened, LogRecovered
from events.run_events import RunStarted, TicketsPlanned
from events.streams import kind_of, name_of
from replay.errors import NotInHistoryError
from store.blobs import Blobs
from store.log import Recorded
from store.reader import LogReader
from store.watch import Watch

POSITION_CHARS, STREAM_CHARS, TYPE_CHARS = 6, 16, 25
"""Columns of the text; that of the streams has room for those of every ticket of the plan."""
MOST_STREAM_CHARS = 40
"""A longer name pushes its line to the right."""
_LONGEST = "approval/{}.1.spawn"
WORDS_CHARS = 300

_ATTEMPT = re.compile(r"(.+)\.\d+", re.DOTALL)
_CALL = re.compile(r"(.+)\.\d+\.[a-z]\w*(?:\.\d+)?", re.DOTALL)
"""A call of an attempt: ``T1.2.c5``; if it was asked about again: ``T1.2.c5.2``."""
_NAMES = {"attempt": _ATTEMPT, "hint": _CALL, "approval": _CALL}
"""Kind of stream -> how its names begin with a ticket."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_arguments(parser)
    parser.add_argument(
        "--follow",
        action="store_true",
        help="print what comes, until no process works on the run any more",
    )
    parser.add_argument("--ticket", metavar="T", help="only what is about this ticket")
    parser.add_argument(
        "--type", metavar="PREFIX", default="", help="only these events, as ticket or run.ended"
    )
    parser.add_argument(
        "--stream", metavar="S", help="only this stream, as run, or all of a kind, as attempt"
    )
    add_filters(parser)
    parser.add_argument(
        "--full", action="store_true", help="long texts as well, which are kept beside the log"
    )


def run(args: argparse.Namespace) -> int:
    """Print the events; with `--json` the records as they stand in the log."""
    folder = folder_of(args)
    wanted = Filter(args)
    read = Blobs(folder.blobs).text if args.full else None
    tickets, planned = _plan_of(folder.log)
    if planned and args.ticket is not None and args.ticket not in tickets:
        raise NotInHistoryError(f'run {folder.run} has no ticket "{args.ticket}"')
    chars, printed = 0 if args.json else _stream_chars(tickets), 0
    with ExitStack() as stack:
        watch = stack.enter_context(Watch([folder.log, folder.lock])) if args.follow else None
        reader = stack.enter_context(LogReader(folder.log, CODEC))
        while True:
            # Asked first: what a writer wrote before it let go is read in any case.
            held = holder_of(folder.lock) is not None
            for recorded, line in _new(reader, folder.log):
                if _is_wanted(recorded, args) and wanted.wants(recorded):
                    printed += 1
                    if args.json:
                        _print_json(line, read)
                    else:
                        _print(recorded, chars, read)
            sys.stdout.flush()
            if watch is None or not held:
                break
            watch.wait()
        note = "" if held else torn_note(folder.log, reader.tail)
    name = shown(path_text(folder.run))
    if note:
        print(f"trackside: {shown(note)}", file=sys.stderr)
    if not printed:
        print(f"trackside: no record of run {name} is among those asked for", file=sys.stderr)
    if args.follow:
        print(f"trackside: no process works on run {name}", file=sys.stderr)
    return ExitCode.COMPLETED


def _new(reader: LogReader, log: Path) -> Iterator[tuple[Recorded, bytes]]:
    """Give the records that have come since the last time, each with its line in the log."""
    with log.open("rb") as raw:
        start = reader.head.offset
        while batch := reader.poll():
            raw.seek(start)
            lines = raw.read(reader.head.offset - start).split(b"\n")
            yield from zip(batch, lines, strict=False)  # behind the last line end is nothing
            start = reader.head.offset


def _plan_of(log: Path) -> tuple[set[TicketId], bool]:
    """Return the tickets of the plan, which stands first in the log, and whether they are all."""
    found, most = set[TicketId](), math.inf
    with LogReader(log, CODEC) as reader:
        for recorded in reader:
            match recorded.event:
                case TicketsPlanned(tickets=tickets):
                    found.update(ticket.id for ticket in tickets)
                case RunStarted(start=start):
                    most = start.tickets
                case LogOpened() | LogRecovered():
                    pass
                case _:
                    break
    return found, len(found) >= most


def _stream_chars(tickets: Iterable[TicketId]) -> int:
    """Return how wide the names of streams may be, by the plan."""
    widths = (len(_LONGEST.format(shown(ticket))) for ticket in tickets)
    return min(max(STREAM_CHARS, 0, *widths), MOST_STREAM_CHARS)


def _print(recorded: Recorded, stream_chars: int, read: Read | None) -> None:
    print(line_of(recorded, stream_chars))
    if read is not None:
        print("".join(f"{text}\n" for text in texts_of(recorded.event, read)), end="")


def _print_json(line: bytes, read: Read | None) -> None:
    if read is not None:
        line = record_json(line, read)
    if sys.stdout.isatty():
        print(ascii_json(line.decode()))
    else:
        sys.stdout.buffer.write(line + b"\n")


def line_of(recorded: Recorded, stream_chars: int = STREAM_CHARS) -> str:
    """Return a record as one escaped line: position, time (UTC), stream, type, words."""
    at = recorded.at[:23].replace("T", " ")
    stream, kind = shown(recorded.stream), shown(type_of(recorded.event))
    return (
        f"{recorded.position:>{POSITION_CHARS}}  {at}  {stream:<{stream_chars}}  "
        f"{kind:<{TYPE_CHARS}}  {clipped(words_of(recorded.event), WORDS_CHARS)}"
    ).rstrip()


def type_of(event: Event) -> str:
    """Return the type of an event as its record spells it."""
    if isinstance(event, UnknownEvent):
        return msgspec.json.decode(event.original, type=_Tagged).type
    return str(type(event).__struct_config__.tag)


class _Tagged(msgspec.Struct):
    type: str


def _is_wanted(recorded: Recorded, args: argparse.Namespace) -> bool:
    stream = recorded.stream
    return (
        (args.ticket is None or ticket_about(recorded) == args.ticket)
        and (args.stream is None or stream == args.stream or stream.startswith(f"{args.stream}/"))
        and (not args.type or type_of(recorded.event).startswith(args.type))
    )


def ticket_about(recorded: Recorded) -> str | None:
    """Return the ticket that a record is about; None if it is about none, or many."""
    ticket: TicketId | None = getattr(recorded.event, "ticket", None)
    if ticket is not None:
        return ticket
    pattern = _NAMES.get(kind_of(recorded.stream))
    name = name_of(recorded.stream)
    if pattern is None:
        pattern, name = _ATTEMPT, getattr(recorded.event, "attempt", None) or ""
    found = pattern.fullmatch(name)
    return found[1] if found else None
