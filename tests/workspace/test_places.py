"""What each place of the machine is to a confined command."""

import os
from pathlib import Path

import pytest

from workspace import places
from workspace.places import Places, system_places


@pytest.fixture
def land(tmp_path: Path) -> Path:
    for name in ("open/a", "open/b", "open/shut/key", "home/work"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "open" / "file").touch()
    (tmp_path / "open" / "link").symlink_to("shut")
    return tmp_path


def test_the_deepest_row_decides(land: Path) -> None:
    table = (
        Places({})
        .adding("read", [land / "open"])
        .adding("hidden", [land / "open/shut"])
        .adding("write", [land / "open/shut/key"])
    )
    assert table.access(land / "open") == "read"
    assert table.access(land / "open/a/x") == "read"
    assert table.access(land / "open/shut/x") == "hidden"
    assert table.access(land / "open/shut/key/x") == "write"
    assert table.access(land / "openx") == "hidden"
    assert table.access(Path("/")) == "hidden"


def test_the_last_word_on_a_path_holds(land: Path) -> None:
    table = Places({}).adding("hidden", [land]).adding("read", [land])
    assert table.access(land) == "read"


def test_a_path_through_a_symlink_is_known_by_both_names(land: Path) -> None:
    table = Places({}).adding("write", [land / "open/link/key", land / "open/../home"])
    assert table.access(land / "open/link/key") == "write"
    assert table.access(land / "open/shut/key") == "write"
    assert table.access(land / "home") == "write"


def test_rows_come_from_the_top_and_only_where_they_change_something(land: Path) -> None:
    table = (
        Places({})
        .adding("read", [land / "open/a", land / "open", land / "missing"])
        .adding("hidden", [land / "home", land / "open/shut", land / "open/later"])
    )
    assert list(table.rows()) == [(land / "open", "read"), (land / "open/shut", "hidden")]


def test_the_root_can_have_a_row() -> None:
    assert list(Places({}).adding("read", [Path("/")]).rows()) == [(Path("/"), "read")]


def test_a_folder_without_what_is_hidden_in_it_is_its_other_parts(land: Path) -> None:
    table = Places({}).adding("read", [land]).adding("hidden", [land / "open/shut"])
    assert list(table.parts(land / "home")) == [land / "home"]
    assert list(table.parts(land / "open/shut")) == []
    assert list(table.parts(land)) == [
        land / "home", land / "open/a", land / "open/b", land / "open/file",
    ]  # fmt: skip


def test_what_is_hidden_need_not_be_there_yet(land: Path) -> None:
    table = Places({}).adding("read", [land]).adding("hidden", [land / "open/later"])
    assert land / "open" not in table.parts(land)


def test_a_table_can_be_digested(land: Path) -> None:
    table = Places({}).adding("read", [land / "open"])
    assert str(table) == f"read {land}/open\n"


def test_the_system_is_read_and_nothing_of_the_users() -> None:
    table = system_places()
    assert table.access(Path("/usr/bin/env")) == "read"
    assert table.access(Path("/etc/passwd")) == "read"
    for path in ("/home/user/x", "/root/x", "/tmp/x", "/run/x", "/var/lib/docker", "/srv", "/mnt"):
        assert table.access(Path(path)) == "hidden"


@pytest.mark.skipif(os.geteuid() != 0, reason="files' own permissions stop an ordinary user")
def test_root_reads_no_more_than_others(land: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (land / "open/file").chmod(0o640)
    (land / "open/shut").chmod(0o711)
    found = {Path(path) for path in places._shut(land)}
    assert found == {land / "open/file", land / "open/shut"}
    assert system_places().access(Path("/etc/shadow")) == "hidden"
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert list(places._shut(land)) == []
