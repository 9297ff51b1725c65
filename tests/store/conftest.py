"""What the tests of the store share: a run folder, and logs in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from store.jsonl import JsonlLog
from tests.store.disks import CountingDisk
from tests.store.words import CODEC, A, Note, Noted

DESCRIPTORS = Path("/proc/self/fd")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the log of the run R1 is, or would be."""
    folder = tmp_path / "R1"
    folder.mkdir()
    return folder / "events.jsonl"


@pytest.fixture
def written(path: Path) -> Path:
    """A log of seven records: two openings, three decisions of one event, and one of two."""
    with JsonlLog.open(path, CODEC, disk=CountingDisk(), program="1") as log:
        log.append(A, [Noted("one")], expected=0, cause=Note("one"))
        log.append(A, [Noted("two")], expected=1, cause=Note("two"))
        log.append(A, [Noted("three")] * 2, expected=2, cause=Note("three", 2))
    with JsonlLog.open(path, CODEC, disk=CountingDisk(), program="1") as log:
        log.append(A, [Noted("four, and this one is longer")], expected=4, cause=Note("four"))
    return path


@pytest.fixture(autouse=True)
def descriptors_are_closed() -> Iterator[None]:
    """Fail the test that leaves a file open."""
    before = set(DESCRIPTORS.iterdir())
    yield
    left = set(DESCRIPTORS.iterdir()) - before
    assert not left, f"left open: {left}"
