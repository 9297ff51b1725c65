"""`trackside unblock` and `trackside retry`: a blocked ticket is free again, with all its tries.

Every ticket that is blocked only because of it is released with it, and a run that had ended is
open again.
"""

import argparse

from cli.exit_code import ExitCode
from cli.person import who
from cli.telling import add_run, operate
from events.ids import TicketId
from events.run_commands import ReleaseTicket


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of both commands."""
    add_run(parser, "ticket")
    parser.add_argument("--reason", metavar="TEXT", default="", help="for the record")


def run(args: argparse.Namespace) -> int:
    """Release the ticket."""
    command = ReleaseTicket(TicketId(args.ticket), who(), args.reason)
    operate(args, command, "released", f"ticket {args.ticket} is released")
    return ExitCode.COMPLETED
