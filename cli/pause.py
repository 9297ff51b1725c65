"""`trackside pause`: attempts under way go on to their end, and no new one begins."""

import argparse

from cli.exit_code import ExitCode
from cli.person import who
from cli.telling import add_run, operate
from events.run_commands import PauseRun


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_run(parser)


def run(args: argparse.Namespace) -> int:
    """Pause the run; `resume` goes on with it."""
    operate(args, PauseRun(who()), "paused", "the run is paused: nothing new begins")
    return ExitCode.COMPLETED
