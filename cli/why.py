"""`trackside why`: the chain of causes behind a ticket, or behind any record of a run."""

import argparse
from collections.abc import Iterator

from cli.answers import print_answer
from cli.escape import clipped, shown
from cli.exit_code import ExitCode
from cli.past import archive_in, say_torn
from cli.which_run import add_arguments
from cli.words import words_of
from events.ids import TicketId
from replay.records import Records
from replay.why import Link, Why, why_position, why_ticket

WORDS_CHARS = 300


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_arguments(parser)
    parser.add_argument(
        "what",
        metavar="TICKET|POS",
        help="a ticket, or a position of the log if no ticket is named so",
    )


def run(args: argparse.Namespace) -> int:
    """Print the chain."""
    archive = archive_in(args)
    position = int(args.what) if args.what.isascii() and args.what.isdigit() else None
    records = Records(archive, position)
    say_torn(archive)
    track = records.world.run.track
    is_ticket = track is not None and args.what in track.tickets
    if position is None or is_ticket:
        answer = why_ticket(records, TicketId(args.what), words_of)
    else:
        answer = why_position(records, position, words_of)
    if args.json:
        print_answer(answer)
    else:
        print(*lines_of(answer), sep="\n")
    return ExitCode.COMPLETED


def lines_of(why: Why) -> Iterator[str]:
    """Give a chain as escaped lines, the first cause last."""
    yield clipped(why.standing, WORDS_CHARS)
    for number, link in enumerate(why.links):
        yield from _link("because" if number else "as of", link)
    if why.earlier:
        yield "earlier attempts:"
        for link in why.earlier:
            yield from _link("", link)


def _link(word: str, link: Link) -> Iterator[str]:
    kind = f"{link.type} in {link.stream}"
    yield f"  {word:<8}{link.position:>6}  {shown(kind)}: {clipped(link.what, WORDS_CHARS)}"
    if link.evidence and link.evidence not in link.what:
        yield f"{'':18}{clipped(link.evidence, WORDS_CHARS)}"
