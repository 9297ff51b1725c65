"""Measures everything and prints one table: ``python -P benchmarks/run.py [--full] [--json]``.

What is about scale takes long, so it is measured only with ``--full``, or if it is named.

A busy machine makes all figures worse and few ratios; still, measure on a quiet one. Nothing here
decides a test.
"""

import argparse
import compileall
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import msgspec

from benchmarks import (
    append,
    code_tree,
    long_log,
    long_run,
    model_slots,
    orchestrate,
    replay,
    scale,
    start_up,
    views,
)
from benchmarks.measure import Row, Sample


class Scale(NamedTuple):
    """How much of everything is done."""

    rounds: int
    logged_tickets: int
    appends: int
    tickets: int
    files: int
    share: int
    """Every so-manieth file of the standard library is viewed."""
    many_tickets: int
    """Of one track."""
    many_files: int
    long_log: int
    """Events."""
    long_run: int
    """Tickets, one after another."""
    workers: int
    """At one time, where slots for model calls are watched."""
    answer_s: float
    """How long one answer of a model takes there."""


QUICK = Scale(
    rounds=5, logged_tickets=2000, appends=200, tickets=100, files=2000, share=8,
    many_tickets=400, many_files=4000, long_log=50_000, long_run=100, workers=16, answer_s=1.0,
)  # fmt: skip
FULL = Scale(
    rounds=7, logged_tickets=10_000, appends=1000, tickets=1000, files=2000, share=1,
    many_tickets=10_000, many_files=20_000, long_log=1_000_000, long_run=1000, workers=64,
    answer_s=4.0,
)  # fmt: skip

PACKAGES = ("actors", "cli", "events", "models", "replay", "store", "workspace")

Work = Callable[[Path, Scale], list[Row]]
WORKS: dict[str, Work] = {
    "replay": lambda place, size: replay.rows(place, size.rounds, size.logged_tickets),
    "append": lambda place, size: append.rows(place, size.rounds, size.appends),
    "orchestrate": lambda place, size: orchestrate.rows(place, size.rounds, size.tickets),
    "views": lambda _, size: views.rows(size.rounds, size.share),
    "code tree": lambda place, size: code_tree.rows(place, size.rounds, size.files),
    "start-up": lambda place, size: start_up.rows(place, size.rounds),
}
LONG_WORKS: dict[str, Work] = {
    "many tickets": lambda place, size: scale.rows(place, size.many_tickets),
    "many files": lambda place, size: scale.file_rows(place, size.rounds, size.many_files),
    "many workers": lambda place, size: model_slots.rows(place, size.workers, size.answer_s),
    "long log": lambda place, size: long_log.rows(place, size.rounds, size.long_log),
    "long run": lambda place, size: long_run.rows(place, size.long_run),
}
ALL_WORKS = WORKS | LONG_WORKS


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Measure trackside, and print a table.")
    parser.add_argument("works", nargs="*", metavar="WORK", help=f"of {', '.join(ALL_WORKS)}")
    parser.add_argument("--full", action="store_true", help="larger sizes and more rounds")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    asked = parser.parse_args(argv)
    unknown = set(asked.works) - set(ALL_WORKS)
    if unknown:
        parser.error(f"nothing is called {', '.join(sorted(unknown))}")
    for package in PACKAGES:  # as it is installed; a start that has to do it first takes longer
        compileall.compile_dir(Path(__file__).parents[1] / package, quiet=1)
    size, usual = (FULL, ALL_WORKS) if asked.full else (QUICK, WORKS)
    found = measured(asked.works or list(usual), size)
    print(msgspec.json.encode(found).decode() if asked.json else table(found))


def measured(works: Sequence[str], size: Scale) -> list[Row]:
    """Return the rows of these works; files are made beside this program's, on a real disk."""
    found: list[Row] = []
    for name in works:
        print(f"measuring {name} ...", file=sys.stderr)
        with (
            tempfile.TemporaryDirectory(prefix=".bench-", dir=Path.cwd()) as place,
            patch.dict(os.environ, XDG_CACHE_HOME=str(Path(place) / "cache")),
        ):
            found += ALL_WORKS[name](Path(place), size)
    return found


def table(rows: Sequence[Row]) -> str:
    """Return the rows as Markdown: ratios first, then what they are made of."""
    cells = [
        ("work", "ratio (lowest to highest)", "goal", "met", "limit", "ours", "unit", "beside"),
        *(_cells(row) for row in rows),
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join([*lines, "", *_peers(rows)])


def _cells(row: Row) -> tuple[str, ...]:
    ratio = row.ratio
    met = {True: "yes", False: "no", None: "-"}[row.met]
    return (
        row.work,
        f"{ratio.median:.2f} ({ratio.low:.2f} to {ratio.high:.2f})",
        str(row.goal or "-"),
        met,
        _figure(row.limit),
        _figure(row.ours),
        row.unit,
        f"{row.limit_is}; {row.note}" if row.note else row.limit_is,
    )


def _peers(rows: Sequence[Row]) -> list[str]:
    lines = []
    for row in rows:
        for name, peer in row.peers.items():
            share = row.ours.median / peer.median
            lines.append(
                f"{row.work}: {name} {_figure(peer)} {row.unit}; ours is {share:.2f} times that"
            )
        lines += [f"{row.work}: {name} is not installed, so it is left out" for name in row.skipped]
    return lines


def _figure(sample: Sample) -> str:
    digits = 0 if sample.median >= 100 else 1
    return f"{sample.median:,.{digits}f}"


if __name__ == "__main__":
    main()
