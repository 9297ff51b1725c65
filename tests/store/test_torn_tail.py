"""A torn end is dropped, kept beside the log and put on record; whatever is not torn is refused."""

from pathlib import Path

import pytest

from events.journal import LogOpened, LogRecovered
from store.encode import encoded
from store.errors import LogDamagedError
from store.jsonl import JsonlLog
from store.reader import LogReader
from tests.store.disks import CountingDisk, Crash
from tests.store.logs import read_log
from tests.store.words import CODEC, A, Noted


def opened(path: Path) -> list[object]:
    """Open and close the log, and return what that put on record."""
    with JsonlLog.open(path, CODEC, disk=CountingDisk()) as log:
        return [one.event for one in log.read() if one.epoch == log.epoch]


def ends(path: Path) -> list[int]:
    """Return where each line of the log ends."""
    data = path.read_bytes()
    return [index + 1 for index, byte in enumerate(data) if byte == 0x0A]


def test_a_cut_at_any_byte_of_the_last_decisions_leaves_whole_ones(written: Path) -> None:
    data = written.read_bytes()
    line_ends = ends(written)
    decisions = {0: 0, 1: 1, 2: 2, 3: 3, 4: 3, 5: 5, 6: 6, 7: 7}
    """Whole lines -> the position of the last whole decision."""
    sparse = range(line_ends[1] + 1, line_ends[4], 7)
    for size in sorted({*sparse, *line_ends[1:5], *range(line_ends[4], len(data))}):
        lines = sum(1 for end in line_ends if end <= size)
        whole = decisions[lines]
        offset = line_ends[whole - 1]
        folder = written.parent / str(size)
        folder.mkdir()
        path = folder / "events.jsonl"
        path.write_bytes(data[:size])
        with LogReader(path, CODEC) as reader:
            assert [one.position for one in reader] == list(range(1, whole + 1))
            assert reader.tail.bytes == size - offset
        noted = opened(path)
        if size == offset:
            assert len(noted) == 1
            continue
        recovered = noted[1]
        assert isinstance(recovered, LogRecovered)
        assert recovered.bytes == size - offset
        assert recovered.reason in {"an unfinished line", "an unfinished decision"}
        assert (folder / recovered.kept).read_bytes() == data[offset:size]
        assert path.read_bytes().startswith(data[:offset] + b'{"v":1,"position":')


def test_the_next_record_is_not_glued_to_a_line_without_its_end(written: Path) -> None:
    written.write_bytes(written.read_bytes()[:-1])
    assert [type(event) for event in opened(written)] == [LogOpened, LogRecovered]
    assert [one.position for one in read_log(written, CODEC)] == list(range(1, 9))


def test_a_torn_first_record_leaves_nothing_and_the_log_begins_anew(path: Path) -> None:
    opened(path)
    path.write_bytes(path.read_bytes()[:50])
    assert [type(event) for event in opened(path)] == [LogOpened, LogRecovered]
    assert next(read_log(path, CODEC)).epoch == 1


@pytest.mark.parametrize("zeros", [8, 4096])
def test_zeros_at_the_end_are_dropped(written: Path, zeros: int) -> None:
    data = written.read_bytes()
    written.write_bytes(data + bytes(zeros))
    (_, recovered) = opened(written)
    assert recovered == LogRecovered(
        bytes=zeros, reason="zeros after a power cut", kept=f"torn-8-{zeros}"
    )


def test_zeros_in_the_last_decision_up_to_a_sector_are_dropped(path: Path) -> None:
    with JsonlLog.open(path, CODEC, disk=CountingDisk()) as log:
        begin = path.stat().st_size
        log.append(A, [Noted("x" * 600), Noted("y" * 600)], expected=0)
    data = path.read_bytes()
    sector = 512 * (begin // 512 + 1)
    path.write_bytes(data[:begin] + bytes(sector - begin) + data[sector:])
    (_, recovered) = opened(path)
    assert isinstance(recovered, LogRecovered)
    assert recovered.bytes == len(data) - begin


def batch_of_two(path: Path) -> tuple[bytes, int, int]:
    """Return a log that ends with two decisions of one batch, and where they begin."""
    with JsonlLog.open(path, CODEC, disk=CountingDisk()) as log:
        head = log._head
    lines = [
        head.frame(A, [encoded(Noted(name * 600))], cause=b"null", at="x", synced=1)[1]
        for name in "xy"
    ]
    first = path.stat().st_size
    data = path.read_bytes() + b"".join(lines)
    path.write_bytes(data)
    return data, first, first + len(lines[0])


def test_zeros_that_hit_only_what_was_not_yet_safe_are_dropped_with_all_behind(path: Path) -> None:
    data, first, second = batch_of_two(path)
    assert len(list(read_log(path, CODEC))) == 3
    sector = 512 * (first // 512 + 1)
    assert sector < second
    path.write_bytes(data[:first] + bytes(sector - first) + data[sector:])
    (_, recovered) = opened(path)
    assert isinstance(recovered, LogRecovered)
    assert (recovered.bytes, recovered.reason) == (len(data) - first, "zeros after a power cut")


def test_zeros_that_hit_something_promised_are_damage(written: Path) -> None:
    data = written.read_bytes()
    begin = ends(written)[0]
    sector = 512 * (begin // 512 + 1)
    damaged = data[:begin] + bytes(sector - begin) + data[sector:]
    written.write_bytes(damaged)
    with pytest.raises(LogDamagedError, match=r"record 2 \(line 2, byte .* NUL bytes"):
        opened(written)
    assert written.read_bytes() == damaged


@pytest.mark.parametrize("count", [1, 7, 8])
def test_zeros_that_reach_no_boundary_are_damage(written: Path, count: int) -> None:
    data = written.read_bytes()
    middle = 512 * ((len(data) - 20) // 512) - 40
    assert middle > ends(written)[5], "the zeros must be in the last record"
    written.write_bytes(data[:middle] + bytes(count) + data[middle + count :])
    with pytest.raises(LogDamagedError, match="NUL bytes"):
        opened(written)


def test_zeros_before_an_end_that_never_was_a_record_are_damage(written: Path) -> None:
    data = written.read_bytes()
    gap = bytes(512 - len(data) % 512)
    written.write_bytes(data + gap + b"garbage\n")
    opened(written)  # zeros, and the end of a line that they cut
    written.write_bytes(data + gap + b"\ngarbage\n")
    with pytest.raises(LogDamagedError, match="NUL bytes"):
        opened(written)


def test_zeros_in_an_unfinished_line_must_reach_its_end_or_a_sector(written: Path) -> None:
    data = written.read_bytes()
    written.write_bytes(data + b'{"v":1,' + bytes(9) + b"x")
    with pytest.raises(LogDamagedError, match="NUL bytes"):
        opened(written)


def test_two_gaps_of_zeros_are_both_looked_at(written: Path) -> None:
    data = written.read_bytes()
    gap = bytes(512 - len(data) % 512)
    written.write_bytes(data + gap + b"x" * 100 + bytes(412) + b"x")
    opened(written)
    written.write_bytes(data + gap[:-1] + b"x" * 101 + bytes(412) + b"x")
    with pytest.raises(LogDamagedError, match="NUL bytes"):
        opened(written)


def test_an_end_that_is_no_beginning_of_a_record_is_damage(written: Path) -> None:
    written.write_bytes(written.read_bytes() + b"oops")
    with pytest.raises(LogDamagedError, match="no beginning of a record"):
        opened(written)


def test_a_changed_line_end_is_damage_and_not_a_tear(written: Path) -> None:
    written.write_bytes(written.read_bytes()[:-1] + b"J")
    with pytest.raises(LogDamagedError, match=r"record 7 .* line end was changed"):
        opened(written)


def test_an_endless_line_is_damage_and_not_a_tear(written: Path) -> None:
    written.write_bytes(written.read_bytes() + b'{"v":1,"' + b"x" * (1 << 20))
    with pytest.raises(LogDamagedError, match="longer than 1048576 bytes"):
        opened(written)


def test_a_recovery_that_was_cut_short_is_put_on_record_by_the_next(written: Path) -> None:
    written.write_bytes(written.read_bytes() + b'{"v":1')
    disk = CountingDisk()

    def crash_behind_the_cut(call: str, number: int) -> None:
        if disk.calls.count("ftruncate") == 2 and call == "write":  # the first is of the lock
            raise Crash

    disk.before = crash_behind_the_cut
    with pytest.raises(Crash):
        JsonlLog.open(written, CODEC, disk=disk)
    assert (written.parent / "torn-8-6").read_bytes() == b'{"v":1'
    (_, recovered) = opened(written)
    assert recovered == LogRecovered(
        bytes=6, reason="torn; an earlier recovery was cut short", kept="torn-8-6"
    )


def test_an_unfinished_copy_of_a_torn_end_is_made_again(written: Path) -> None:
    written.write_bytes(written.read_bytes() + b'{"v":1')
    (written.parent / "torn-8-6").write_bytes(b"{")
    (written.parent / "torn-8-x").touch()
    opened(written)
    assert (written.parent / "torn-8-6").read_bytes() == b'{"v":1'
