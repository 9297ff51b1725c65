"""The code of a run at any moment, as files."""

from pathlib import Path

import pytest

from cli.main import main
from events.ids import TicketId
from replay.errors import NotInHistoryError
from replay.timeline import frame_at
from replay.trees import tree_at
from store.run_folder import RunFolder
from tests.git_repo import contents
from tests.replay.recorded import FILES, archive_of


def test_the_tip_grows_with_every_completed_ticket(
    baked: RunFolder, checkout: Path, tmp_path: Path
) -> None:
    archive = archive_of(baked)
    repository = archive.repository(checkout)
    repository.checkout_to(tree_at(frame_at(archive, 10).world), tmp_path / "base")
    expected = {
        path: text.encode() if isinstance(text, str) else text for path, text in FILES.items()
    }
    assert {path: data for path, (_, data) in contents(tmp_path / "base").items()} == expected
    repository.checkout_to(tree_at(frame_at(archive).world), tmp_path / "tip")
    tip = contents(tmp_path / "tip")
    assert tip["app/notes.txt"][1] == b"one\r\nzwei\r\ndrei\r\n"
    assert tip["build/x.txt"][1] == b"made by a hand\r\n"
    assert tip["tool.sh"][0]
    assert "app/old.py" not in tip


def test_a_ticket_has_the_worktree_of_its_last_attempt(
    baked: RunFolder, checkout: Path, tmp_path: Path
) -> None:
    archive = archive_of(baked)
    edits = [
        one.position
        for one in archive.records()
        if one.stream == "attempt/base.1" and type(one.event).__name__ == "ToolFinished"
    ]
    world = frame_at(archive, edits[2]).world
    repository = archive.repository(checkout)
    repository.checkout_to(tree_at(world, TicketId("base")), tmp_path / "worktree")
    worktree = contents(tmp_path / "worktree")
    assert worktree["app/greet.py"][1] == b"def greet(name:\n"
    assert "app/new/made.py" not in worktree


def test_there_is_no_worktree_before_somebody_works(baked: RunFolder) -> None:
    world = frame_at(archive_of(baked)).world
    with pytest.raises(NotInHistoryError, match='nobody had begun to work on ticket "after"'):
        tree_at(world, TicketId("after"))
    with pytest.raises(NotInHistoryError, match='no ticket "nobody"'):
        tree_at(world, TicketId("nobody"))


@pytest.mark.parametrize("name", ["file", "file/x", "dangling", "n" * 300, "/dev/null", "/proc/x"])
def test_a_place_that_can_be_no_folder_is_refused_in_one_line(
    checkout: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to("nowhere")
    assert main(["checkout", "baked", str(tmp_path / name), "--repo", str(checkout)]) == 2
    out, err = capfd.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"trackside: {tmp_path / name}: ")
    assert err.endswith("; name an empty folder that can be written, or a new one\n")
    assert not (tmp_path / "nowhere").exists()


def test_no_place_at_all_is_refused(checkout: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["checkout", "baked", "", "--repo", str(checkout)]) == 2
    assert "argument DIR: the name of the folder is empty" in capfd.readouterr().err
