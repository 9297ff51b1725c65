"""What `search_text` finds, in bounded time."""

import io
import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from workspace import search
from workspace.errors import ToolError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/app.py").write_bytes(b"import os\r\nx = 1\r\n")
    (tmp_path / "src/latin.txt").write_bytes("grün\n".encode("latin-1"))
    (tmp_path / "binary").write_bytes(b"import\0")
    (tmp_path / "long.txt").write_bytes(b"import " + b"y" * 1000 + b"\n")
    (tmp_path / "out").symlink_to("/etc/passwd")
    return tmp_path


def test_matches_come_by_path_and_line(root: Path) -> None:
    found = search.search(root, r"^import|=", "**", 10)
    assert found.lines == [f"long.txt:1:import {'y' * 293} ...", "src/app.py:1:import os",
                           "src/app.py:2:x = 1"]  # fmt: skip
    assert not found.timed_out
    assert search.search(root, "1$", "*.py", 10).lines == ["src/app.py:2:x = 1"]
    assert search.search(root, "ü", "src/*", 10).lines == ["src/latin.txt:1:grün"]
    assert search.search(root, "nowhere", "**", 10).lines == []


def test_no_more_than_asked_for_comes_back(root: Path) -> None:
    assert len(search.search(root, ".", "**", 2).lines) == 2


def test_a_pattern_that_is_none_is_refused(root: Path) -> None:
    with pytest.raises(ToolError, match="'\\(' is no regular expression: missing \\)"):
        search.search(root, "(", "**", 10)


def test_a_catastrophic_pattern_is_ended_and_what_was_found_is_kept(root: Path) -> None:
    (root / "a.txt").write_text("aaaa\n")
    (root / "b.txt").write_text("a" * 60 + "!\n")
    found = search.search(root, "^(a+)+$", "*.txt", 10, timeout_s=2.0)
    assert found == (["a.txt:1:aaaa"], True)


def test_a_searcher_that_dies_is_reported(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ToolError, match="the search ended early: exit code 1"):
        search.search(root, "x", "**", 10)


def test_the_searcher_answers_a_place_and_a_text_a_line(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)
    found = '["src/app.py:2", "x = 1"]\n'
    for pattern, code, words in [("x =", 0, found), ("[", 3, "unterminated")]:
        request = io.TextIOWrapper(io.BytesIO(json.dumps([str(root), pattern, "**", 5]).encode()))
        monkeypatch.setattr(sys, "stdin", request)
        assert search.main() == code
        assert words in capsys.readouterr().out


def test_the_searcher_runs_from_any_folder(root: Path) -> None:
    (root / "workspace").mkdir()
    (root / "workspace/__init__.py").write_text("raise SystemExit('decoy')")
    request = json.dumps([str(root), "x =", "**", 5])
    done = subprocess.run(
        [sys.executable, "-P", "-m", "workspace.search"],
        cwd=root, input=request, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == '["src/app.py:2", "x = 1"]\n'
