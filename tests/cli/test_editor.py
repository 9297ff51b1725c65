"""A text in the person's own editor."""

import io
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.editor import Editor


@pytest.fixture
def keyboard() -> Iterator[int]:
    fd = os.open(os.devnull, os.O_RDONLY)
    yield fd
    os.close(fd)


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[io.TextIOWrapper]:
    with (tmp_path / "screen").open("w") as file:
        yield file


def script(folder: Path, body: str) -> str:
    path = folder / "an editor.sh"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return f"'{path}' --flag"


def edit(
    keyboard: int, screen: io.TextIOWrapper, command: str, text: str = "one\n", problem: str = ""
) -> str | None:
    editor = Editor(keyboard, screen, {"VISUAL": command, "EDITOR": "false"})
    return editor.edit(text, "text.json", problem)


def test_what_the_person_makes_of_it_comes_back(
    keyboard: int, screen: io.TextIOWrapper, tmp_path: Path
) -> None:
    command = script(tmp_path, 'echo two >>"$2"')
    assert edit(keyboard, screen, command) == "one\ntwo\n"


@pytest.mark.parametrize("body", ["true", ': >"$2"', 'printf "\\n one \\n" >"$2"', "exit 3"])
def test_no_change_is_none(
    body: str, keyboard: int, screen: io.TextIOWrapper, tmp_path: Path
) -> None:
    assert edit(keyboard, screen, script(tmp_path, body)) is None


def test_the_problem_stands_above_the_text_and_is_no_part_of_it(
    keyboard: int, screen: io.TextIOWrapper, tmp_path: Path
) -> None:
    command = script(tmp_path, f'cp "$2" {tmp_path}/seen; echo two >>"$2"')
    problem = "bad\x1b[31m\nand worse"
    assert edit(keyboard, screen, command, problem=problem) == "one\ntwo\n"
    assert (tmp_path / "seen").read_text() == "// bad\\x1b[31m\n// and worse\none\n"


def test_an_editor_that_is_not_there_is_said_so(
    keyboard: int, screen: io.TextIOWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FileNotFoundError):
        edit(keyboard, screen, "/no/such/editor")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(FileNotFoundError, match="no editor is named"):
        Editor(keyboard, screen, {}).edit("one", "text.json")


def test_without_a_name_the_usual_one_is_taken(
    keyboard: int, screen: io.TextIOWrapper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nano = tmp_path / "nano"
    nano.write_text('#!/bin/sh\necho two >>"$1"\n')
    nano.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert Editor(keyboard, screen, {}).edit("one\n", "text.json") == "one\ntwo\n"


def test_an_editor_can_be_ended_by_another_thread(
    keyboard: int, screen: io.TextIOWrapper, tmp_path: Path
) -> None:
    up = tmp_path / "up"
    os.mkfifo(up)
    command = script(tmp_path, f"echo up >{up}; exec sleep 60")
    editor = Editor(keyboard, screen, {"EDITOR": command})
    came: list[str | None] = []
    thread = threading.Thread(target=lambda: came.append(editor.edit("one", "text.json")))
    thread.start()
    assert up.read_text() == "up\n"
    editor.stop()
    thread.join()
    assert came == [None]
    assert editor.edit("one", "text.json") is None
