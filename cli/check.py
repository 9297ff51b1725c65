"""`trackside check TRACK`: whether a track could be run, without running anything."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from cli.answers import print_answer
from cli.errors import InputUnreadableError
from cli.escape import shown
from cli.exit_code import ExitCode
from cli.inputs import read_input
from cli.settings import Loaded, load_settings
from cli.which_run import add_folder
from events.counted import counted
from events.errors import ProblemsError, TracksideError
from events.track import Track, TrackSpec
from events.track_file import check_archetypes, parse_track

T = TypeVar("T")

MOST_NAMED = 10
"""Ready tickets that the summary names; all of them are in the JSON."""


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What `check` answers."""

    code: Literal["valid", "invalid"]
    source: str
    """The track file, as it was named."""
    problems: tuple[str, ...] = ()
    """Each with its place; none if it is valid."""
    track: str | msgspec.UnsetType = msgspec.UNSET
    """Of a valid track its id; this and what follows is left out of an invalid one's answer."""
    title: str | msgspec.UnsetType = msgspec.UNSET
    tickets: int | msgspec.UnsetType = msgspec.UNSET
    """How many there are."""
    ready: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    """Tickets that could begin at once."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("track", metavar="TRACK", help="the track file, JSON or TOML")
    meaning = "the repository whose configuration names the archetypes (default: this folder)"
    add_folder(parser, Path(), meaning)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Print one line about a valid track, else one line for each problem; return the exit code."""
    problems: list[str] = []
    spec = _kept(lambda: parse_track(read_input(args.track), args.track), problems)
    loaded = _kept(lambda: _configuration(args.repo), problems)
    if spec is not None and loaded is not None:
        unknown = check_archetypes(spec, loaded.settings.archetypes)
        problems += (f"{args.track}: {problem}" for problem in unknown)
    if args.json:
        print_answer(_answer(args.track, spec, problems))
    elif problems or spec is None:
        print(*map(shown, problems), sep="\n", file=sys.stderr)
    else:
        print(shown(f"{args.track}: {_summary(spec)}"))
    return ExitCode.BAD_INPUT if problems else ExitCode.COMPLETED


def _configuration(repository: Path) -> Loaded:
    if not repository.is_dir():
        raise InputUnreadableError(str(repository), "there is no such folder")
    return load_settings(repository, os.environ, {})


def _kept(work: Callable[[], T], problems: list[str]) -> T | None:
    """Return what `work` returns; or None, and what is wrong is added to `problems`."""
    try:
        return work()
    except ProblemsError as error:
        problems += (f"{error.source}: {problem}" for problem in error.problems)
    except TracksideError as error:
        problems.append(str(error))
    return None


def _ready(spec: TrackSpec) -> list[str]:
    return [str(ticket.id) for ticket in Track.of(spec).get_executable_tickets()]


def _summary(spec: TrackSpec) -> str:
    ready = _ready(spec)
    tickets = counted(len(spec.tickets), "ticket")
    more = f" and {len(ready) - MOST_NAMED} more" if len(ready) > MOST_NAMED else ""
    names = f": {', '.join(ready[:MOST_NAMED])}{more}" if ready else ""
    return f"{tickets}, {len(ready)} ready{names}"


def _answer(source: str, spec: TrackSpec | None, problems: list[str]) -> Checked:
    if problems or spec is None:
        return Checked(code="invalid", source=source, problems=tuple(problems))
    return Checked(
        code="valid",
        source=source,
        track=spec.id,
        title=spec.title,
        tickets=len(spec.tickets),
        ready=tuple(_ready(spec)),
    )
