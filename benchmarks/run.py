"""Measures everything and prints one table: ``python -P benchmarks/run.py [--full] [--json]``.

A busy machine makes all figures worse and few ratios; still, measure on a quiet one. Nothing here
decides a test.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks import append, code_tree, orchestrate, replay, start_up, views
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


QUICK = Scale(rounds=5, logged_tickets=2000, appends=200, tickets=100, files=2000, share=8)
FULL = Scale(rounds=7, logged_tickets=10_000, appends=1000, tickets=1000, files=2000, share=1)

Work = Callable[[Path, Scale], list[Row]]
WORKS: dict[str, Work] = {
    "replay": lambda place, scale: replay.rows(place, scale.rounds, scale.logged_tickets),
    "append": lambda place, scale: append.rows(place, scale.rounds, scale.appends),
    "orchestrate": lambda place, scale: orchestrate.rows(place, scale.rounds, scale.tickets),
    "views": lambda _, scale: views.rows(scale.rounds, scale.share),
    "code tree": lambda place, scale: code_tree.rows(place, scale.rounds, scale.files),
    "start-up": lambda place, scale: start_up.rows(place, scale.rounds),
}


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Measure trackside, and print a table.")
    parser.add_argument("works", nargs="*", metavar="WORK", help=f"of {', '.join(WORKS)}")
    parser.add_argument("--full", action="store_true", help="larger sizes and more rounds")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    asked = parser.parse_args(argv)
    unknown = set(asked.works) - set(WORKS)
    if unknown:
        parser.error(f"nothing is called {', '.join(sorted(unknown))}")
    scale = FULL if asked.full else QUICK
    found = measured(asked.works or list(WORKS), scale)
    print(msgspec.json.encode(found).decode() if asked.json else table(found))


def measured(works: Sequence[str], scale: Scale) -> list[Row]:
    """Return the rows of these works; files are made beside this program's, on a real disk."""
    found: list[Row] = []
    for name in works:
        print(f"measuring {name} ...", file=sys.stderr)
        with tempfile.TemporaryDirectory(prefix=".bench-", dir=Path.cwd()) as place:
            found += WORKS[name](Path(place), scale)
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
