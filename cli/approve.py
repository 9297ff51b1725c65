"""`trackside approve`: yes to a request of a run, from any process, also in an edited version."""

import argparse
import sys

from cli.answering import STDIN, add_request, answer
from cli.errors import InputUnreadableError
from cli.exit_code import ExitCode
from cli.inputs import read_input
from events.documents import MAX_BYTES


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_request(parser)
    parser.add_argument(
        "--ticket-wide",
        action="store_true",
        help="also for all that the same rule asks in the rest of the ticket",
    )
    parser.add_argument(
        "--edit",
        metavar="FILE",
        help="run what this file says instead: the JSON arguments, or a prompt; - reads the input",
    )
    parser.add_argument("--reason", metavar="TEXT", default="", help="for the record")


def run(args: argparse.Namespace) -> int:
    """Approve the request; the exit code says whether the answer counts."""
    edited = None if args.edit is None else _text_of(args.edit)
    answer(args, "approved", edited=edited, ticket_wide=args.ticket_wide)
    return ExitCode.COMPLETED


def _text_of(file: str) -> str:
    data = sys.stdin.buffer.read(MAX_BYTES + 1) if file == STDIN else read_input(file)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise InputUnreadableError(file, "is not UTF-8") from error
    if len(data) > MAX_BYTES:
        raise InputUnreadableError(file, f"is larger than {MAX_BYTES} bytes")
    return text
