"""A snapshot and what follows it come to what the whole log comes to."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.world import World, evolve
from replay.archive import Archive
from replay.beginning import VERIFIED, beginning
from replay.errors import MomentUnknownError
from replay.fingerprint import fingerprint
from replay.timeline import Frame, frame_at, seen_at, seen_from
from replay.world_codec import decode_states, encode_states
from store.errors import LogDamagedError, SealBrokenError
from store.run_folder import RunFolder
from store.seal import read_seal, write_seal
from store.vouch import COARSE_NS
from tests.replay.recorded import CODEC, archive_of, copy_of


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a snapshot after nearly every decision."""
    monkeypatch.setattr("replay.album.EVERY", 5)
    monkeypatch.setattr("store.reader.BLOCK_BYTES", 4000)


@pytest.fixture
def album(often: None, baked: RunFolder, tmp_path: Path) -> Archive:
    archive = Archive(baked, CODEC, tmp_path / "album")
    frame_at(archive)
    assert len(list((tmp_path / "album").glob("*.snapshot"))) > 10
    return archive


def worlds(folder: RunFolder) -> Iterator[World]:
    world = World()
    for recorded in archive_of(folder).records():
        world = evolve(world, recorded.stream, recorded.event, recorded.position)
        yield world


def test_a_snapshot_and_the_tail_behind_it_are_the_whole_fold_at_every_position(
    album: Archive, baked: RunFolder
) -> None:
    for world, recorded in zip(worlds(baked), archive_of(baked).records(), strict=True):
        frame = frame_at(album, world.position)
        assert frame.world == world
        assert frame.at == recorded.at
        assert frame.last == frame_at(album).world.position
    assert frame_at(album).world == world


def test_states_make_the_trip_to_bytes_and_back(baked: RunFolder, answered: RunFolder) -> None:
    for folder in (baked, answered):
        for world in worlds(folder):
            data = encode_states(world.states, world.versions, list(world.versions))
            states, versions = decode_states([data])
            assert states == dict(world.states.items())
            assert versions == dict(world.versions.items())


def test_a_state_of_a_plan_that_is_not_whole_makes_the_trip_too(baked: RunFolder) -> None:
    world = next(one for one in worlds(baked) if one.run.standing == "planning")
    data = encode_states(world.states, world.versions, list(world.versions))
    assert decode_states([data])[0] == dict(world.states.items())


def test_snapshots_are_read_and_not_only_written(
    album: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("the log was folded from its start")

    monkeypatch.setattr("replay.timeline._folded", fail)
    assert frame_at(album).world.position > 0
    assert frame_at(album, 100).world.position == 100
    with pytest.raises(MomentUnknownError, match="goes from 1 to"):
        frame_at(album, 100_000)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_harmed_snapshot_changes_nothing(
    album: Archive, baked: RunFolder, tmp_path: Path, data: st.DataObject
) -> None:
    files = sorted((tmp_path / "album").glob("*.snapshot"))
    path = data.draw(st.sampled_from(files))
    whole = path.read_bytes()
    harmed = bytearray(whole)
    harmed[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(harmed)
    try:
        assert frame_at(album, 150).world == frame_at(archive_of(baked), 150).world
    finally:
        path.write_bytes(whole)


def test_what_is_read_on_is_the_log_that_is_vouched_for_whatever_takes_its_place(
    often: None, baked: RunFolder, tmp_path: Path
) -> None:
    folder, kept = copy_of(baked, tmp_path / "copy"), tmp_path / "album"
    archive = Archive(folder, CODEC, kept)
    before = frame_at(archive, 150)
    with beginning(folder.log, kept, 150) as begun:
        folder.log.rename(folder.log.with_name("aside"))
        folder.log.write_text("another log\n")
        assert seen_from(begun, archive, 150, lambda frame: frame) == before


def test_a_look_further_on_keeps_what_it_folds_on_its_way(
    often: None, baked: RunFolder, tmp_path: Path
) -> None:
    archive = Archive(baked, CODEC, tmp_path / "album")
    frame_at(archive, 100)
    first = set((tmp_path / "album").glob("*.snapshot"))
    whole = frame_at(archive).world
    assert len(set((tmp_path / "album").glob("*.snapshot")) - first) > 5
    assert whole == frame_at(archive_of(baked)).world
    assert frame_at(archive, 150).world == frame_at(archive_of(baked), 150).world


def test_a_harmed_time_is_not_believed(album: Archive, baked: RunFolder, tmp_path: Path) -> None:
    path = min((tmp_path / "album").glob("*.snapshot"))
    path.write_bytes(path.read_bytes().replace(b'"at":"2', b'"at":"3', 1))
    assert frame_at(album, int(path.stem)) == frame_at(archive_of(baked), int(path.stem))


def test_a_payload_of_another_shape_is_passed_over(
    album: Archive, baked: RunFolder, tmp_path: Path
) -> None:
    payload = msgspec.msgpack.encode(["nonsense"])
    part = {"size": len(payload), "digest": hashlib.sha256(payload).hexdigest()}
    for path in (tmp_path / "album").glob("*.snapshot"):
        _, _, header = path.read_bytes().partition(b"\n")[0].partition(b" ")
        first = json.dumps(json.loads(header) | {"changed": part, "whole": part}).encode()
        digest = hashlib.sha256(first).hexdigest().encode()
        path.write_bytes(digest + b" " + first + b"\n" + payload + payload)
    assert frame_at(album).world == frame_at(archive_of(baked)).world


def harm_the_beginning(folder: RunFolder) -> None:
    """Change a letter in the first records of a log, so that its end still looks well."""
    data = bytearray(folder.log.read_bytes())
    data[data.index(b'"salt":"') + 8] ^= 1
    folder.log.write_bytes(data)


def test_an_answer_is_not_given_before_the_log_is_vouched_for(
    often: None, baked: RunFolder, tmp_path: Path
) -> None:
    folder = copy_of(baked, tmp_path)
    archive = Archive(folder, CODEC, tmp_path / "album")
    frame_at(archive)
    assert archive.snapshots is not None
    at = archive.snapshots.up_to(150, lambda _: True)[-1].mark.position
    seen: list[int] = []

    def see(frame: Frame) -> NoReturn:
        seen.append(frame.world.position)
        raise KeyError("what a damaged log may lead to")

    with pytest.raises(KeyError):
        seen_at(archive, at, see)
    harm_the_beginning(folder)
    with pytest.raises(LogDamagedError):
        seen_at(archive, at, see)
    assert seen == [at, at]
    with pytest.raises(LogDamagedError):
        seen_at(archive, at, lambda frame: frame)


def test_of_a_log_that_is_not_vouched_for_no_state_is_kept(
    often: None, baked: RunFolder, tmp_path: Path
) -> None:
    folder = copy_of(baked, tmp_path)
    archive = Archive(folder, CODEC, tmp_path / "album")
    frame_at(archive, 50)
    for late in (tmp_path / "album").glob("*.snapshot"):
        if int(late.stem) > 50:
            late.unlink()
    before = set((tmp_path / "album").iterdir())
    harm_the_beginning(folder)
    with pytest.raises(LogDamagedError):
        frame_at(archive)
    assert set((tmp_path / "album").iterdir()) == before


@pytest.mark.parametrize("settled_ns", [0, COARSE_NS * 1000])
def test_a_log_that_was_damaged_since_is_refused_whatever_was_kept_of_it(
    often: None,
    baked: RunFolder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settled_ns: int,
) -> None:
    monkeypatch.setattr("store.vouch.SETTLED_NS", settled_ns)
    folder = copy_of(baked, tmp_path)
    archive = Archive(folder, CODEC, tmp_path / "album")
    frame_at(archive)
    assert (tmp_path / "album" / VERIFIED).exists() is (settled_ns == 0)
    before = folder.log.stat().st_ctime_ns
    data = bytearray(folder.log.read_bytes())
    data[-300] ^= 1
    while folder.log.stat().st_ctime_ns == before:  # until the clock of the disk has moved on
        folder.log.write_bytes(data)
    with pytest.raises(LogDamagedError):
        frame_at(archive, 10)


def test_a_log_that_nobody_touched_is_not_summed_up_again(
    often: None, baked: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.vouch.SETTLED_NS", 0)
    folder = copy_of(baked, tmp_path)
    archive = Archive(folder, CODEC, tmp_path / "album")
    places = (100, 150, frame_at(archive).world.position)
    folded = {place: frame_at(archive_of(baked), place).world for place in places}

    def fail(*_: object) -> None:
        raise AssertionError("the log was summed up again")

    monkeypatch.setattr("store.skim.sum_up", fail)
    for place in places:
        assert frame_at(archive, place).world == folded[place]
    sealed = read_seal(folder.seal)
    assert sealed is not None
    write_seal(folder.seal, msgspec.structs.replace(sealed, sum="0" * 32))
    with pytest.raises(SealBrokenError):
        frame_at(archive)


def test_a_torn_end_is_noticed_with_snapshots_too(
    often: None, baked: RunFolder, tmp_path: Path
) -> None:
    folder = copy_of(baked, tmp_path)
    archive = Archive(folder, CODEC, tmp_path / "album")
    world = frame_at(archive).world
    folder.seal.unlink()
    with folder.log.open("ab") as log:
        log.write(b'{"v":1')
    assert frame_at(archive).world == world
    assert not archive.tail.clean


def test_a_short_log_leaves_no_snapshots(baked: RunFolder, tmp_path: Path) -> None:
    frame_at(Archive(baked, CODEC, tmp_path / "album"))
    assert not (tmp_path / "album").exists()


def test_the_fingerprint_is_that_of_the_code() -> None:
    assert fingerprint() == fingerprint()
    assert len(fingerprint()) == 64
