"""`trackside checkout`: the code of a run as it was at any moment, in a folder of its own."""

import argparse

from cli.answers import print_answer
from cli.escape import path_text, shown
from cli.exit_code import ExitCode
from cli.past import archive_in, say_torn
from cli.which_run import add_arguments, add_moment, folder_named, moment_in, repository_of
from events.ids import TicketId
from events.state_digest import state_digest
from replay.timeline import frame_at
from replay.trees import CheckedOut, tree_at


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_arguments(parser)
    add_moment(parser)
    parser.add_argument("--ticket", metavar="T", help="the worktree of the last attempt at it")
    parser.add_argument(
        "directory", metavar="DIR", type=folder_named, help="an empty folder, or a new one"
    )


def run(args: argparse.Namespace) -> int:
    """Write the files; the repository and the run stay as they are."""
    archive = archive_in(args)
    frame = frame_at(archive, moment_in(args))
    say_torn(archive)
    ticket = None if args.ticket is None else TicketId(args.ticket)
    tree = tree_at(frame.world, ticket)
    archive.repository(repository_of(args)).checkout_to(tree, args.directory)
    answer = CheckedOut(
        position=frame.world.position,
        digest=state_digest(frame.world),
        run=frame.world.run.facts.run,
        ticket=ticket,
        tree=tree,
        directory=path_text(args.directory.absolute()),
    )
    if args.json:
        print_answer(answer)
    else:
        whose = "the tip" if ticket is None else f"the worktree of {ticket}"
        print(
            f"{shown(answer.directory)} holds tree {tree}: "
            f"{shown(whose)} of run {shown(answer.run)} at position {answer.position}"
        )
    return ExitCode.COMPLETED
