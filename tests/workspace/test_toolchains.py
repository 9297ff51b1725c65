"""Where the interpreters of a machine are."""

import sys
from pathlib import Path

import pytest

from workspace.toolchains import toolchains


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "base_prefix", "/no/such")
    made = tmp_path / "home"
    made.mkdir()
    return made


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(0o755)
    return path


def found(home: Path, *folders: str) -> set[str]:
    path = ":".join(str(home / folder) for folder in folders)
    every = toolchains(path, [home], lambda place: not place.is_relative_to(home.parent))
    return {str(each.relative_to(home)) for each in every}


@pytest.mark.parametrize("mark", ["lib", "lib64", "libexec"])
def test_an_installation_is_visible_as_a_whole(home: Path, mark: str) -> None:
    program(home / ".pyenv/shims/python")
    (home / ".pyenv" / mark).mkdir()
    assert found(home, ".pyenv/shims") == {".pyenv"}


def test_a_folder_of_programs_beside_credentials_is_visible_alone(home: Path) -> None:
    program(home / ".cargo/bin/cargo")
    (home / ".cargo/credentials.toml").touch()
    assert found(home, ".cargo/bin") == {".cargo/bin"}


def test_neither_the_home_nor_what_is_above_it_is_ever_visible(home: Path) -> None:
    for lib in (home / "lib", home / ".local/lib"):
        lib.mkdir(parents=True)
    program(home / "bin/x")
    program(home / ".local/bin/y")
    (home.parent / "link").symlink_to("home")
    folders = (".", "..", "../link", "bin", ".local", ".local/bin")
    assert found(home, *folders) == {"bin", ".local/bin"}


def test_of_a_repository_only_its_programs_are_visible(home: Path) -> None:
    repository = home / "work"
    program(repository / "bin/rails")
    (repository / "lib").mkdir()
    every = toolchains(f"{repository}/bin", [home, repository], lambda _: False)
    assert every == {repository / "bin"}


def test_symlinks_are_followed_step_by_step_to_what_they_need(home: Path) -> None:
    program(home / "uv/python/cpython-3.13.1/bin/python3.13")
    (home / "uv/python/cpython-3.13.1/lib").mkdir()
    (home / "uv/python/cpython-3.13").symlink_to("cpython-3.13.1")
    (home / "tools/ruff/bin").mkdir(parents=True)
    (home / "tools/ruff/pyvenv.cfg").touch()
    program(home / "tools/ruff/bin/ruff")
    (home / "tools/ruff/bin/python").symlink_to(home / "uv/python/cpython-3.13/bin/python3.13")
    (home / ".local/bin").mkdir(parents=True)
    (home / ".local/bin/ruff").symlink_to("../../tools/ruff/bin/ruff")
    assert found(home, ".local/bin") == {".local/bin", "tools/ruff", "uv/python/cpython-3.13"}


def test_a_symlink_in_a_visible_place_may_lead_to_a_hidden_one(home: Path, tmp_path: Path) -> None:
    program(home / "python/bin/python3")
    (home / "python/lib").mkdir()
    (tmp_path / "local/bin").mkdir(parents=True)
    (tmp_path / "local/alternative").symlink_to(home / "python/bin/python3")
    (tmp_path / "local/bin/python").symlink_to("../alternative")
    (tmp_path / "local/bin/loop").symlink_to("loop")
    every = toolchains(
        f"{tmp_path}/local/bin", [home], lambda place: place.is_relative_to(tmp_path / "local")
    )
    assert every == {home / "python"}


def test_of_a_script_elsewhere_the_file_alone_is_visible(home: Path) -> None:
    program(home / "notes/run.sh")
    (home / "bin").mkdir()
    (home / "bin/run").symlink_to("../notes/run.sh")
    (home / "bin/lost").symlink_to("../notes/lost.sh")
    (home / "bin/env").symlink_to("/usr/bin/env")
    (home / "bin/notes").symlink_to("../notes")
    assert found(home, "bin") == {"bin", "notes/run.sh"}


def test_what_is_missing_or_visible_anyway_is_left_out(home: Path) -> None:
    assert found(home, "missing/bin") == set()
    assert toolchains("/usr/bin:bin::/usr/lib", [home], lambda _: True) == set()


def test_the_python_that_trackside_rests_on_is_among_them(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(home / "python/bin/python3")
    (home / "python/lib").mkdir()
    monkeypatch.setattr(sys, "base_prefix", str(home / "python"))
    assert found(home) == {"python"}
