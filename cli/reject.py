"""`trackside reject`: no to a request of a run, from any process; the model reads the reason."""

import argparse

from cli.answering import add_request, answer
from cli.exit_code import ExitCode


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_request(parser)
    parser.add_argument(
        "--reason", metavar="TEXT", default="", help="for the model, and the record"
    )


def run(args: argparse.Namespace) -> int:
    """Reject the request; the exit code says whether the answer counts."""
    answer(args, "rejected")
    return ExitCode.COMPLETED
