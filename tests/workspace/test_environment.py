"""What a command sees of the environment."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from workspace.environment import command_environment

OURS = {
    "PATH": f"/usr/bin:{sys.prefix}/bin::bin:.:/bin",
    "HOME": "/home/user",
    "LANG": "de_DE.UTF-8",
    "LC_ALL": "C",
    "TZ": "UTC",
    "CI": "1",
    "GEMINI_API_KEY": "canary-1",
    "GOOGLE_API_KEY": "canary-2",
    "AWS_SECRET_ACCESS_KEY": "canary-3",
    "PYTHONPATH": "/somewhere",
    "VIRTUAL_ENV": "/venv",
    "TRACKSIDE_MODEL": "x",
    "MY_FLAG": "on",
    "GIT_DIR": "/elsewhere",
}


def test_only_what_is_on_the_list_gets_in(tmp_path: Path) -> None:
    named = ["MY_FLAG", "GEMINI_API_KEY", "GOOGLE_API_KEY", "PYTHONPATH", "VIRTUAL_ENV", "HOME"]
    root, home = tmp_path / "tree", tmp_path / "home"
    environment = command_environment(root, home, named, OURS)
    assert environment == {
        "CI": "1",
        "GIT_CEILING_DIRECTORIES": str(tmp_path),
        "HOME": str(home),
        "LANG": "de_DE.UTF-8",
        "LC_ALL": "C",
        "MY_FLAG": "on",
        "PATH": "/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TERM": "dumb",
        "TMPDIR": str(home / "tmp"),
        "TZ": "UTC",
    }
    assert list(environment) == sorted(environment)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_without_our_own_environment_path_and_language_have_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    environment = command_environment(tmp_path, tmp_path / "home", (), {})
    assert environment["PATH"] == os.defpath
    assert environment["LANG"] == "C.UTF-8"
    command_environment(tmp_path, tmp_path / "home", (), {})


def test_git_in_a_command_finds_no_repository_further_up(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    root.mkdir()
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    environment = command_environment(root, tmp_path / "home")
    found = subprocess.run(
        ["git", "status"], cwd=root, env=environment, capture_output=True, check=False
    )
    assert b"not a git repository" in found.stderr
