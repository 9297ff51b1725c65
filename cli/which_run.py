"""Which run, and which moment of it, a command is about: its arguments, and where they lead.

It needs little of the program, so that a command may begin to read before the rest is imported.
"""

import argparse
import os
from pathlib import Path

from cli.errors import NoRepositoryError
from cli.escape import path_text
from replay.moment import Moment, moment_of
from store.run_folder import HOME, RUNS, RunFolder


def add_arguments(parser: argparse.ArgumentParser, default: str = "the latest") -> None:
    """Add what every command about one run has: which one, where, and in which form.

    `default` are the words for what is meant where none is named.
    """
    parser.add_argument(
        "run",
        metavar="RUN",
        nargs="?",
        help=f"the run, or how its name begins (default: {default})",
    )
    add_repository(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def add_repository(parser: argparse.ArgumentParser) -> None:
    """Add the option that says where the runs are."""
    add_folder(parser, None, "the repository (default: the one around here)")


def add_folder(parser: argparse.ArgumentParser, default: Path | None, meaning: str) -> None:
    """Add the option that names a repository; its meaning is for the help."""
    parser.add_argument("--repo", metavar="DIR", type=folder_named, default=default, help=meaning)


def folder_named(text: str) -> Path:
    """Return the folder that an option names; none is named by nothing, as an unset variable is.

    Raises:
        ArgumentTypeError: `text` is empty.
    """
    if not text:
        raise argparse.ArgumentTypeError("the name of the folder is empty")
    return Path(text)


def repository_of(args: argparse.Namespace) -> Path:
    """Return the repository that is meant: the nearest folder upward that has runs, or is one.

    Git is not asked: history can be read where the repository itself is broken. Links are followed
    first, as git does: above ``../shop`` is what holds that folder, not what its name goes through.

    Raises:
        NoRepositoryError: there is neither, or no such folder.
    """
    try:
        start = Path(os.path.realpath(args.repo or ""))
    except FileNotFoundError as error:
        raise NoRepositoryError("the current folder", "it has been deleted") from error
    if not start.is_dir():
        raise NoRepositoryError(path_text(args.repo or start), "no such folder")
    for folder in (start, *start.parents):
        if (folder / HOME / RUNS).is_dir() or (folder / ".git").exists():
            return folder
    bare = (start / "HEAD").is_file() and (start / "objects").is_dir()
    found = "a bare repository has no runs" if bare else "no git repository and no runs here"
    raise NoRepositoryError(path_text(start), found)


def folder_of(args: argparse.Namespace) -> RunFolder:
    """Return the folder of the run that is meant; raises as `RunFolder.find`, `repository_of`."""
    return RunFolder.find(repository_of(args), args.run)


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
