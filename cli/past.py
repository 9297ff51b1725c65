"""What all commands about the past of a run have in common: the run, the moment, the torn end."""

import argparse
import sys

from cli.escape import shown
from cli.history import CODEC, folder_of, torn_note
from cli.holder import holder_of
from cli.places import cache_folder, worktrees_of
from replay.archive import Archive
from replay.moment import Moment, moment_of
from store.run_folder import RunFolder


def add_moment(parser: argparse.ArgumentParser) -> None:
    """Add the option that names a moment."""
    parser.add_argument(
        "--at",
        metavar="POS|TIME",
        help="a position of the log, or a time such as 2026-11-22T01:35:27Z (default: the end)",
    )


def moment_in(args: argparse.Namespace) -> Moment | None:
    """Return the moment that is meant; None: the end.

    Raises:
        MomentInvalidError: it is written in no form that is known.
    """
    return None if args.at is None else moment_of(args.at)


def archive_in(args: argparse.Namespace) -> Archive:
    """Return the run that is meant, for reading; raises as `folder_of`."""
    return archive_of(folder_of(args))


def archive_of(folder: RunFolder) -> Archive:
    """Return a run, for reading; states of a long log are kept in the user's cache folder."""
    return Archive(folder, CODEC, cache_folder() / "snapshots" / worktrees_of(folder.path).name)


def say_torn(archive: Archive) -> None:
    """Say on standard error what a crash left at the end of a log that was just read.

    A live writer's unfinished line is nobody's loss, so nothing is said of a log that is held.
    """
    if not archive.tail.clean and holder_of(archive.folder.lock) is None:
        print(f"trackside: {shown(torn_note(archive.folder.log, archive.tail))}", file=sys.stderr)
