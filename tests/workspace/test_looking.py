"""Of a result that is cut at the cap, all is kept, within a bound of its own."""

import os
from pathlib import Path

import pytest

from workspace import looking
from workspace.capping import Cap
from workspace.looking import Seen, look
from workspace.tool_schemas import (
    ListFiles,
    ReadArguments,
    ReadFile,
    ReadOutput,
    SearchText,
    ViewFile,
)

FEW, PLENTY = Cap(bytes=1000, lines=2), Cap(bytes=10_000, lines=100)
CODE = "def a():\n    return 1\n\n\ndef b():\n    return 2\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("a.py", "b.py", "c.py"):
        (tmp_path / name).write_text(CODE)
    return tmp_path


def seen(root: Path, arguments: ReadArguments, cap: Cap = FEW) -> Seen:
    return look(root, arguments, {"c1": "1\n2\n3\n"}.get, cap)


@pytest.mark.parametrize(
    ("arguments", "whole"),
    [
        (ReadFile("a.py"), CODE.removesuffix("\n")),
        (ReadFile("a.py", start_line=2, end_line=4), "    return 1\n\n"),
        (ListFiles(), "a.py\nb.py\nc.py"),
        (SearchText("return 1"), "a.py:2:    return 1\nb.py:2:    return 1\nc.py:2:    return 1"),
    ],
)
def test_what_is_cut_is_kept_whole(root: Path, arguments: ReadArguments, whole: str) -> None:
    assert seen(root, arguments).whole == whole
    assert seen(root, arguments, PLENTY).whole == ""


def test_a_view_that_is_cut_is_kept_whole(root: Path) -> None:
    view = ViewFile("a.py", view="curated")
    whole = seen(root, view).whole
    assert seen(root, view, PLENTY).text.startswith(whole)
    assert whole.count("\n") >= 2


def test_names_that_no_tool_takes_are_counted_and_spelled_out(tmp_path: Path) -> None:
    (tmp_path / "bad\tfolder").mkdir()
    for name in ("a\tb.txt", "back\\slash.txt", ".git", "c\n[d].py"):
        (tmp_path / name).touch()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt")).touch()
    assert seen(tmp_path, ListFiles()).text == (
        "[no file fits **]\n[5 left out, whose names no tool takes:"
        r" a\tb.txt, back\slash.txt, bad\tfolder/ and 2 more; a command can rename them]"
    )
    (tmp_path / "good.txt").touch()
    assert seen(tmp_path, ListFiles("*.py")).text.endswith(
        "[2 left out, whose names no tool takes:"
        r" bad\tfolder/, c\n[d].py; a command can rename them]"
    )
    assert seen(tmp_path, ListFiles(), PLENTY).text.startswith("good.txt\n[5 left out")


def test_a_slice_of_what_is_kept_is_not_kept_again(root: Path) -> None:
    assert seen(root, ReadOutput("c1", 1, 3)).whole == ""


def test_what_is_kept_is_bounded(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "KEPT", Cap(bytes=8, lines=100))
    monkeypatch.setattr(looking, "MAX_HITS", 2)
    assert seen(root, ListFiles()).whole == "a.py\n[... 1 lines, 6 bytes cut here ...]\nc.py"
    assert "[2 of more than 2 matches;" in seen(root, SearchText("return")).text
