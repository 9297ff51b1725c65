"""A run that goes on keeps states of itself, and vouches for its log when that is closed."""

from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from cli.history import CODEC
from cli.past import archive_of
from cli.places import album_of
from cli.run_album import RunAlbum
from events.run_commands import AssignTickets
from replay.timeline import frame_at
from store.jsonl import JsonlLog
from store.run_folder import RunFolder
from store.snapshots import Snapshots
from store.vouch import status_of
from tests.histories import ticket
from tests.store.disks import CountingDisk
from tests.stories import Story, ticking


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("replay.album.EVERY", 20)
    monkeypatch.setattr("cli.run_album.EVERY", 20)
    return RunFolder.create(tmp_path, "run")


@pytest.fixture
def closed(folder: RunFolder) -> RunAlbum:
    """Return the album of a run that is over, its log closed and not vouched for."""
    *_, album = going_on(folder)
    return album


def going_on(folder: RunFolder) -> Iterator[RunAlbum]:
    """Tell a run in a log that is open for writing; give its album after each of its tickets."""
    names = ("A", "B", "C", "D")
    with JsonlLog.open(folder.log, CODEC, clock=ticking(), disk=CountingDisk()) as log:
        story = Story(log)
        album = RunAlbum(folder, log, story.view)
        log.subscribe(album.take)
        story.begin(*map(ticket, names))
        for name in names:
            tell_all(story, name)
            assert frame_at(archive_of(folder)).world == story.view.world
            yield album


def tell_all(story: Story, name: str) -> None:
    """Tell a ticket from its assignment to its end."""
    story.tell("run", AssignTickets())
    story.work(f"{name}.1")
    story.complete(f"{name}.1")


def is_known(folder: RunFolder) -> bool:
    vouches = archive_of(folder).vouches
    assert vouches is not None
    return vouches.hold(status_of(folder.log.stat()))


def places_of(folder: RunFolder) -> list[int]:
    """Return the positions of the snapshots that build on each other."""
    snapshots = archive_of(folder).snapshots
    assert snapshots is not None
    return [one.mark.position for one in snapshots.up_to(10**6, lambda _: True)]


def test_who_looks_while_it_goes_on_begins_with_what_it_kept(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> NoReturn:
        raise AssertionError("the log was folded from its start")

    monkeypatch.setattr("replay.timeline._folded", fail)
    counts = [len(places_of(folder)) for _ in going_on(folder)]
    assert counts[0] > 0
    assert counts[-1] > 2


def test_a_log_is_vouched_for_once_it_is_closed(folder: RunFolder, closed: RunAlbum) -> None:
    while folder.log.stat().st_ctime_ns % 10**9 == 0:  # by chance, like that of a coarse clock
        folder.log.touch()
    closed.vouch()
    assert is_known(folder)


def test_who_interrupts_that_ends_a_run_that_is_over(
    folder: RunFolder, closed: RunAlbum, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("store.skim.os.fstat", interrupt)
        closed.vouch()
    assert not is_known(folder)


def test_a_run_goes_on_without_an_album_that_fails(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> NoReturn:
        raise RuntimeError("a bug")

    with JsonlLog.open(folder.log, CODEC, clock=ticking(), disk=CountingDisk()) as log:
        story = Story(log)
        log.subscribe(RunAlbum(folder, log, story.view).take)
        story.begin(ticket("A"), ticket("B"))
        with monkeypatch.context() as patch:
            patch.setattr("replay.album.encode_states", fail)
            tell_all(story, "A")
        tell_all(story, "B")
        assert story.view.world.run.plan.count("completed") == 2
    assert not album_of(folder.path).exists()


def test_states_are_those_of_the_program_that_the_run_began_with(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with JsonlLog.open(folder.log, CODEC, clock=ticking(), disk=CountingDisk()) as log:
        story = Story(log)
        with monkeypatch.context() as patch:
            patch.setattr("cli.run_album.fingerprint", lambda: "as it was")
            log.subscribe(RunAlbum(folder, log, story.view).take)
        story.begin(ticket("A"))
        tell_all(story, "A")
    kept = Snapshots(album_of(folder.path), "as it was")
    assert len(kept.up_to(10**6, lambda _: True)) == 1
    assert places_of(folder) == []


def test_a_log_that_is_gone_by_then_is_no_fault_of_the_run(
    folder: RunFolder, closed: RunAlbum
) -> None:
    folder.log.unlink()
    closed.vouch()
