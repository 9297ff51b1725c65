"""`trackside cancel`: a run ends as it stands, for good; what is completed is delivered."""

import argparse

from cli.exit_code import ExitCode
from cli.person import who
from cli.telling import add_run, operate
from cli.which_run import repository_of
from events.run_commands import CancelRun
from store.run_folder import RunFolder


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_run(parser)
    parser.add_argument("--reason", metavar="TEXT", default="", help="for the record")


def run(args: argparse.Namespace) -> int:
    """Cancel the run; if no process works on it, close its books here."""
    from cli.conduct import close_books
    from cli.wiring import opened

    def finish(folder: RunFolder) -> None:
        with opened(folder, repository_of(args)) as this:
            close_books(this)

    command = CancelRun(who(), args.reason)
    operate(args, command, "cancelled", "the run is cancelled, for good", finish)
    return ExitCode.COMPLETED
