"""Replay: a whole log verified, decoded and folded, against bare decoding of the same bytes."""

import gc
import sqlite3
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple, Union, cast

import msgspec

from benchmarks.instant_run import CODEC, UnsyncedDisk, conduct
from benchmarks.measure import Goal, Row, in_turns, row_of
from benchmarks.peers import open_aggregate
from events import world
from events.base import Event
from events.ids import StreamId
from events.streams import EVENT_TYPES
from events.world import World
from store.codec import Line
from store.reader import BLOCK_BYTES, LogReader

_EVENTSOURCING = "eventsourcing, SQLite, unverified"
AGGREGATE_EVENTS = 500


def rows(folder: Path, rounds: int, tickets: int) -> list[Row]:
    log = conduct(folder, "layered", tickets, UnsyncedDisk())
    path, events = log.path, log.last_position
    table = _table_of(path, folder / "events.sqlite")

    def limit() -> float:
        return events / _decode(path)

    def ours() -> float:
        began = time.perf_counter()
        with LogReader(path, CODEC) as reader:
            folded = world.fold(reader)
        assert folded.position == events
        return events / (time.perf_counter() - began)

    def sqlite() -> float:
        began = time.perf_counter()
        with sqlite3.connect(table) as connection:
            _fold_rows(connection)
        connection.close()
        return events / (time.perf_counter() - began)

    tasks = {"limit": limit, "ours": ours, "sqlite3 + msgspec, unverified": sqlite}
    with ExitStack() as opened:
        if open_aggregate is not None:
            aggregate = open_aggregate(folder, opened)
            for number in range(AGGREGATE_EVENTS):
                aggregate.append(number)

            def others() -> float:
                began = time.perf_counter()
                aggregate.replay()
                return AGGREGATE_EVENTS / (time.perf_counter() - began)

            tasks[_EVENTSOURCING] = others
        figures = in_turns(rounds, tasks)
    size = path.stat().st_size / events
    return [
        row_of(
            "replay",
            "events/s",
            figures,
            limit_is="typed decoding, events dropped",
            goal=Goal(">=", 0.6),
            skipped=() if open_aggregate is not None else (_EVENTSOURCING,),
            note=f"{events:,} events of {size:.0f} bytes; verified, decoded, folded",
        )
    ]


def _decode(path: Path) -> float:
    """Decode every line in blocks, as a program would that trusts its log; return the seconds."""
    union: Any = Union[EVENT_TYPES]  # noqa: UP007 - of types that are known only now
    decoder = msgspec.json.Decoder(cast("Any", Line).__class_getitem__(union))
    gc.disable()
    began = time.perf_counter()
    with path.open("rb") as file:
        rest = b""
        while block := file.read(BLOCK_BYTES):
            whole, end, rest = (rest + block).rpartition(b"\n")
            decoder.decode_lines(whole + end)
    took = time.perf_counter() - began
    gc.enable()
    return took


def _table_of(path: Path, table: Path) -> Path:
    """Put the log into a table, a row an event, as an event store in SQLite would."""
    with LogReader(path, CODEC) as reader, sqlite3.connect(table) as connection:
        connection.execute("create table events (position integer primary key, stream, event)")
        connection.executemany(
            "insert into events values (?, ?, ?)",
            ((one.position, one.stream, msgspec.json.encode(one.event)) for one in reader),
        )
    connection.close()
    return table


class _Row(NamedTuple):
    position: int
    stream: StreamId
    event: Event


def _fold_rows(connection: sqlite3.Connection) -> World:
    union: Any = Union[EVENT_TYPES]  # noqa: UP007 - of types that are known only now
    decoder = msgspec.json.Decoder(union)
    found = connection.execute("select position, stream, event from events order by position")
    return world.fold(_Row(at, stream, decoder.decode(data)) for at, stream, data in found)
