"""A sealed log that lost its end is damaged, not shorter."""

from pathlib import Path

import pytest

from store.errors import LogPoisonedError, SealBrokenError
from store.jsonl import JsonlLog
from store.reader import LogReader
from store.seal import read_seal
from tests.store.disks import CountingDisk, FailingDisk
from tests.store.logs import read_log
from tests.store.words import CODEC, A, B, Noted


@pytest.fixture
def sealed(path: Path) -> Path:
    """A log of four records, sealed."""
    with JsonlLog.open(path, CODEC, disk=CountingDisk()) as log:
        for version in range(3):
            log.append(A, [Noted(str(version))], expected=version)
        log.seal()
    return path


def test_a_seal_says_how_far_the_log_reaches(sealed: Path) -> None:
    seal = read_seal(sealed.parent / "seal.json")
    last = list(read_log(sealed, CODEC))[-1]
    assert seal is not None
    assert (seal.run, seal.position, seal.sum) == ("R1", last.position, last.sum)
    assert seal.bytes == sealed.stat().st_size
    assert seal.at.endswith("Z")


@pytest.mark.parametrize(("lost", "words"), [(1, "1 record"), (2, "2 records"), (3, "3 records")])
def test_a_missing_end_is_damage(sealed: Path, lost: int, words: str) -> None:
    lines = sealed.read_bytes().splitlines(keepends=True)
    sealed.write_bytes(b"".join(lines[:-lost]))
    for read in (lambda: list(read_log(sealed, CODEC)), lambda: [JsonlLog.open(sealed, CODEC)]):
        with pytest.raises(SealBrokenError, match=f"sealed at 4: it lacks {words} at its end"):
            read()
    assert sealed.read_bytes() == b"".join(lines[:-lost])


def test_an_end_that_was_torn_off_a_sealed_log_is_damage(sealed: Path) -> None:
    data = sealed.read_bytes()[:-3]
    sealed.write_bytes(data)
    with pytest.raises(SealBrokenError):
        JsonlLog.open(sealed, CODEC)
    assert sealed.read_bytes() == data


def test_another_log_in_the_place_of_the_sealed_one_is_damage(sealed: Path) -> None:
    sealed.unlink()
    with pytest.raises(SealBrokenError, match="0, and it was sealed at 4"):
        JsonlLog.open(sealed, CODEC)
    assert not sealed.exists()
    seal = sealed.parent / "seal.json"
    seal.rename(sealed.parent / "kept")
    with JsonlLog.open(sealed, CODEC, disk=CountingDisk()) as log:
        for version in range(3):
            log.append(A, [Noted(str(version))], expected=version)
    (sealed.parent / "kept").rename(seal)
    with pytest.raises(SealBrokenError, match="it is not the log that was sealed"):
        list(read_log(sealed, CODEC))


def test_a_seal_inside_of_a_decision_is_not_that_of_the_log(sealed: Path) -> None:
    seal = sealed.parent / "seal.json"
    kept = seal.read_bytes().replace(b'"position": 4', b'"position": 5')
    with JsonlLog.open(sealed, CODEC, disk=CountingDisk()) as log:
        log.append(B, [Noted("x"), Noted("y")], expected=0)
    seal.write_bytes(kept.replace(b'"position": 5', b'"position": 6'))
    with pytest.raises(SealBrokenError, match=r"record 6 has sum \(none\)"):
        list(read_log(sealed, CODEC))


def test_a_run_goes_on_behind_its_seal_and_is_sealed_anew(sealed: Path) -> None:
    with JsonlLog.open(sealed, CODEC, disk=CountingDisk()) as log:
        log.append(A, [Noted("on")], expected=3)
        assert len(list(read_log(sealed, CODEC))) == 6
        log.seal()
    seal = read_seal(sealed.parent / "seal.json")
    assert seal is not None
    assert seal.position == 6


def test_a_reader_that_has_not_reached_the_seal_does_not_complain(sealed: Path) -> None:
    with LogReader(sealed, CODEC, until=sealed.read_bytes().index(b"\n") + 1) as reader:
        assert [one.position for one in reader] == [1]


@pytest.mark.parametrize("data", [b"", b"{}", b"[" * 5000, b"\xff", b'{"run":1}'])
def test_a_seal_that_is_none_is_damage(sealed: Path, data: bytes) -> None:
    (sealed.parent / "seal.json").write_bytes(data)
    with pytest.raises(SealBrokenError, match="this is no seal"):
        list(read_log(sealed, CODEC))


def test_a_link_is_no_seal(sealed: Path) -> None:
    seal = sealed.parent / "seal.json"
    seal.rename(sealed.parent / "elsewhere")
    seal.symlink_to("elsewhere")
    with pytest.raises(SealBrokenError, match="cannot be read"):
        list(read_log(sealed, CODEC))


def test_a_folder_is_no_seal(path: Path) -> None:
    (path.parent / "seal.json").mkdir()
    with pytest.raises(SealBrokenError, match="Is a directory"):
        JsonlLog.open(path, CODEC)


def test_without_a_seal_nothing_is_asked_of_the_end(path: Path) -> None:
    assert read_seal(path.parent / "seal.json") is None


def test_a_seal_that_cannot_be_written_is_told(path: Path) -> None:
    disk = FailingDisk(0)
    with JsonlLog.open(path, CODEC, disk=disk) as log:
        disk.before = FailingDisk(1, forever=True).before
        with pytest.raises(LogPoisonedError, match="No space left"):
            log.seal()
