"""Payloads by their hash: the same on disk and in memory, once each, verified when read."""

import errno
import hashlib
import os
import stat
import threading
from pathlib import Path

import pytest

from events.ids import Digest
from events.payload import INLINE_BYTES, BlobRef
from store.blobs import Blobs, BlobStore, MemoryBlobs
from store.errors import BlobDamagedError, BlobMissingError, BlobUnwritableError
from tests.store.disks import CountingDisk, FailingDisk, every_call


@pytest.fixture(params=["disk", "memory"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    return Blobs(tmp_path / "blobs") if request.param == "disk" else MemoryBlobs()


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Blobs, BlobRef, Path]:
    """A store, a blob in it, and the file that holds it."""
    blobs = Blobs(tmp_path / "blobs", CountingDisk())
    ref = blobs.put(b"payload")
    return blobs, ref, tmp_path / "blobs" / ref.blob[:2] / ref.blob[2:]


def test_what_was_put_is_what_one_gets(blobs: BlobStore) -> None:
    for data in (b"", b"x", bytes(range(256)) * 1000):
        ref = blobs.put(data)
        assert ref == BlobRef(Digest(hashlib.sha256(data).hexdigest()), len(data))
        assert blobs.get(ref) == data


def test_a_short_text_is_kept_as_it_is(blobs: BlobStore) -> None:
    text = "é" * (INLINE_BYTES // 2)
    assert blobs.keep(text) == text
    assert blobs.text(text) == text


def test_a_long_text_is_kept_by_its_hash(blobs: BlobStore) -> None:
    text = "é" * (INLINE_BYTES // 2) + "\r\n"
    kept = blobs.keep(text)
    assert isinstance(kept, BlobRef)
    assert kept.size == INLINE_BYTES + 2
    assert blobs.text(kept) == text


def test_lone_surrogates_of_a_text_become_replacement_characters(blobs: BlobStore) -> None:
    assert blobs.keep("a\udc80") == "a\ufffd"
    assert blobs.text(blobs.keep("\ud800" * INLINE_BYTES)) == "\ufffd" * INLINE_BYTES


def test_a_blob_that_is_not_there_is_missing(blobs: BlobStore) -> None:
    with pytest.raises(BlobMissingError, match="is missing"):
        blobs.get(BlobRef(Digest("ab" * 32), 3))


def test_a_blob_is_written_once(kept: tuple[Blobs, BlobRef, Path], tmp_path: Path) -> None:
    blobs, ref, path = kept
    before = path.stat()
    assert blobs.put(b"payload") == ref
    disk = CountingDisk()
    assert Blobs(tmp_path / "blobs", disk).put(b"payload") == ref
    assert "write" not in disk.calls
    assert disk.calls.count("fsync") == 3, "names that a crashed process did not sync"
    assert path.stat().st_mtime_ns == before.st_mtime_ns


def test_only_the_user_may_read_blobs(kept: tuple[Blobs, BlobRef, Path]) -> None:
    _, _, path = kept
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"pay1oad", "another hash"),
        (b"payloa", "not 7 bytes long"),
        (b"payload!", "not 7 bytes long"),
        (b"payload" * 100_000, "not 7 bytes long"),
    ],
)
def test_a_blob_that_was_changed_is_refused(
    kept: tuple[Blobs, BlobRef, Path], data: bytes, reason: str
) -> None:
    blobs, ref, path = kept
    path.write_bytes(data)
    with pytest.raises(BlobDamagedError, match=reason):
        blobs.get(ref)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_a_blob_that_is_no_file_is_refused(kept: tuple[Blobs, BlobRef, Path], make: object) -> None:
    assert callable(make)
    blobs, ref, path = kept
    path.unlink()
    make(path)
    with pytest.raises(BlobDamagedError, match="cannot be read"):
        blobs.get(ref)


def test_a_damaged_blob_is_mended_by_who_has_the_payload(
    kept: tuple[Blobs, BlobRef, Path], tmp_path: Path
) -> None:
    _, ref, path = kept
    path.write_bytes(b"pay1oad")
    again = Blobs(tmp_path / "blobs", CountingDisk())
    assert again.put(b"payload") == ref
    assert again.get(ref) == b"payload"


def test_a_failing_disk_is_told_and_what_was_not_safe_is_put_again(tmp_path: Path) -> None:
    whole = CountingDisk()
    Blobs(tmp_path / "whole", whole).put(b"payload")
    for at in every_call(whole):
        disk = FailingDisk(at, errno.EDQUOT)
        blobs = Blobs(tmp_path / str(at), disk)
        with pytest.raises(BlobUnwritableError, match=os.strerror(errno.EDQUOT)):
            blobs.put(b"payload")
        assert blobs.get(blobs.put(b"payload")) == b"payload"
        assert blobs.get(Blobs(tmp_path / str(at)).put(b"payload")) == b"payload"


@pytest.mark.parametrize("has_put", [False, True])
def test_a_folder_that_is_taken_away_is_missed_and_no_other_one_is_made(
    kept: tuple[Blobs, BlobRef, Path], tmp_path: Path, has_put: bool
) -> None:
    blobs, ref, _ = kept
    if not has_put:
        blobs = Blobs(tmp_path / "blobs", CountingDisk())
    (tmp_path / "blobs").rename(tmp_path / "away")
    with pytest.raises(BlobUnwritableError, match="put back what was taken") as missed:
        blobs.put(b"another")
    assert missed.value.fault == "damaged"
    assert not (tmp_path / "blobs").exists()
    (tmp_path / "away").rename(tmp_path / "blobs")
    assert blobs.get(blobs.put(b"another")) == b"another"
    assert blobs.get(ref) == b"payload"


def test_leftovers_of_a_crash_are_swept_up(kept: tuple[Blobs, BlobRef, Path]) -> None:
    blobs, ref, path = kept
    (path.parent / "cdef.17.new").write_bytes(b"half")
    blobs.sweep()
    assert list(path.parent.iterdir()) == [path]
    assert blobs.get(ref) == b"payload"


def test_several_threads_put_at_once(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "blobs")
    payloads = [bytes([number % 7]) * 3000 for number in range(40)]
    threads = [
        threading.Thread(target=lambda: [blobs.put(data) for data in payloads]) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    files = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    assert len(files) == 7
    assert all(blobs.get(blobs.put(data)) == data for data in payloads)


# ------------------------------------------------------------- payloads of another run, adopted


def test_an_adopted_payload_is_the_same_file_under_a_second_name(
    kept: tuple[Blobs, BlobRef, Path], tmp_path: Path
) -> None:
    theirs, ref, path = kept
    mine = Blobs(tmp_path / "mine", CountingDisk())
    mine.adopt([ref, ref], theirs)
    assert mine.get(ref) == b"payload"
    assert mine.place_of(ref).samefile(path)
    path.unlink()
    assert mine.get(ref) == b"payload"


def test_where_there_are_no_second_names_an_adopted_payload_is_copied(
    kept: tuple[Blobs, BlobRef, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EXDEV, "another file system")

    theirs, ref, path = kept
    monkeypatch.setattr(os, "link", refuse)
    mine = Blobs(tmp_path / "mine", CountingDisk())
    mine.adopt([ref], theirs)
    assert mine.get(ref) == b"payload"
    assert not mine.place_of(ref).samefile(path)


def test_a_payload_that_is_lost_cannot_be_adopted(tmp_path: Path) -> None:
    theirs, mine = Blobs(tmp_path / "theirs"), Blobs(tmp_path / "mine")
    with pytest.raises(BlobMissingError):
        mine.adopt([BlobRef(Digest("ab" * 32), 3)], theirs)
