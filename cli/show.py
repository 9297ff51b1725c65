"""`trackside show`: the whole state of a run at any moment of its history.

A long log may have to be summed up, so that is begun before most of the program is imported.
"""

import argparse
from datetime import datetime

from cli.exit_code import ExitCode
from cli.places import album_of
from cli.which_run import add_arguments, add_moment, folder_of, moment_in
from replay.beginning import Beginning, beginning
from replay.moment import Moment
from store.run_folder import RunFolder


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_arguments(parser)
    add_moment(parser)
    parser.add_argument("--ticket", metavar="T", help="only what is about this ticket")


def run(args: argparse.Namespace) -> int:
    """Print the state."""
    folder, at = folder_of(args), moment_in(args)
    if isinstance(at, datetime):  # which position that is, the whole log has to tell
        return _show(args, folder, at)
    with beginning(folder.log, album_of(folder.path), at) as begun:
        return _show(args, folder, at, begun)


def _show(
    args: argparse.Namespace, folder: RunFolder, at: Moment | None, begun: Beginning | None = None
) -> int:
    from cli.answers import print_answer
    from cli.past import archive_of, say_torn
    from cli.show_text import lines_of
    from events.ids import TicketId
    from replay.show import Shown, shown_at
    from replay.timeline import Frame, seen_at, seen_from

    archive = archive_of(folder)
    ticket = None if args.ticket is None else TicketId(args.ticket)

    def see(frame: Frame) -> Shown:
        return shown_at(frame, archive.text, ticket)

    if isinstance(at, datetime):
        answer = seen_at(archive, at, see)
    else:
        answer = seen_from(begun, archive, at, see)
    say_torn(archive)
    if args.json:
        print_answer(answer)
    else:
        print(*lines_of(answer), sep="\n")
    return ExitCode.COMPLETED
