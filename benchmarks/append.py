"""Append: one durable decision after another, and many at once, against bare writes and syncs."""

import os
import sqlite3
import statistics
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import count
from pathlib import Path

from benchmarks.instant_run import CODEC, REDACT
from benchmarks.measure import Goal, Row, Task, in_turns, row_of
from benchmarks.peers import open_aggregate
from events.attempt_commands import BeginCall
from events.attempt_events import CallBegun
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

    alone = _one_at_a_time(new, rounds, appends)
    among = in_turns(
        rounds,
        {
            "limit": lambda: _bare_rate(new(), appends),
            "ours": lambda: _ahead(new(), appends),
            f"{IN_FLIGHT} threads that each wait": lambda: _together(new(), appends),
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
            skipped=() if open_aggregate is not None else (_EVENTSOURCING,),
        ),
        row_of(
            f"append, {IN_FLIGHT} in flight",
            "appends/s",
            among,
            limit_is="write + fdatasync, one at a time",
            goal=Goal(">=", 10),
            note="one after another, as actors record them; safe at the end",
        ),
    ]


def _one_at_a_time(new: Callable[[], Path], rounds: int, appends: int) -> dict[str, list[float]]:
    """Return the median microseconds of each round; who appends changes after every append."""
    figures: dict[str, list[float]] = {}
    for _ in range(rounds):
        with ExitStack() as opened:
            ways = {name: way(new(), opened) for name, way in _WAYS.items()}
            took = [[append() for append in ways.values()] for _ in range(appends)]
        for name, each in zip(ways, zip(*took, strict=True), strict=True):
            figures.setdefault(name, []).append(statistics.median(each))
    return figures


def _timed(append: Callable[[int], object]) -> Task:
    """Return the task of one more append, which tells its microseconds."""
    numbers = count()

    def timed() -> float:
        number = next(numbers)
        began = time.perf_counter()
        append(number)
        return (time.perf_counter() - began) * 1e6

    return timed


def _bare(folder: Path, opened: ExitStack) -> Task:
    line = b"x" * (LINE_BYTES - 1) + b"\n"
    fd = os.open(folder / "bare", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    opened.callback(os.close, fd)

    def append(_number: int) -> None:
        os.write(fd, line)
        os.fdatasync(fd)

    return _timed(append)


def _ours(folder: Path, opened: ExitStack) -> Task:
    ours = JsonlLog.open(folder / "log.jsonl", CODEC, redact=REDACT, program="bench")
    log = opened.enter_context(ours)
    stream = StreamId("attempt/T1.1")
    return _timed(lambda number: log.append(stream, [EVENT], expected=number, cause=CAUSE))


def _sqlite(folder: Path, opened: ExitStack) -> Task:
    line = "x" * LINE_BYTES
    connection = sqlite3.connect(folder / "events.sqlite", isolation_level=None)
    opened.callback(connection.close)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    connection.execute("create table events (position integer primary key, event)")
    return _timed(lambda _: connection.execute("insert into events (event) values (?)", [line]))


def _eventsourcing(folder: Path, opened: ExitStack) -> Task:
    assert open_aggregate is not None
    return _timed(open_aggregate(folder, opened).append)


_WAYS: dict[str, Callable[[Path, ExitStack], Task]] = {
    "limit": _bare,
    "ours": _ours,
    "sqlite3, WAL, synchronous = FULL": _sqlite,
}
if open_aggregate is not None:
    _WAYS[_EVENTSOURCING] = _eventsourcing


def _bare_rate(folder: Path, appends: int) -> float:
    """Return how many appends a second the limit gets through."""
    with ExitStack() as opened:
        append = _bare(folder, opened)
        return 1e6 / statistics.mean(append() for _ in range(appends))


def _ahead(folder: Path, appends: int) -> float:
    """Return how many a second come through, when up to `IN_FLIGHT` at once are not safe yet."""
    stream, most = StreamId("attempt/T1.1"), 16 * appends
    with JsonlLog.open(folder / "log.jsonl", CODEC, redact=REDACT, program="bench") as log:
        began = time.perf_counter()
        for version in range(most):
            log.enqueue(stream, [EVENT], expected=version, cause=CAUSE)
        log.flush(log.end_position)
        return most / (time.perf_counter() - began)


def _together(folder: Path, appends: int) -> float:
    """Return how many appends a second come through, when many threads wait for their own."""
    each = max(1, 4 * appends // IN_FLIGHT)
    with JsonlLog.open(folder / "log.jsonl", CODEC, redact=REDACT, program="bench") as log:
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
