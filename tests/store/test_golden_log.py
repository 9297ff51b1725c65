"""A log that was once written stays readable, and would be written the same way today."""

import subprocess
import sys
from functools import partial
from itertools import groupby
from pathlib import Path
from textwrap import dedent

from events.base import Event, UnknownEvent
from events.journal import LogOpened, LogRecovered
from store.codec import Line
from store.encode import encoded
from store.head import Head
from store.reader import LogReader
from tests.store.words import CODEC, Measured, Note, Noted

GOLDEN = Path(__file__).parents[1] / "golden" / "store-1.jsonl"


def read() -> list[Line[Event]]:
    with LogReader(GOLDEN, CODEC) as reader:
        records = reader.poll()
        assert reader.poll() == []
        assert reader.tail.clean
    return records


def test_the_golden_log_says_what_it_always_said() -> None:
    records = read()
    assert [(one.position, one.epoch, one.stream, one.version, one.commit) for one in records] == [
        (1, 1, "log", 1, 1),
        (2, 1, "pad/A", 1, 2),
        (3, 1, "pad/A", 2, 4),
        (4, 1, "pad/A", 3, 4),
        (5, 1, "pad/B", 1, 5),
        (6, 2, "log", 2, 7),
        (7, 2, "log", 3, 7),
        (8, 2, "pad/B", 2, 9),
        (9, 2, "pad/B", 3, 9),
        (10, 2, "pad/A", 4, 10),
        (11, 2, "pad/C", 1, 11),
        (12, 2, "pad/D", 1, 12),
    ]
    opened = [one.event for one in records if isinstance(one.event, LogOpened)]
    assert [(one.run, one.format, one.epoch, one.pid, one.program) for one in opened] == [
        ("golden", "trackside.log/1", 1, 4711, "0.1.0"),
        ("golden", "trackside.log/1", 2, 4711, "0.1.1"),
    ]
    others = [one.event for one in records if not isinstance(one.event, LogOpened)]
    assert others == [
        Noted("plain"),
        Noted("twice"),
        Noted("twice"),
        Noted('quotes " and \\, line ends \n and \r, \u2028, NUL \x00, é, 日本, 🙂'),
        LogRecovered(bytes=24, reason="an unfinished line", kept="torn-6-24"),
        Measured(1.5),
        Measured(-0.25, "kilograms"),
        UnknownEvent('{"type":"pad.retired","by":"a later program"}'),
        Noted("side by side"),
        Noted("side by side"),
    ]
    assert [one.cause_as(Note) for one in records[1:4]] == [Note("plain"), Note("twice", 2), None]
    assert records[0].at == "2026-11-22T01:35:27.124956Z"


def test_the_check_in_the_docs_vouches_for_it_and_names_a_changed_line(tmp_path: Path) -> None:
    page = (GOLDEN.parents[2] / "docs" / "log-format.md").read_text()
    begin, last = page.index("    import hashlib"), "hasher.update(line)\n"
    script = dedent(page[begin : page.index(last) + len(last)])
    run = partial(subprocess.run, check=False, capture_output=True, text=True, timeout=30)
    done = run([sys.executable, "-c", script, GOLDEN])
    assert (done.returncode, done.stderr) == (0, "")
    changed = tmp_path / "changed.jsonl"
    changed.write_bytes(GOLDEN.read_bytes().replace(b"plain", b"plane"))
    done = run([sys.executable, "-c", script, changed])
    assert (done.returncode, done.stderr[:7]) == (1, "line 2,")


def test_it_would_be_written_the_same_way_today() -> None:
    head, data = Head(), b""
    for _, group in groupby(read(), key=lambda one: one.commit):
        decision = list(group)
        first = decision[0]
        head.epoch = first.epoch
        synced = first.position - 1 if first.synced == -1 else first.synced
        lines, written = head.frame(
            first.stream,
            [encoded(one.event) for one in decision],
            cause=bytes(first.cause),
            at=first.at,
            synced=synced,
        )
        assert list(lines) == decision
        data += written
    assert data == GOLDEN.read_bytes()
