"""Every call of the disk may be the last; what was acknowledged is there afterwards."""

from contextlib import suppress
from pathlib import Path

import pytest

from store.blobs import Blobs
from store.errors import BlobDamagedError, BlobMissingError
from store.jsonl import JsonlLog
from store.run_folder import RunFolder
from store.seal import read_seal
from tests.store.disks import FATES, CountingDisk, Crash, CrashingDisk, every_call
from tests.store.words import CODEC, A, Noted

SHARES = (0.0, 0.5, 0.999)
"""How much of the write that is hit gets done."""


def life(disk: CountingDisk, folder: Path, sure: list[str]) -> None:
    """Open the log, record one event, then two in one decision; `sure` is what is acknowledged."""
    with JsonlLog.open(folder / "events.jsonl", CODEC, disk=disk, program="1") as log:
        version = sum(1 for _ in log.read_stream(A))
        for texts in (["x" * 300], ["y" * 300, "z" * 300]):
            log.append(A, [Noted(text) for text in texts], expected=version)
            version += len(texts)
            sure += texts
        log.seal()


def noted(folder: Path) -> list[str]:
    with JsonlLog.open(folder / "events.jsonl", CODEC, disk=CountingDisk(), program="1") as log:
        return [one.event.text for one in log.read() if isinstance(one.event, Noted)]


WHOLE = ["x" * 300, "y" * 300, "z" * 300]


def crash(parent: Path, name: str, at: int, share: float, fate: str) -> tuple[Path, list[str]]:
    """Return the folder that a crash at call `at` leaves, and what was acknowledged before.

    If there is no such call, the power is cut when all is done.
    """
    before = parent / name
    before.mkdir()
    disk, sure = CrashingDisk(at=at, share=share), list[str]()
    with suppress(Crash):
        life(disk, before, sure)
    assert len(disk.calls) in {at, at - 1}
    after = parent / f"{name}-after"
    disk.aftermath(before, after, fate)
    return after, sure


@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("share", SHARES)
def test_a_crash_at_any_call_loses_nothing_that_was_acknowledged(
    tmp_path: Path, fate: str, share: float
) -> None:
    whole = CountingDisk()
    (tmp_path / "whole").mkdir()
    life(whole, tmp_path / "whole", [])
    for at in every_call(whole):
        after, sure = crash(tmp_path, str(at), at, share, fate)
        found = noted(after)
        assert found[: len(sure)] == sure
        assert found in ([], WHOLE[:1], WHOLE)
        read_seal(after / "seal.json")
    after, sure = crash(tmp_path, "end", len(whole.calls) + 1, share, fate)
    assert noted(after) == sure == WHOLE
    assert read_seal(after / "seal.json") is not None


@pytest.mark.parametrize("fate", FATES)
def test_a_crash_at_any_call_of_the_resume_loses_nothing_either(tmp_path: Path, fate: str) -> None:
    torn_at = 9  # the first of the two decisions is written half
    torn, sure = crash(tmp_path, "first", torn_at, 0.5, "kept")
    data = (torn / "events.jsonl").read_bytes()
    assert sure == []
    assert not data.endswith(b"\n")
    for at in range(1, 40):
        again = tmp_path / f"again{at}"
        again.mkdir()
        (again / "events.jsonl").write_bytes(data)
        disk, sure = CrashingDisk(at=at, share=0.5), list[str]()
        disk.synced[(again / "events.jsonl").stat().st_ino] = data
        disk.named[again] = {"events.jsonl": (again / "events.jsonl").stat().st_ino}
        try:
            life(disk, again, sure)
        except Crash:
            after = tmp_path / f"after{at}"
            disk.aftermath(again, after, fate)
            assert noted(after)[: len(sure)] == sure
            dropped = [path.read_bytes() for path in after.glob("torn-*")]
            assert (data[data.rindex(b"\n") + 1 :] in dropped) or sure == []
        else:
            assert at > 20
            return
    pytest.fail("the resume has more calls than were tried")


@pytest.mark.parametrize("fate", FATES)
def test_a_crash_while_a_blob_is_put_leaves_it_whole_or_not_there(
    tmp_path: Path, fate: str
) -> None:
    data = b"payload" * 100
    whole = CountingDisk()
    ref = Blobs(tmp_path / "whole", whole).put(data)
    for at in (*every_call(whole), 0):
        folder = tmp_path / str(at)
        disk = CrashingDisk(at=at, share=0.5)
        with suppress(Crash):
            Blobs(folder, disk).put(data)
        inner = folder / ref.blob[:2]
        if inner.is_dir():
            after = tmp_path / f"{at}-after"
            after.mkdir()
            disk.aftermath(inner, after / ref.blob[:2], fate)
            try:
                assert Blobs(after).get(ref) == data
            except BlobMissingError:
                assert at, "the power was cut when it had been put"
            except BlobDamagedError:
                pytest.fail(f"damaged by a crash at call {at} of {whole.calls}")
            assert Blobs(after, CountingDisk()).put(data) == ref
            assert Blobs(after).get(ref) == data
        if not at:
            assert folder.name in disk.named[tmp_path]
            assert inner.name in disk.named[folder]


def test_a_blob_of_another_run_that_was_adopted_would_survive_a_power_cut(tmp_path: Path) -> None:
    one, disk = Blobs(tmp_path / "one", CountingDisk()), CrashingDisk()
    ref = one.put(b"payload")
    two = Blobs(tmp_path / "two", disk)
    two.adopt([ref], one)
    place = two.place_of(ref)
    assert place.name in disk.named[place.parent]


def test_a_crash_while_a_run_folder_is_made_lets_it_be_made_again(tmp_path: Path) -> None:
    whole = CountingDisk()
    (tmp_path / "whole").mkdir()
    RunFolder.create(tmp_path / "whole", "R1", whole)
    for at in every_call(whole):
        repository = tmp_path / str(at)
        repository.mkdir()
        with pytest.raises(Crash):
            RunFolder.create(repository, "R1", CrashingDisk(at=at, share=0.5))
        folder = RunFolder.create(repository, "R1", CountingDisk())
        assert (repository / ".trackside" / ".gitignore").read_bytes() == b"*\n"
        assert folder.blobs.is_dir()


def test_all_names_of_a_run_folder_that_was_made_would_survive_a_power_cut(tmp_path: Path) -> None:
    disk = CrashingDisk()
    made = RunFolder.create(tmp_path, "R1", disk)
    for path in (made.blobs, made.answers, made.path, made.path.parent, made.path.parents[1]):
        assert path.name in disk.named[path.parent]
