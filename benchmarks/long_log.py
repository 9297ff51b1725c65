"""A long log: `show` at any position of it, and the state behind a snapshot.

The goals are times, so the limit of each row is the goal itself. What hashing the log takes alone
is in the note: the first look vouches for all of it, and so does each look at one that was touched.
"""

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.instant_run import CODEC, BusyHands, UnsyncedDisk, conduct
from benchmarks.measure import Goal, Row, in_turns, row_of
from replay.archive import Archive
from replay.timeline import frame_at
from store.head import Head
from store.run_folder import LOG_NAME, RunFolder
from store.skim import sum_up

EVENTS_A_TICKET = 4 * BusyHands.edits + 15
SHOWN_WITHIN_MS = 500.0
STATE_WITHIN_MS = 10.0


def rows(folder: Path, rounds: int, events: int) -> list[Row]:
    tickets = events // EVENTS_A_TICKET
    run = folder / ".trackside" / "runs" / "bench"
    run.mkdir(parents=True)
    last = conduct(run, "layered", tickets, UnsyncedDisk(), BusyHands).last_position
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
    positions = random.Random(1)

    def shown() -> float:
        at = str(positions.randrange(last // 2, last + 1))
        began = time.perf_counter()
        words = ["show", "bench", "--repo", ".", "--at", at]
        subprocess.run(
            [sys.executable, "-P", "-m", "cli.main", *words],
            cwd=folder, env=environment, capture_output=True, check=True,
        )  # fmt: skip
        return _ms_since(began)

    first = shown()
    size = (run / LOG_NAME).stat().st_size
    note = f"{last:,} events, {size >> 20} MiB, {tickets:,} tickets"
    hashing = f"hashing alone {_hashing_ms(run / LOG_NAME):,.0f} ms, the first time {first:,.0f} ms"
    return [
        row_of(
            "long log, show --at",
            "ms",
            in_turns(rounds, {"limit": lambda: SHOWN_WITHIN_MS, "ours": shown}),
            limit_is="the goal itself",
            goal=Goal("<=", 1.0),
            note=f"{note}; {hashing}",
        ),
        _state_row(run, rounds, last, folder, note),
    ]


def _state_row(run: Path, rounds: int, last: int, folder: Path, note: str) -> Row:
    """Return what the state takes once the log is vouched for: a snapshot, and what follows."""
    archive = Archive(RunFolder(run), CODEC, folder / "album")
    frame_at(archive)
    assert archive.snapshots is not None
    there = archive.snapshots.up_to(last)
    at = min(there[-1].mark.position + 1000, last) if there else last

    def state() -> float:
        began = time.perf_counter()
        frame_at(archive, at)
        return _ms_since(began)

    figures = in_turns(rounds, {"limit": lambda: STATE_WITHIN_MS, "ours": state})
    shutil.rmtree(folder / "album", ignore_errors=True)
    return row_of(
        "long log, a snapshot and 1,000 events",
        "ms",
        figures,
        limit_is="the goal itself",
        goal=Goal("<=", 1.0),
        note=note,
    )


def _hashing_ms(log: Path) -> float:
    began = time.perf_counter()
    fd = os.open(log, os.O_RDONLY | os.O_CLOEXEC)
    try:
        sum_up(fd, Head().hasher.update, 0, os.fstat(fd).st_size)
    finally:
        os.close(fd)
    return _ms_since(began)


def _ms_since(began: float) -> float:
    return (time.perf_counter() - began) * 1e3
