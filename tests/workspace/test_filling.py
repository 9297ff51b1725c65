"""A folder is filled as a whole; where it cannot be, nothing is changed and the place is named."""

import errno
from pathlib import Path

import pytest

from workspace.errors import WorkspaceError
from workspace.filling import filling


def everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.parametrize("name", ["empty", "new", "new/er/still", "link", "up/../new"])
def test_a_folder_that_is_empty_or_missing_is_filled(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("empty")
    with filling(tmp_path / name) as (place, scratch):
        assert place == (tmp_path / name).resolve()
        (scratch / "index").touch()
        (place / "file").touch()
    assert [path.name for path in (tmp_path / name).iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("file", "Not a directory"),
        ("file/x", "Not a directory"),
        ("empty/../file/x/y", "Not a directory"),
        ("dangling", "Not a directory"),
        ("loop", "Not a directory"),
        ("new/" + "n" * 300, "File name too long"),
        ("n" * 300, "File name too long"),
        ("/dev/null", "Not a directory"),
        ("/proc/x", "No such file or directory"),
        ("full", "is not empty"),
    ],
)
def test_a_place_that_cannot_be_filled_is_named_and_nothing_is_made(
    tmp_path: Path, name: str, why: str
) -> None:
    (tmp_path / "file").write_text("kept")
    (tmp_path / "empty").mkdir()
    (tmp_path / "full" / "x").mkdir(parents=True)
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    before = everything(tmp_path)
    with pytest.raises(WorkspaceError, match=why) as refused, filling(tmp_path / name):
        pass
    assert str(refused.value).startswith(str(tmp_path / name))
    assert refused.value.fault is None
    assert everything(tmp_path) == before
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_of_a_folder_that_could_not_be_filled_nothing_is_left(
    tmp_path: Path, error: BaseException
) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("empty", "new/er"):
        with pytest.raises(type(error)), filling(tmp_path / name) as (place, scratch):  # noqa: PT012 - a block
            (scratch / "index").touch()
            (place / "some" / "deep").mkdir(parents=True)
            (place / "some" / "file").touch()
            (place / "some" / "link").symlink_to("/")
            (place / "link").symlink_to(tmp_path)
            raise error
        assert everything(tmp_path) == {"empty"}


def test_a_folder_that_was_made_and_that_somebody_uses_stays(tmp_path: Path) -> None:
    with pytest.raises(KeyError), filling(tmp_path / "new" / "er"):  # noqa: PT012 - a block
        (tmp_path / "new" / "theirs").touch()
        raise KeyError
    assert everything(tmp_path) == {"new", "new/theirs"}
