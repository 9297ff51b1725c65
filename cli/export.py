"""`trackside export`: a run in the forms that other programs read."""

import argparse
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import msgspec

from cli.escape import ascii_json
from cli.exit_code import ExitCode
from cli.history import add_repository
from cli.past import add_moment, archive_in, moment_in, say_torn
from cli.report import replace_file
from replay.archive import Archive
from replay.reports.otel import trace_of
from replay.reports.plain import lines_of, state_update
from replay.timeline import frame_at

FORMATS = ("jsonl", "otel", "state")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("run", metavar="RUN", nargs="?", help="the run (default: the latest)")
    add_repository(parser)
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="jsonl",
        help="events, one a line; a trace as OTLP JSON; the state as an mma_state_update",
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="where to (default: standard output)"
    )
    add_moment(parser)


def run(args: argparse.Namespace) -> int:
    """Print the run, or a file of it; JSON in visible ASCII in any case."""
    archive = archive_in(args)
    lines = map(ascii_json, _lines(args, archive))
    if args.output is None:
        for line in lines:
            print(line)
    else:
        replace_file(Path(args.output), "".join(f"{line}\n" for line in lines).encode())
    sys.stdout.flush()
    say_torn(archive)
    return ExitCode.COMPLETED


def _lines(args: argparse.Namespace, archive: Archive) -> Iterator[str]:
    if args.format == "state":
        frame = frame_at(archive, moment_in(args))
        yield _json(state_update(frame.world, archive.text))
        return
    until = frame_at(archive, moment_in(args)).world.position
    records = (one for one in archive.records() if one.position <= until)
    if args.format == "jsonl":
        yield from lines_of(records, archive.text)
    else:
        yield _json(trace_of(records, version("trackside")))


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
