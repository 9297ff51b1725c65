"""`trackside report`: a run as one HTML file, to be read by people without us and without a net."""

import argparse
import os
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

import msgspec

from cli.answers import print_answer
from cli.escape import path_text, shown
from cli.exit_code import ExitCode
from cli.output_file import write_output
from cli.past import archive_in, say_torn
from cli.progress import NOTABLE, sentence_of
from cli.redaction import Redactor
from cli.which_run import add_arguments, repository_of
from events.conversation import Usage
from events.ids import Digest, RunId
from models.prices import cost
from replay.reports.html import html_of
from replay.reports.page import Means, report_of


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What `report` answers."""

    code: str = "report"
    position: int
    """The last one of the log."""
    digest: Digest
    """Of the state there."""
    run: RunId
    file: str
    """Where the page is; empty if it went to standard output."""
    bytes: int
    note: str
    """What the page could not show; empty if nothing."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_arguments(parser)
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="where to write it (default: trackside-RUN.html; - is standard output)",
    )


def run(args: argparse.Namespace) -> int:
    """Write the page."""
    archive = archive_in(args)
    report = report_of(archive, repository_of(args), means())
    say_torn(archive)
    data = html_of(report).encode()
    facts = report.page.run
    file = f"trackside-{archive.folder.run}.html" if args.output is None else args.output
    if file == "-":
        sys.stdout.buffer.write(data)
        return ExitCode.COMPLETED
    write_output(file, data)
    answer = Written(
        position=facts.position,
        digest=Digest(facts.digest),
        run=RunId(facts.id),
        file=path_text(Path(file).absolute()),
        bytes=len(data),
        note=facts.note,
    )
    if args.json:
        print_answer(answer)
    else:
        print(f"{shown(answer.file)} shows run {shown(answer.run)} ({len(data) / 1e6:.1f} MB)")
        if answer.note:
            print(f"trackside: {shown(answer.note)}", file=sys.stderr)
    return ExitCode.COMPLETED


def means() -> Means:
    """Return the words and prices of this program."""

    def price(model: str, usage: Usage, on: date) -> float | None:
        return cost(model, usage, on)

    return Means(
        describe=sentence_of,
        price=price,
        notable=lambda event: type(event) in NOTABLE,
        program=version("trackside"),
        redact=Redactor(os.environ),
    )
