"""``trackside recover``: what can be saved of a damaged log, and saving it when told to."""

import argparse
from contextlib import suppress

import msgspec

from cli.answers import print_answer
from cli.errors import NothingToRecoverError
from cli.escape import path_text, shown
from cli.exit_code import ExitCode
from cli.history import CODEC
from cli.which_run import add_arguments, folder_of
from events.counted import counted
from store.errors import DamageError, LogAbsentError, LogTooNewError
from store.reader import LogReader
from store.recovery import cut
from store.run_folder import RunFolder


class Savable(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of a log; the answer of `recover`."""

    code: str
    """``whole``, ``torn`` (`resume` mends it), ``damaged``, ``too_new`` or ``truncated``."""
    run: str
    position: int
    """The last position up to which every decision is whole and verified."""
    bytes: int
    """How many bytes reach up to there."""
    after: int
    """How many bytes stand behind, or were set aside."""
    reason: str = ""
    """What is wrong behind `position`."""
    backup: str | None = None
    """Where the bytes that were cut off are now."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_arguments(parser)
    parser.add_argument(
        "--truncate-at",
        metavar="N",
        type=int,
        help="cut the log behind position N; what stood there is kept beside it",
    )


def run(args: argparse.Namespace) -> int:
    """Say what can be saved, or save it; exit code 4 if the log is damaged and still is."""
    folder = folder_of(args)
    at = args.truncate_at
    found = savable(folder) if at is None else _truncated(folder, at)
    if args.json:
        print_answer(found)
    else:
        print("\n".join(shown(line) for line in lines_of(found)))
    return ExitCode.LOG_DAMAGED if found.code in {"damaged", "too_new"} else ExitCode.COMPLETED


def savable(folder: RunFolder) -> Savable:
    """Return what is whole in the log of a run; nothing is changed.

    Raises:
        LogUnusableError: there is no log.
    """
    code, reason, position, offset = "whole", "", 0, 0
    size = folder.log.stat().st_size if folder.log.is_file() else 0
    try:
        # The seal is looked at last: it tells what is missing, not what is there.
        with suppress(LogAbsentError), LogReader(folder.log, CODEC, sealed=False) as reader:
            try:
                while reader.poll():
                    pass
                if not reader.tail.clean:
                    code, reason = "torn", reader.tail.reason
            finally:
                position, offset = reader.head.position, reader.head.offset
        with LogReader(folder.log, CODEC) as sealed:
            while sealed.poll():
                pass
    except LogTooNewError as error:
        code, reason = "too_new", str(error)
    except DamageError as error:
        code, reason = "damaged", str(error)
    return Savable(
        code=code,
        run=folder.run,
        position=position,
        bytes=offset,
        after=size - offset,
        reason=reason,
    )


def _truncated(folder: RunFolder, position: int) -> Savable:
    """Cut the log of a run; raises as `store.recovery.cut`.

    Raises:
        NothingToRecoverError: the log is whole, or resume mends what is wrong with it.
    """
    found = savable(folder)
    if found.code in {"whole", "torn"}:
        raise NothingToRecoverError(lines_of(found))
    backup = cut(folder.log, CODEC, after=position)
    return Savable(
        code="truncated",
        run=folder.run,
        position=position,
        bytes=folder.log.stat().st_size,
        after=backup.stat().st_size,
        backup=str(backup),
    )


def lines_of(found: Savable) -> list[str]:
    """Return the answer for a person, with the next step."""
    behind = counted(found.after, "byte")
    whole = f"run {found.run}: everything up to position {found.position} is whole"
    match found.code:
        case "whole":
            return [f"{whole}; there is nothing to recover"]
        case "torn":
            return [
                f"{whole}; behind it: {behind}, {found.reason}",
                f"`trackside resume {found.run}` sets that aside and goes on",
            ]
        case "truncated":
            return [
                f"{whole}; what was behind it, {behind}, was cut off",
                f"it is kept in {path_text(found.backup or '')}",
                f"`trackside resume {found.run}` goes on from there",
            ]
        case "too_new":
            return [f"{whole}; {found.reason}"]
        case _ if found.position == 0:
            return [f"run {found.run}: no decision of its log is left", found.reason]
        case _:
            return [
                f"{whole} ({counted(found.bytes, 'byte')}); behind it: {behind}",
                found.reason,
                f"`trackside recover {found.run} --truncate-at {found.position}` cuts that off and",
                "keeps a copy of it; what it recorded is not in the run any more",
            ]
