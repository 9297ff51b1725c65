"""What all commands about the past of a run have in common: the archive, and its torn end."""

import argparse
import sys

from cli.escape import shown
from cli.history import CODEC, torn_note
from cli.holder import holder_of
from cli.places import album_of
from cli.which_run import folder_of
from replay.archive import Archive
from store.run_folder import RunFolder


def archive_in(args: argparse.Namespace) -> Archive:
    """Return the run that is meant, for reading; raises as `folder_of`."""
    return archive_of(folder_of(args))


def archive_of(folder: RunFolder) -> Archive:
    """Return a run, for reading; states of a long log are kept in the user's cache folder."""
    return Archive(folder, CODEC, album_of(folder.path))


def say_torn(archive: Archive) -> None:
    """Say on standard error what a crash left at the end of a log that was just read.

    A live writer's unfinished line is nobody's loss, so nothing is said of a log that is held.
    """
    if not archive.tail.clean and holder_of(archive.folder.lock) is None:
        print(f"trackside: {shown(torn_note(archive.folder.log, archive.tail))}", file=sys.stderr)
