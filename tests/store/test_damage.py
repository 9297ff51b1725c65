"""Whatever was changed after it was written is refused, with its place, in bounded time."""

import os
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.errors import DamageError, LogDamagedError, LogTooNewError, LogUnusableError
from store.jsonl import JsonlLog
from store.log import Recorded
from store.reader import LogReader
from tests.store.disks import CountingDisk
from tests.store.logs import read_log, reseal
from tests.store.words import CODEC, A, B, Noted


def refusal(path: Path) -> LogDamagedError:
    """Return the error that reading the log ends with, in one line and with its place."""
    before = path.read_bytes()
    with pytest.raises(LogDamagedError) as caught:
        list(read_log(path, CODEC))
    error = caught.value
    assert "\n" not in str(error)
    assert f"record {error.position} (line {error.position}, byte {error.offset})" in str(error)
    assert path.read_bytes() == before
    return error


@pytest.fixture
def lines(written: Path) -> list[bytes]:
    return written.read_bytes().splitlines(keepends=True)


def test_a_flipped_bit_anywhere_is_noticed(written: Path) -> None:
    data = written.read_bytes()
    starts = [0, *[index + 1 for index, byte in enumerate(data) if byte == 0x0A]]
    for index in range(0, len(data), 3):
        flipped = bytearray(data)
        flipped[index] ^= 1 << (index % 8)
        written.write_bytes(flipped)
        seen: list[Recorded] = []
        with pytest.raises(LogDamagedError) as caught:
            seen.extend(read_log(written, CODEC))
        line = sum(1 for start in starts if start <= index)
        assert caught.value.whole == len(seen) < line
        assert caught.value.position <= line
        assert caught.value.offset == starts[caught.value.position - 1]


def test_every_bit_of_the_last_sum_and_line_end_is_guarded(written: Path) -> None:
    data = written.read_bytes()
    for index in range(len(data) - 60, len(data)):  # the sum, its field, the line end
        for bit in range(8):
            flipped = bytearray(data)
            flipped[index] ^= 1 << bit
            written.write_bytes(flipped)
            assert refusal(written).position == 7


def test_a_deleted_line_is_noticed(written: Path, lines: list[bytes]) -> None:
    for number in range(len(lines) - 1):
        written.write_bytes(b"".join(lines[:number] + lines[number + 1 :]))
        assert refusal(written).position in {number + 1, number}


def test_a_doubled_line_is_noticed(written: Path, lines: list[bytes]) -> None:
    for number in range(len(lines)):
        written.write_bytes(b"".join(lines[: number + 1] + lines[number:]))
        error = refusal(written)
        assert "must follow here" in error.reason
        assert error.position == number + 2


def test_swapped_lines_are_noticed(written: Path, lines: list[bytes]) -> None:
    for number in range(len(lines) - 1):
        lines[number], lines[number + 1] = lines[number + 1], lines[number]
        written.write_bytes(b"".join(lines))
        assert refusal(written).position == number + 1
        lines[number], lines[number + 1] = lines[number + 1], lines[number]


def test_a_line_of_another_run_is_noticed(tmp_path: Path, written: Path) -> None:
    other = tmp_path / "R2" / "events.jsonl"
    other.parent.mkdir()
    with JsonlLog.open(other, CODEC, disk=CountingDisk(), program="1") as log:
        log.append(A, [Noted("one")], expected=0)
    mine = written.read_bytes().splitlines(keepends=True)
    mine[1] = other.read_bytes().splitlines(keepends=True)[1]
    written.write_bytes(b"".join(mine))
    error = refusal(written)
    assert (error.position, error.whole) == (2, 1)
    assert "sum does not match" in error.reason


def test_a_wrong_sum_speaks_of_all_records_of_its_decision(
    written: Path, lines: list[bytes]
) -> None:
    data = written.read_bytes().replace(b'"text":"three"}}\n', b'"text":"thrie"}}\n')
    written.write_bytes(data)
    error = refusal(written)
    assert (error.position, error.offset) == (4, len(b"".join(lines[:3])))
    assert "or one up to 5, was changed" in error.reason


BAD_LINES = {
    "blank": (b"\n", "blank"),
    "CRLF": (b"{}\r\n", "carriage return"),
    "byte order mark": (b"\xef\xbb\xbf{}\n", "byte order mark"),
    "UTF-16": ("{}\n".encode("utf-16"), "NUL bytes"),
    "invalid UTF-8": (b'{"v":1,"x":"\xff\xfe"}\n', "not UTF-8 at byte 12"),
    "lone surrogate": (b'{"v":1,"x":"\xed\xb0\x80"}\n', "not UTF-8"),
    "garbage": (b"so it goes\n", "no record"),
    "another object": (b"{}\n", "no record"),
    "a list": (b"[]\n", "no record"),
    "NaN": (b'{"v":1,"position":NaN}\n', "no record"),
    "a huge number": (b'{"v":1,"position":' + b"9" * 5000 + b"}\n", "no record"),
    "a huge number in the event": (b"HUGE", "no record"),
    "nesting": (b"[" * 200_000 + b"\n", "no record|nested too deeply"),
    "nesting in a record": (b"NESTED", "nested too deeply"),
    "no event type": (b"UNTYPED", "no record"),
    "a long line": (b"x" * (8 << 20) + b"\n", "longer than"),
    "a long record": (b'{"v":1,"x":"' + b"x" * (8 << 20) + b'"}\n', "longer than"),
}


@pytest.mark.parametrize("kind", BAD_LINES)
@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_a_line_that_is_no_record_is_refused(
    written: Path, lines: list[bytes], kind: str, place: str
) -> None:
    line, reason = BAD_LINES[kind]
    template = lines[6].replace(b'"position":7', b'"position":8').partition(b'"event":')[0]
    special = {
        b"HUGE": template + b'"event":{"type":"pad.noted","text":' + b"9" * 5000 + b"}}\n",
        b"NESTED": template + b'"event":{"type":"?","x":' + b"[" * 200_000 + b"\n",
        b"UNTYPED": template + b'"event":{"text":"x"}}\n',
    }
    number = {"first": 0, "middle": 3, "last": 7}[place]
    written.write_bytes(b"".join([*lines[:number], special.get(line, line), *lines[number:]]))
    error = refusal(written)
    assert error.position == number + 1
    assert re.search(reason, error.reason)


def test_a_log_without_a_single_line_end_is_refused(path: Path) -> None:
    path.write_bytes(b"x" * (20 << 20))
    assert "no beginning of a record" in refusal(path).reason
    path.write_bytes(b'{"v":1' + b"x" * (20 << 20))
    assert "longer than" in refusal(path).reason


def test_a_decision_that_never_ends_is_refused(written: Path, lines: list[bytes]) -> None:
    template = lines[3].rpartition(b'"text"')[0]
    more = []
    for number in range(30):
        line = template.replace(b'"position":4', b'"position":%d' % (8 + number))
        line = line.replace(b'"version":3', b'"version":%d' % (6 + number))
        line = line.replace(b'"commit":5', b'"commit":99').replace(b'"epoch":1', b'"epoch":2')
        more.append(line + b'"text":"' + b"x" * 1_000_000 + b'"}}\n')
    written.write_bytes(b"".join(lines + more))
    error = refusal(written)
    assert "no decision ends within" in error.reason
    assert (error.position, error.whole) == (8, 7)
    written.write_bytes(b"".join(lines + more[:10]))
    assert len(list(read_log(written, CODEC))) == 7  # a writer would not, but it may yet end


FORGERIES = {
    "position": (1, b'"position":2', b'"position":9', "it says position 9; 2 must follow here"),
    "version": (1, b'"version":1', b'"version":2', "version 2 of stream pad/A; 1 must follow"),
    "commit": (1, b'"commit":2', b'"commit":3', "a decision ends with a sum"),
    "commit back": (1, b'"commit":2', b'"commit":1', "its decision ends at 1, which cannot be"),
    "commit inside": (4, b'"commit":5', b'"commit":6', "its decision ends at 6, which cannot be"),
    "epoch down": (6, b'"epoch":2', b'"epoch":1', "epoch 1 after epoch 2: written by an older"),
    "epoch up": (6, b'"epoch":2', b'"epoch":3', "does not begin with an opening of the log"),
    "epoch far up": (6, b'"epoch":2', b'"epoch":7', "epoch 7 after epoch 2: records are missing"),
    "opening": (0, b'"stream":"log"', b'"stream":"log2"', "does not begin with an opening"),
    "known type": (1, b'noted","text":"one"', b'noted","text":1', "Expected `str`, got `int`"),
    "format 0": (1, b'"v":1', b'"v":0', "no record"),
}


@pytest.mark.parametrize("kind", FORGERIES)
def test_a_log_with_right_sums_must_make_sense_too(
    written: Path, lines: list[bytes], kind: str
) -> None:
    number, old, new, reason = FORGERIES[kind]
    assert old in lines[number]
    lines[number] = lines[number].replace(old, new, 1)
    written.write_bytes(reseal(lines))
    error = refusal(written)
    assert error.position == number + 1
    assert reason in error.reason


def test_a_newer_format_is_named(written: Path, lines: list[bytes]) -> None:
    lines[6] = lines[6].replace(b'"v":1', b'"v":2').replace(b'"cause"', b'"reason"')
    written.write_bytes(reseal(lines))
    with pytest.raises(
        LogTooNewError, match=r"is of format 2, and .* reads up to format 1"
    ) as caught:
        list(read_log(written, CODEC))
    assert (caught.value.position, caught.value.found, caught.value.known) == (7, 2, 1)
    lines[6] = lines[6].partition(b',"sum"')[0] + b"}\n"
    written.write_bytes(reseal(lines))
    with pytest.raises(LogTooNewError):
        list(read_log(written, CODEC))


def test_a_changed_format_is_damage(written: Path, lines: list[bytes]) -> None:
    lines[1] = lines[1].replace(b'"v":1', b'"v":3')
    written.write_bytes(b"".join(lines))
    error = refusal(written)
    assert error.reason.startswith("it says it is of format 3, and its sum does not match")


def test_all_before_the_damage_is_handed_out(path: Path) -> None:
    with JsonlLog.open(path, CODEC, disk=CountingDisk()) as log:
        for version in range(3000):
            log.append(A, [Noted("x" * 150)], expected=version)
    data = path.read_bytes()
    middle = len(data) // 2
    path.write_bytes(data[:middle] + b"?" + data[middle + 1 :])
    seen: list[Recorded] = []
    with pytest.raises(LogDamagedError) as caught:
        seen.extend(read_log(path, CODEC))
    assert seen[-1].position == caught.value.whole == caught.value.position - 1
    assert caught.value.offset <= middle


@given(st.data())
def test_no_change_goes_unnoticed(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    original = _log_once(tmp_path_factory)
    begin = data.draw(st.integers(0, len(original)))
    end = data.draw(st.integers(begin, min(len(original), begin + 300)))
    new = data.draw(st.binary(max_size=300))
    changed = original[:begin] + new + original[end:]
    path = tmp_path_factory.mktemp("changed") / "events.jsonl"
    path.write_bytes(changed)
    try:
        with LogReader(path, CODEC) as reader:
            records = list(reader)
            whole = original[: reader.head.offset]
        assert changed.startswith(whole), "only the end may be gone"
        assert len(records) == whole.count(b"\n")
    except (DamageError, LogUnusableError):
        assert changed != original
    finally:
        shutil.rmtree(path.parent)


_LOG: list[bytes] = []


def _log_once(factory: pytest.TempPathFactory) -> bytes:
    if not _LOG:
        path = factory.mktemp("original") / "events.jsonl"
        with JsonlLog.open(path, CODEC, disk=CountingDisk()) as log:
            for version in range(5):
                log.append(A, [Noted(str(version))], expected=version)
                log.append(B, [Noted("x")] * 3, expected=3 * version)
        _LOG.append(path.read_bytes())
    return _LOG[0]


def make_folder(path: Path) -> None:
    path.mkdir()


def make_link(path: Path) -> None:
    (path.parent / "other").write_bytes(b"x")
    path.symlink_to(path.parent / "other")


def make_dangling_link(path: Path) -> None:
    path.symlink_to(path.parent / "nowhere")


def make_second_name(path: Path) -> None:
    path.write_bytes(b"x")
    (path.parent / "second").hardlink_to(path)


def make_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


WRONG_FILES = {
    make_folder: "a folder, not a log",
    os.mkfifo: "not a regular file",
    make_link: "symbolic link",
    make_dangling_link: "symbolic link",
    make_device: "symbolic link",
    make_second_name: "second name",
}


@pytest.mark.parametrize("make", WRONG_FILES, ids=lambda make: make.__name__)
def test_what_is_no_log_is_refused_without_waiting(path: Path, make: object) -> None:
    assert callable(make)
    make(path)
    with pytest.raises(LogUnusableError, match=WRONG_FILES[make]):
        list(read_log(path, CODEC))
    with pytest.raises(LogUnusableError, match=WRONG_FILES[make]):
        JsonlLog.open(path, CODEC)


def test_a_device_is_no_log() -> None:
    with pytest.raises(LogUnusableError, match="not a regular file"):
        list(read_log(Path("/dev/zero"), CODEC))


def test_a_missing_or_empty_log_cannot_be_read(path: Path) -> None:
    with pytest.raises(LogUnusableError, match="there is no log here"):
        list(read_log(path, CODEC))
    path.touch()
    with pytest.raises(LogUnusableError, match="the log is empty"):
        list(read_log(path, CODEC))
    assert list(path.parent.iterdir()) == [path]
