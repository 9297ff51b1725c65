"""`trackside status`: how a run stands, ticket by ticket, and what to type next."""

import argparse

import msgspec

from cli.answers import Status, TicketRow, print_answer
from cli.blocks import chain_words
from cli.escape import clipped, columns, shown
from cli.exit_code import ExitCode
from cli.history import load_planned
from cli.spending import usd_words
from cli.summary import summary_of
from cli.summary_text import lines_of
from cli.ticket_rows import rows_of
from cli.which_run import add_arguments, repository_of
from cli.words import model_words, state_words
from events.counted import counted

MOST_ROWS = 200
"""Tickets that the text lists; the JSON has all of them."""
TITLE_CHARS = 60
NOTE_CHARS = 300

configure = add_arguments


def run(args: argparse.Namespace) -> int:
    """Print how the run stands; the exit code says that it could be read, not how it stands."""
    history = load_planned(args)
    summary = summary_of(
        history.view, history.standing, repository_of(args), held=history.held_by is not None
    )
    rows = rows_of(history.view)
    if args.json:
        facts = msgspec.structs.asdict(summary)
        print_answer(Status(**facts, held_by=history.held_by, note=history.note, rows=rows))
        return ExitCode.COMPLETED
    print(f"track {shown(summary.track)}: {clipped(summary.title, TITLE_CHARS)}")
    cancelled = summary.code == "cancelled"
    print(*table_of(rows[:MOST_ROWS], cancelled=cancelled), sep="\n")
    if len(rows) > MOST_ROWS:
        print(f"... and {counted(len(rows) - MOST_ROWS, 'more ticket')}; --json has all of them")
    print()
    print(*lines_of(summary), sep="\n")
    return ExitCode.COMPLETED


def table_of(rows: tuple[TicketRow, ...], *, cancelled: bool) -> list[str]:
    """Return the rows as aligned, escaped lines below their header."""
    header = ["ticket", "state", "attempt", "model", "turn", "tokens", "cost", ""]
    return columns([header, *(_cells(row, cancelled=cancelled) for row in rows)])


def _cells(row: TicketRow, *, cancelled: bool) -> list[str]:
    return [
        shown(row.ticket),
        state_words(row.state, cancelled=cancelled),
        f"{row.attempt} of {row.max_attempts}" if row.attempt else "-",
        shown(model_words(row.model)) or "-",
        str(row.turn) if row.attempt else "-",
        f"{row.use.tokens:,}" if row.use.calls else "-",
        usd_words(row.use.usd) if row.use.calls else "-",
        clipped(row.doing or chain_words(row.because), NOTE_CHARS)
        or clipped(row.title, TITLE_CHARS),
    ]
