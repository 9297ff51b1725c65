"""Append: one durable decision after another, and many at once, against bare writes and syncs."""

import os
import sqlite3
import statistics
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

from benchmarks.instant_run import CODEC
from benchmarks.measure import Goal, Row, Task, in_turns, row_of
from benchmarks.peers import eventsourcing_fill
from events.attempt_words import BeginCall, CallBegun
from events.ids import Digest, StreamId
from store.jsonl import JsonlLog

IN_FLIGHT = 64
EVENT = CallBegun(1, 1, Digest("5" * 64), 400)
CAUSE = BeginCall(Digest("5" * 64), 400, 0.25)
_EVENTSOURCING = "eventsourcing, SQLite"
LINE_BYTES = 440
"""About what the store writes for this event."""


def rows(folder: Path, rounds: int, appends: int) -> list[Row]:
    numbers = count()

    def new() -> Path:
        place = folder / f"append-{next(numbers)}"
        place.mkdir()
        return place

    tasks: dict[str, Task] = {
        "limit": lambda: statistics.median(_bare(new(), appends)),
        "ours": lambda: statistics.median(_alone(new(), appends)),
        "sqlite3, WAL, synchronous = FULL": lambda: statistics.median(_sqlite(new(), appends)),
    }
    if eventsourcing_fill is not None:
        fill = eventsourcing_fill
        tasks[_EVENTSOURCING] = lambda: statistics.median(fill(new(), appends)[0])
    alone = in_turns(rounds, tasks)
    among = in_turns(
        rounds,
        {
            "limit": lambda: 1e6 / statistics.median(_bare(new(), appends)),
            "ours": lambda: _together(new(), appends),
        },
    )
    microseconds = "us, median of one"
    return [
        row_of(
            "append, one at a time",
            microseconds,
            alone,
            limit_is="write + fdatasync",
            goal=Goal("<=", 1.25),
            skipped=() if eventsourcing_fill is not None else (_EVENTSOURCING,),
        ),
        row_of(
            f"append, {IN_FLIGHT} in flight",
            "appends/s",
            among,
            limit_is="write + fdatasync, one at a time",
            goal=Goal(">=", 10),
            note=f"{IN_FLIGHT} threads, a stream each",
        ),
    ]


def _timed(appends: int, append: Callable[[int], object]) -> list[float]:
    """Return how many microseconds each of the appends took."""
    took = []
    for number in range(appends):
        began = time.perf_counter()
        append(number)
        took.append((time.perf_counter() - began) * 1e6)
    return took


def _bare(folder: Path, appends: int) -> list[float]:
    line = b"x" * (LINE_BYTES - 1) + b"\n"
    fd = os.open(folder / "bare", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)

    def append(_number: int) -> None:
        os.write(fd, line)
        os.fdatasync(fd)

    try:
        return _timed(appends, append)
    finally:
        os.close(fd)


def _alone(folder: Path, appends: int) -> list[float]:
    with JsonlLog.open(folder / "log.jsonl", CODEC, program="bench") as log:
        stream = StreamId("attempt/T1.1")
        return _timed(appends, lambda n: log.append(stream, [EVENT], expected=n, cause=CAUSE))


def _sqlite(folder: Path, appends: int) -> list[float]:
    line = "x" * LINE_BYTES
    connection = sqlite3.connect(folder / "events.sqlite", isolation_level=None)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    connection.execute("create table events (position integer primary key, event)")
    try:
        return _timed(
            appends, lambda _: connection.execute("insert into events (event) values (?)", [line])
        )
    finally:
        connection.close()


def _together(folder: Path, appends: int) -> float:
    """Return how many appends a second come through, when many threads wait for their own."""
    each = max(1, 4 * appends // IN_FLIGHT)
    with JsonlLog.open(folder / "log.jsonl", CODEC, program="bench") as log:
        ready = threading.Barrier(IN_FLIGHT + 1)

        def produce(stream: StreamId) -> None:
            ready.wait()
            for version in range(each):
                log.append(stream, [EVENT], expected=version, cause=CAUSE)

        threads = [
            threading.Thread(target=produce, args=(StreamId(f"attempt/T{number}.1"),))
            for number in range(IN_FLIGHT)
        ]
        for thread in threads:
            thread.start()
        ready.wait()
        began = time.perf_counter()
        for thread in threads:
            thread.join()
        return IN_FLIGHT * each / (time.perf_counter() - began)
