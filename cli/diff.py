"""`trackside diff`: how runs went differently, ticket by ticket, and where two of them parted."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from cli.answers import print_answer
from cli.errors import OptionInvalidError
from cli.escape import clipped, columns, shown
from cli.exit_code import ExitCode
from cli.past import archive_of, say_torn
from cli.spending import usd_words
from cli.which_run import add_repository, repository_of
from cli.words import model_words, words_of
from events.counted import counted
from replay.archive import Archive
from replay.diff import Comparison, Parting, TicketCompared, compare
from replay.moment import moment_of
from replay.side import Side, TicketFacts
from store.run_folder import RunFolder

SAME, FURTHER, DIFFERS = "=", ">", "!"
LEGEND = (
    f"{SAME} the same; {FURTHER} the same as far as all sides went, and one went further; "
    f"{DIFFERS} not the same"
)
WORDS_CHARS = 300
MOST_ROWS = 400


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument(
        "sides",
        metavar="RUN[@POS|@TIME]",
        nargs="+",
        help="two runs, or two moments of one; a fork alone is compared with its parent; "
        "more than two give a table",
    )
    add_repository(parser)
    parser.add_argument("--files", action="store_true", help="the files as a unified diff")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Print what sets the runs apart."""
    repository = repository_of(args)
    with ExitStack() as stack:
        read: dict[Path, Archive] = {}
        sides = [_side(name, repository, stack, read) for name in args.sides]
        if len(sides) == 1:
            sides.insert(0, _side(_parent_of(sides[0]), repository, stack, read))
        for archive in read.values():
            say_torn(archive)
        answer = compare(sides, words_of, patch=args.files)
    if args.json:
        print_answer(answer)
    else:
        print(*lines_of(answer), sep="\n")
    return ExitCode.COMPLETED


def _side(name: str, repository: Path, stack: ExitStack, read: dict[Path, Archive]) -> Side:
    run, _, moment = name.partition("@")
    archive = archive_of(RunFolder.find(repository, run or (None if name else run)))
    at = moment_of(moment) if moment else None
    objects = stack.enter_context(archive.repository(repository).objects())
    side = Side(archive, at, objects)
    read[archive.folder.path] = archive
    return side


def _parent_of(side: Side) -> str:
    """Return the name of the run that a fork was made of.

    Raises:
        OptionInvalidError: it is no fork.
    """
    name, lineage = side.run.facts.run, side.run.lineage
    if not lineage:
        reason = f"{name} alone is no fork of anything; name two runs, or two moments: {name}@5"
        raise OptionInvalidError("RUN", reason)
    return lineage[-1].run


def lines_of(answer: Comparison) -> Iterator[str]:
    """Give a comparison as escaped lines."""
    names = _names(answer)
    for name, side in zip(names, answer.sides, strict=True):
        standing = "waiting" if side.waits else side.ending or side.standing
        yield f"{name}: {standing}, tip {side.commit}, state digest {side.digest}"
    yield ""
    yield from _parting(names, answer)
    yield ""
    header = (
        "ticket",
        "",
        "run",
        "state",
        "attempts",
        "models",
        "turns",
        "tokens",
        "cost",
        "files",
    )
    rows = list(_rows(names, answer))
    yield from columns([header, *rows[:MOST_ROWS]])
    yield LEGEND
    if len(rows) > MOST_ROWS:
        yield f"... and {counted(len(rows) - MOST_ROWS, 'more row')}; --json has all of them"
    if answer.patch is not None:
        yield ""
        yield shown(answer.patch, lines=True).removesuffix("\n") or "no file differs"
    elif answer.files:
        yield ""
        yield "files at the tip (--files shows what is in them):"
        for file in answer.files:
            yield f"  {file.change:<8}{shown(file.path)}"


def _names(answer: Comparison) -> list[str]:
    return [shown(f"{side.run}@{side.position}") for side in answer.sides]


def _parting(names: Sequence[str], answer: Comparison) -> Iterator[str]:
    if answer.first is not None:
        yield f"they part at {_place(answer.first)}:"
        yield from _steps(names, answer.first)
    elif answer.further is not None:
        yield f"no step differs; one goes further, from {_place(answer.further)}:"
        yield from _steps(names, answer.further)
    elif answer.code == "same":
        yield "no step differs"
    else:
        yield "they differ: see the tickets and files"


def _place(parting: Parting) -> str:
    return f"ticket {shown(parting.ticket)}, attempt {parting.attempt}, step {parting.step}"


def _steps(names: Sequence[str], parting: Parting) -> Iterator[str]:
    for name, step in zip(names, parting.sides, strict=True):
        if step is None:
            yield f"  {name}: no such step"
        else:
            words = clipped(step.words, WORDS_CHARS)
            yield f"  {name}: position {step.position}, {step.type}: {words}"


def _rows(names: Sequence[str], answer: Comparison) -> Iterator[tuple[str, ...]]:
    for ticket in answer.tickets:
        mark = _mark(ticket)
        for name, facts in zip(names, ticket.sides, strict=True):
            yield shown(ticket.ticket), mark, name, *_cells(facts)


def _mark(ticket: TicketCompared) -> str:
    if not ticket.same:
        return DIFFERS
    reached = {(side.state, side.attempts, side.turns) for side in ticket.sides if side is not None}
    return SAME if len(reached) == 1 else FURTHER


def _cells(facts: TicketFacts | None) -> tuple[str, ...]:
    if facts is None:
        return ("no such ticket",)
    return (
        facts.state.replace("_", " "),
        str(facts.attempts),
        clipped(", ".join(dict.fromkeys(map(model_words, facts.models))), WORDS_CHARS) or "-",
        str(facts.turns),
        f"{facts.tokens.total:,}",
        usd_words(facts.usd),
        clipped(" ".join(facts.files), WORDS_CHARS) or "-",
    )
