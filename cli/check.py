"""`trackside check TRACK`: whether a track could be run, without running anything."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from cli.errors import InputUnreadableError
from cli.escape import shown
from cli.exit_code import ExitCode
from cli.inputs import read_input
from cli.settings import Loaded, load_settings
from events.errors import ProblemsError, TracksideError
from events.track import Track, TrackSpec
from events.track_file import check_archetypes, parse_track

T = TypeVar("T")

MOST_NAMED = 10
"""Ready tickets that the summary names; all of them are in the JSON."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("track", metavar="TRACK", help="the track file, JSON or TOML")
    parser.add_argument(
        "--repo",
        metavar="DIR",
        type=Path,
        default=Path(),
        help="the repository whose configuration names the archetypes (default: this folder)",
    )
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
        print(json.dumps(_answer(args.track, spec, problems), indent=2))
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
    tickets = "1 ticket" if len(spec.tickets) == 1 else f"{len(spec.tickets)} tickets"
    more = f" and {len(ready) - MOST_NAMED} more" if len(ready) > MOST_NAMED else ""
    names = f": {', '.join(ready[:MOST_NAMED])}{more}" if ready else ""
    return f"{tickets}, {len(ready)} ready{names}"


def _answer(source: str, spec: TrackSpec | None, problems: list[str]) -> dict[str, Any]:
    answer: dict[str, Any] = {"code": "invalid", "source": source, "problems": problems}
    if problems or spec is None:
        return answer
    return answer | {
        "code": "valid",
        "track": spec.id,
        "title": spec.title,
        "tickets": len(spec.tickets),
        "ready": _ready(spec),
    }
