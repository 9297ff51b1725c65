"""`trackside skip`: the run goes on without a ticket, as if it were done."""

import argparse

from cli.exit_code import ExitCode
from cli.person import who
from cli.telling import add_run, operate
from events.ids import TicketId
from events.run_commands import SkipTicket


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_run(parser, "ticket")
    parser.add_argument("--reason", metavar="TEXT", default="", help="for the record")


def run(args: argparse.Namespace) -> int:
    """Skip the ticket; one that is blocked has to be released first."""
    command = SkipTicket(TicketId(args.ticket), who(), args.reason)
    operate(args, command, "skipped", f"ticket {args.ticket} is skipped")
    return ExitCode.COMPLETED
