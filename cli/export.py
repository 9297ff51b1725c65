"""`trackside export`: a run in the forms that other programs read."""

import argparse
import os
import sys
from collections.abc import Iterator
from importlib.metadata import version

import msgspec

from cli.collector_address import address_of, printable
from cli.errors import ExtraMissingError, OptionInvalidError
from cli.escape import ascii_json, shown
from cli.exit_code import ExitCode
from cli.output_file import write_output
from cli.past import archive_in, say_torn
from cli.which_run import add_moment, add_repository, moment_in
from events.counted import counted
from replay.archive import Archive
from replay.reports.otel import trace_of
from replay.reports.otlp import Json
from replay.reports.plain import lines_of, state_update
from replay.timeline import frame_at
from store.log import Recorded

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
    where = parser.add_mutually_exclusive_group()
    where.add_argument("-o", "--output", metavar="FILE", help="where to (default: standard output)")
    where.add_argument(
        "--send",
        metavar="URL",
        nargs="?",
        const="",
        help="with --format otel: to the collector at URL (default: what "
        "OTEL_EXPORTER_OTLP_ENDPOINT says, else http://localhost:4318); needs trackside[otel]",
    )
    add_moment(parser)


def run(args: argparse.Namespace) -> int:
    """Print the run, or a file of it; JSON in visible ASCII in any case."""
    if args.send is not None and args.format != "otel":
        raise OptionInvalidError("--send", "only a trace can be sent; add --format otel")
    archive = archive_in(args)
    if args.send is not None:
        print(_sent(_trace(args, archive), args.send))
        say_torn(archive)
        return ExitCode.COMPLETED
    lines = map(ascii_json, _lines(args, archive))
    if args.output is None:
        for line in lines:
            print(line)
    else:
        write_output(args.output, "".join(f"{line}\n" for line in lines).encode())
    sys.stdout.flush()
    say_torn(archive)
    return ExitCode.COMPLETED


def _lines(args: argparse.Namespace, archive: Archive) -> Iterator[str]:
    if args.format == "state":
        frame = frame_at(archive, moment_in(args))
        yield _json(state_update(frame.world, archive.text))
        return
    if args.format == "jsonl":
        yield from lines_of(_records(args, archive), archive.text)
    else:
        yield _json(_trace(args, archive))


def _trace(args: argparse.Namespace, archive: Archive) -> Json:
    return trace_of(_records(args, archive), version("trackside"))


def _records(args: argparse.Namespace, archive: Archive) -> Iterator[Recorded]:
    until = frame_at(archive, moment_in(args)).world.position
    return (one for one in archive.records() if one.position <= until)


def _sent(trace: Json, url: str) -> str:
    """Send a trace, and return the sentence that says so."""
    address = address_of(url, os.environ)
    try:
        from cli.collector import send
    except ImportError as error:
        raise ExtraMissingError("--send", "otel") from error
    except ValueError as error:
        raise OptionInvalidError(
            "--send", f"OpenTelemetry refuses its settings: {error}"
        ) from error
    count = send(trace, address)
    return f"sent {counted(count, 'span')} to {shown(printable(address))}"


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
