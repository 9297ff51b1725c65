"""`trackside replay`: a past run on the terminal, as `run` would have shown it."""

import argparse
import math
import sys
import time
from pathlib import Path

from cli.errors import OptionInvalidError
from cli.exit_code import ExitCode
from cli.past import archive_in, say_torn
from cli.progress import progress_for
from cli.run_view import RunView
from cli.standing import standing_of
from cli.stepping import Film, step_through
from cli.summary import summary_of
from cli.summary_text import lines_of
from cli.tape import Tape
from cli.which_run import add_repository, repository_of
from replay.archive import Archive
from replay.errors import MomentUnknownError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("run", metavar="RUN", nargs="?", help="the run (default: the latest)")
    add_repository(parser)
    parser.add_argument(
        "--speed",
        metavar="X",
        type=float,
        default=1.0,
        help="so many times as fast as it was (default: 1; inf: no waiting); silences are cut",
    )
    parser.add_argument(
        "--from",
        dest="start",
        metavar="POS",
        type=int,
        default=1,
        help="the position to begin at (default: 1)",
    )
    parser.add_argument(
        "--step",
        action="store_true",
        help="move by hand: space, enter, right: forward; b, left: backward; q: quit",
    )


def run(args: argparse.Namespace) -> int:
    """Play the run, or go through it step by step; nothing is written and nobody is called."""
    if not args.speed > 0:
        raise OptionInvalidError("--speed", "give a number greater than 0, or inf")
    archive = archive_in(args)
    records = list(archive.records())
    if not 1 <= args.start <= len(records):
        raise MomentUnknownError(
            f"{archive.folder.run} has no position {args.start}: its log goes from 1 to "
            f"{len(records)}"
        )
    say_torn(archive)
    try:
        if args.step:
            step_through(Film(records, archive.text), args.start)
        else:
            _play(archive, args.start, args.speed, repository_of(args))
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    return ExitCode.COMPLETED


def _play(archive: Archive, start: int, speed: float, repository: Path) -> None:
    view, tape = RunView(archive.text), Tape(speed)
    records = archive.records()
    for recorded in records:
        tape.at(recorded)
        view.take(recorded)
        if recorded.position >= start - 1:
            break
    progress = progress_for(sys.stderr, view, clock=tape.now)
    try:
        if start == 1:
            progress.take(recorded)
        for following in records:
            if not math.isinf(speed):
                time.sleep(tape.wait_s(following))
            tape.at(following, playing=True)
            view.take(following)
            progress.take(following)
    finally:
        progress.close()
    run = view.world.run
    if run.track is not None:
        standing = standing_of(run, held=False)
        print(*lines_of(summary_of(view, standing, repository)), sep="\n")
