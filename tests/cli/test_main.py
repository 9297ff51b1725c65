"""The front door: help, versions, bad usage, pipes that close."""

import json
import os
import subprocess
import sys
from argparse import Namespace
from importlib import import_module
from pathlib import Path

import pytest

from cli.main import COMMANDS, main

HEAVY = (
    "google.genai",
    "opentelemetry",
    "pykka",
    "requests",
    "rich",
    "structlog",
    "tree_sitter",
    "workspace",
    "store",
    "models",
)


OPTIONS = {"--json", "--files", "--at", "3"}


def trackside(*args: str, **extra: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *args],
        env={**os.environ, **extra},
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_lists_every_command_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; from cli.main import main; code = main(['--help'])\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], code)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert said.endswith("[] 0\n")
    for name, entry in COMMANDS.items():
        assert f"  {name} " in said
        assert entry.help in said


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    from importlib.metadata import version

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"trackside {version('trackside')}\n"


def test_without_a_command_the_help_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "usage: trackside COMMAND" in captured.err


def test_an_unknown_command_is_answered_with_the_one_that_was_meant(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["staus"]) == 2
    assert capsys.readouterr().err == (
        "trackside: unknown command staus; did you mean `trackside status`?\n"
    )


@pytest.mark.parametrize("word", ["zzz", "--zzz"])
def test_what_resembles_no_command_is_answered_with_the_help(
    word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([word]) == 2
    assert "`trackside --help` lists the commands" in capsys.readouterr().err


def test_a_wrong_argument_is_one_escaped_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "a", "\x1b[2J"]) == 2
    said = capsys.readouterr().err
    assert said == (
        "trackside check: unrecognized arguments: \\x1b[2J; see `trackside check --help`\n"
    )


def test_the_help_of_a_command_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--help"]) == 0
    assert "usage: trackside check" in capsys.readouterr().out


def test_options_are_not_abbreviated() -> None:
    assert main(["check", "--js", "x"]) == 2


def test_the_console_script_is_this_function() -> None:
    done = trackside("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("trackside ")


@pytest.mark.parametrize(
    "words",
    [
        ["context", "r1", "--", "-x"],
        ["context", "--", "r1", "-x"],
        ["context", "--json", "--", "-r", "-x"],
        ["skip", "--", "r1", "-x"],
        ["diff", "--files", "--", "-r", "-x"],
        ["checkout", "--at", "3", "--", "-r", "-x"],
    ],
)
def test_behind_two_dashes_nothing_is_an_option(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, *rest = words
    command = import_module(COMMANDS[name].module)
    seen: list[Namespace] = []

    def look(args: Namespace) -> int:
        seen.append(args)
        return 0

    monkeypatch.setattr(command, "run", look)
    assert main(words) == 0
    (args,) = map(vars, seen)
    given = [args.get(key) for key in ("run", "ticket", "directory") if args.get(key) is not None]
    typed = [word for word in rest if word not in {"--", *OPTIONS}]
    assert [*map(str, args.get("sides", given))] == typed


def test_a_reader_that_leaves_early_causes_no_complaint() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "schema"],
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(write)
    assert done.stderr == b""
    assert done.returncode == 141


@pytest.mark.parametrize("closing", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("words", ["--version", "doctor", "approvals", "schema track"])
def test_what_was_closed_is_nowhere_and_the_work_is_done(closing: str, words: str) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f'"{sys.executable}" -m cli.main {words} {closing}'],
        capture_output=True,
        check=False,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert bool(done.stdout) == (">&-" not in closing.replace("2>&-", ""))


def test_a_closed_descriptor_is_taken_before_any_file_could_get_it() -> None:
    code = (
        "import os; from cli.main import main; main(['--version'])\n"
        "print(*(os.path.samefile(f'/dev/fd/{n}', os.devnull) for n in range(2)),"
        " *map(os.get_inheritable, range(3)), file=open('/dev/fd/2', 'w'))"
    )
    done = subprocess.run(
        ["/bin/sh", "-c", '"$0" -c "$1" <&- >&-', sys.executable, code],
        capture_output=True,
        check=True,
        text=True,
    )
    assert done.stderr == "True True True True True\n"


def test_a_terminal_that_lacks_a_character_shows_its_code(tmp_path: Path) -> None:
    missing = tmp_path / "träck.toml"
    done = trackside("check", str(missing), PYTHONIOENCODING="ascii")
    assert done.returncode == 2
    assert "tr\\xe4ck.toml: there is no such file" in done.stderr


def test_schemas_are_json() -> None:
    assert json.loads(trackside("schema", "track").stdout)["title"]
