"""Readers follow a live log, never write, never wait, and hold little in memory."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import pytest

from events.base import UnknownEvent
from store.codec import Codec
from store.disk import write_all
from store.errors import LogUnusableError
from store.jsonl import JsonlLog
from store.log import Recorded
from store.reader import LogReader
from tests.store.disks import CountingDisk
from tests.store.logs import read_log
from tests.store.words import CODEC, A, B, Noted


def test_a_reader_goes_on_as_the_log_grows(path: Path) -> None:
    with JsonlLog.open(path, CODEC, disk=CountingDisk()) as log, LogReader(path, CODEC) as reader:
        assert [one.position for one in reader.poll()] == [1]
        assert reader.poll() == []
        recorded = log.append(A, [Noted("a"), Noted("b")], expected=0)
        assert tuple(reader.poll()) == recorded
        assert reader.poll() == []
        assert (reader.head.position, reader.head.sum) == (3, recorded[-1].sum)
        assert reader.head.offset == path.stat().st_size


def test_a_reader_follows_over_a_resume(path: Path) -> None:
    JsonlLog.open(path, CODEC, disk=CountingDisk()).close()
    with LogReader(path, CODEC) as reader:
        assert len(list(reader)) == 1
        with path.open("ab") as file:
            file.write(b'{"v":1,"posi')
        assert reader.poll() == []
        assert (reader.tail.bytes, reader.tail.reason) == (12, "an unfinished line")
        JsonlLog.open(path, CODEC, disk=CountingDisk()).close()
        assert [one.position for one in reader] == [2, 3]
        assert reader.tail.clean


def test_what_a_live_writer_has_not_finished_is_not_there_yet(path: Path) -> None:
    with JsonlLog.open(path, CODEC, disk=CountingDisk()) as log:
        log.append(A, [Noted("a"), Noted("b")], expected=0)
    data = path.read_bytes()
    begin = data.index(b"\n") + 1
    path.write_bytes(data[:begin])
    with LogReader(path, CODEC) as reader, path.open("ab", buffering=0) as file:
        assert len(list(reader)) == 1
        for byte in data[begin:-1]:
            write_all(CountingDisk(), file.fileno(), bytes([byte]))
            assert reader.poll() == []
            assert not reader.tail.clean
        file.write(b"\n")
        assert [one.position for one in reader.poll()] == [2, 3]


def test_a_reader_beside_a_busy_writer_sees_only_whole_decisions(path: Path) -> None:
    with JsonlLog.open(path, CODEC) as log:

        def work(stream: str) -> None:
            for version in range(0, 120, 3):
                events = [Noted(f"{version}-{number}") for number in range(3)]
                log.append(type(A)(stream), events, expected=version)

        threads = [threading.Thread(target=work, args=(name,)) for name in (A, B)]
        for thread in threads:
            thread.start()
        seen: list[Recorded] = []
        with LogReader(path, CODEC) as reader:
            while len(seen) < 241:
                batch = reader.poll()
                assert not batch or batch[-1].commit == batch[-1].position
                seen += batch
        for thread in threads:
            thread.join()
        assert seen == list(log.read())


def test_a_decision_larger_than_a_block_is_read_whole(path: Path) -> None:
    with JsonlLog.open(path, CODEC, disk=CountingDisk()) as log:
        recorded = log.append(A, [Noted("x" * 100_000)] * 9, expected=0)
        log.append(A, [Noted("y")], expected=9)
    assert tuple(read_log(path, CODEC))[1:10] == recorded


def test_reading_leaves_no_trace(written: Path) -> None:
    before = {one: one.stat().st_mtime_ns for one in (written.parent, *written.parent.iterdir())}
    written.write_bytes(written.read_bytes()[:-5])
    list(read_log(written, CODEC))
    after = {one: one.stat().st_mtime_ns for one in (written.parent, *written.parent.iterdir())}
    del before[written], after[written]
    assert after == before


def test_a_reader_can_be_closed_twice(written: Path) -> None:
    reader = LogReader(written, CODEC)
    reader.close()
    reader.close()


def test_a_disk_that_cannot_be_read_is_named(written: Path) -> None:
    fd = os.open(written, os.O_WRONLY)
    reader = LogReader(written, CODEC, fd=fd)
    with pytest.raises(LogUnusableError, match="cannot be read at byte 0"):
        reader.poll()
    reader.close()
    os.close(fd)


def test_events_that_are_not_known_are_kept_and_shown(written: Path) -> None:
    records = list(read_log(written, Codec([])))
    unknown = [one.event for one in records if isinstance(one.event, UnknownEvent)]
    assert len(records) == 7
    assert unknown[0].original == '{"type":"pad.noted","text":"one"}'


def test_line_separators_inside_of_texts_separate_nothing(path: Path) -> None:
    text = "a\u2028b\u2029c\x85d\re\nf\x0bg\x0ch\x1ci\x00j\x7f"
    with JsonlLog.open(path, CODEC, disk=CountingDisk()) as log:
        log.append(A, [Noted(text)], expected=0)
    assert [one.event for one in read_log(path, CODEC)][1:] == [Noted(text)]
    (_, unknown) = read_log(path, Codec([]))  # which goes another way, line by line
    assert isinstance(unknown.event, UnknownEvent)
    assert msgspec.json.decode(unknown.event.original) == {"type": "pad.noted", "text": text}
    assert path.read_bytes().count(b"\n") == 2


def test_a_big_log_is_read_in_little_memory(path: Path) -> None:
    with JsonlLog.open(path, CODEC, disk=CountingDisk(), program="1") as log:
        for version in range(0, 80, 8):
            log.append(A, [Noted("x" * 900_000)] * 8, expected=version)
    script = (
        "import resource, sys; from pathlib import Path\n"
        "from store.codec import Codec; from store.reader import LogReader\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "count = sum(1 for _ in LogReader(Path(sys.argv[1]), Codec([])))\n"
        "print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, path], check=True, capture_output=True, timeout=60
    )
    count, kilobytes = map(int, done.stdout.split())
    assert count == 81
    assert kilobytes < 60_000, "72 MB of log"
