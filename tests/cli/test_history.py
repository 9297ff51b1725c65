"""Runs are found from where a person stands, and read as their logs stand."""

import os
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.errors import NoRepositoryError
from cli.history import fold_log, load_history
from cli.which_run import repository_of
from events.payload import BlobRef
from store.blobs import Blobs
from store.run_folder import RunFolder
from tests.cli.conftest import Told
from tests.histories import begins, ticket
from tests.stories import Story


def test_the_nearest_folder_with_runs_is_the_repository(shop: Path, story: Story) -> None:
    deep = shop / "a" / "b"
    deep.mkdir(parents=True)
    assert repository_of(Namespace(repo=deep)) == shop


def test_a_repository_inside_of_another_has_runs_of_its_own(shop: Path, story: Story) -> None:
    (shop / "inner" / ".git").mkdir(parents=True)
    assert repository_of(Namespace(repo=shop / "inner")) == shop / "inner"


def test_the_working_folder_is_where_the_search_begins(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop)
    assert repository_of(Namespace(repo=None)) == shop


def test_outside_of_any_repository_there_are_no_runs(tmp_path: Path) -> None:
    with pytest.raises(NoRepositoryError, match="name one with --repo"):
        repository_of(Namespace(repo=tmp_path))


@pytest.mark.parametrize(
    "elsewhere", ["../typo", "../empty", "../file", "../file/x", "../loop", "typo", "../.."]
)
def test_what_is_named_is_never_taken_for_the_repository_around_here(
    shop: Path, monkeypatch: pytest.MonkeyPatch, elsewhere: str
) -> None:
    monkeypatch.chdir(shop)
    Path("../empty").mkdir()
    Path("../file").touch()
    Path("../loop").symlink_to("loop")
    with pytest.raises(NoRepositoryError, match="name one with --repo"):
        repository_of(Namespace(repo=Path(elsewhere)))


def test_a_link_is_followed_before_the_search(
    shop: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "elsewhere" / "other"
    (other / ".git").mkdir(parents=True)
    (shop.parent / "link").symlink_to(other)
    monkeypatch.chdir(shop)
    assert repository_of(Namespace(repo=Path("../link"))) == other


@pytest.mark.parametrize(
    "verb", ["run t.json", "resume", "status", "cancel r1", "runs", "check t.json"]
)
def test_an_empty_name_is_no_repository(trackside: Callable[..., Told], verb: str) -> None:
    code, _, err = trackside(*verb.split(), "--repo", "")
    assert code == 2
    assert "--repo: the name of the folder is empty" in err


def test_a_history_is_what_the_writer_believes(shop: Path, story: Story) -> None:
    story.begin(ticket())
    story.work("T1.1")
    history = load_history(RunFolder.find(shop))
    assert history.view.world == story.view.world
    assert history.view.spending == story.view.spending
    assert (history.view.began, history.view.at) == (story.view.began, story.view.at)
    assert history.held_by == os.getpid()
    assert history.standing == "running"
    assert history.note == ""


def test_a_torn_end_is_told_once_nobody_writes(shop: Path, story: Story) -> None:
    story.begin(ticket())
    with RunFolder.find(shop).log.open("ab") as file:
        file.write(b'{"v":1,"posit')
    assert load_history(RunFolder.find(shop)).note == ""
    story.log.close()
    history = load_history(RunFolder.find(shop))
    assert "its end, 13 bytes, is" in history.note
    assert "`trackside resume` sets it aside" in history.note
    assert history.standing == "interrupted"
    assert history.view.world == story.view.world


def test_a_clean_end_has_nothing_to_tell(shop: Path, story: Story) -> None:
    assert fold_log(RunFolder.find(shop).log, lambda _: None) == ""


def test_a_lost_text_says_where_it_should_be(shop: Path, story: Story) -> None:
    folder = RunFolder.find(shop)
    kept = Blobs(folder.blobs).keep("x" * 5000)
    view = load_history(folder).view
    assert view.text(kept) == "x" * 5000
    assert view.text("short") == "short"
    assert isinstance(kept, BlobRef)
    (folder.blobs / kept.blob[:2] / kept.blob[2:]).unlink()
    assert view.text(kept).startswith(f"[5000 bytes in blob {kept.blob[:10]}] (")


def test_a_plan_that_is_not_whole_is_no_plan(shop: Path, story: Story) -> None:
    story.tell("run", begins(ticket(), tickets=2))
    assert load_history(RunFolder.find(shop)).view.world.run.track is None


def test_a_bare_repository_is_named_as_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "objects").mkdir()
    (tmp_path / "HEAD").write_text("ref: refs/heads/main\n")
    with pytest.raises(NoRepositoryError, match="a bare repository has no runs; name one with"):
        repository_of(Namespace(repo=tmp_path))
