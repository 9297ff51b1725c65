"""A long log: `show` at any position of it, and the state behind a snapshot.

The goals are times, so the limit of each row is the goal itself. The log and the cache folder are
those that the run left, and each first look finds them so. What hashing the log takes alone is in
the note, and what the first look takes where nothing was kept.
"""

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.instant_run import CODEC, BusyHands, UnsyncedDisk, conduct
from benchmarks.measure import Goal, Row, in_turns, row_of
from replay.archive import Archive
from replay.timeline import frame_at
from store.head import Head
from store.run_folder import LOG_NAME, RunFolder
from store.skim import stands_in, sum_up

EVENTS_A_TICKET = 4 * BusyHands.edits + 15
SHOWN_WITHIN_MS = 500.0
STATE_WITHIN_MS = 10.0


def rows(folder: Path, rounds: int, events: int) -> list[Row]:
    tickets = events // EVENTS_A_TICKET
    run = folder / ".trackside" / "runs" / "bench"
    run.mkdir(parents=True)
    last = conduct(run, "layered", tickets, UnsyncedDisk(), BusyHands).last_position
    log, left, cache = run / LOG_NAME, Path(os.environ["XDG_CACHE_HOME"]), folder / "used"
    left.mkdir(exist_ok=True)
    positions = random.Random(1)

    def shown() -> float:
        at = str(positions.randrange(last // 2, last + 1))
        began = time.perf_counter()
        words = ["show", "bench", "--repo", ".", "--at", at]
        subprocess.run(
            [sys.executable, "-P", "-m", "cli.main", *words],
            cwd=folder, env=os.environ | {"XDG_CACHE_HOME": str(cache)},
            capture_output=True, check=True,
        )  # fmt: skip
        return _ms_since(began)

    def first() -> float:
        shutil.rmtree(cache, ignore_errors=True)
        shutil.copytree(left, cache)
        return shown()

    def touched() -> float:
        log.touch()
        return shown()

    note = f"{last:,} events, {log.stat().st_size >> 20} MiB, {tickets:,} tickets"
    found = [
        _shown_row("show --at, the first time", first, rounds, note),
        _shown_row("show --at, the log was touched", touched, rounds, note),
    ]
    shown()
    again = _shown_row("show --at, again", shown, rounds, note)
    shutil.rmtree(cache)
    hashing = f"hashing alone {_hashing_ms(log):,.0f} ms, with nothing kept {shown():,.0f} ms"
    state = _state_row(run, rounds, last, folder, f"{note}; {hashing}")
    return [*found, again, state]


def _shown_row(work: str, ours: Callable[[], float], rounds: int, note: str) -> Row:
    return row_of(
        f"long log, {work}",
        "ms",
        in_turns(rounds, {"limit": lambda: SHOWN_WITHIN_MS, "ours": ours}),
        limit_is="the goal itself",
        goal=Goal("<=", 1.0),
        note=note,
    )


def _state_row(run: Path, rounds: int, last: int, folder: Path, note: str) -> Row:
    """Return what the state takes once the log is vouched for: a snapshot, and what follows."""
    archive = Archive(RunFolder(run), CODEC, folder / "album")
    frame_at(archive)
    assert archive.snapshots is not None
    kept = archive.snapshots.up_to(last, lambda mark: stands_in(archive.folder.log, mark))
    at = min(kept[-1].mark.position + 1000, last) if kept else last

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
