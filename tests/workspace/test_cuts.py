"""Wherever a text is cut, it was without secrets before: no half of one gets through."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from events.conversation import RequestedCall
from events.diagnosis import source_excerpt
from events.ids import CallId
from events.secret_patterns import without_secrets
from events.settings import Context, Limits
from tests.workspace.test_context import BRIEF
from workspace.command import CommandResult, CommandRunner
from workspace.context import FileAt, assemble
from workspace.tools import Toolbox, outcome_of

BODY = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
TOKEN = f"ghp_{BODY}"
KNOWN = f"known-{BODY}"
HALVES = {BODY[at : at + 6] for at in range(len(BODY) - 5)}
TEXT = "".join(f"{'=' * (29 * n % 61)} '{TOKEN}' {KNOWN}\n" for n in range(12))
CAPS = range(40, 400, 7)


def redact(text: str) -> str:
    return without_secrets(text.replace(KNOWN, "[secret:GEMINI_API_KEY]"))


def nothing_kept(_call: CallId) -> None:
    """Return the output of no call."""


def assert_whole(text: str) -> None:
    found = [half for half in HALVES if half in text]
    assert not found, f"{found} in {text}"


@pytest.fixture(scope="module")
def runner() -> Iterator[CommandRunner]:
    with closing(CommandRunner(grace_s=0.2)) as made:
        yield made


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {
        "keys.txt": TEXT,
        "keys.py": "".join(
            f'def f{n}(key="{TOKEN}{n}", other="{KNOWN}"): ...\n' for n in range(12)
        ),
        "long.txt": "".join(f"{'=' * n}'{TOKEN}' {KNOWN}\n" for n in range(200, 300, 3)),
        "longer.txt": f"{'=' * 9_980}{TOKEN}\n{'=' * 4_080}{KNOWN}\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    for number in range(9):
        (tmp_path / f"{number}-{TOKEN}{number}").touch()
    return tmp_path


def text_of(tools: Toolbox, tool: str, **arguments: object) -> str:
    ran = tools.run(RequestedCall(tool, json.dumps(arguments)), CallId("c1")).result(30)
    assert ran.outcome.ok, ran.outcome.text
    return f"{ran.outcome.text}{ran.outcome.output}"


def test_no_half_of_a_secret_is_looked_at(root: Path, runner: CommandRunner) -> None:
    for size in CAPS:
        limits = Limits(result_bytes=size, result_lines=1 + size % 9)
        tools = Toolbox(root, limits, nothing_kept, runner, {}, "T1.1", redact=redact)
        assert_whole(text_of(tools, "read_file", path="keys.txt", start_line=1 + size % 11))
        assert_whole(text_of(tools, "view_file", path="keys.py", view="skeleton"))
        assert_whole(text_of(tools, "view_file", path="keys.py", view="curated", symbol="f3"))
        assert_whole(text_of(tools, "list_files"))
    tools = Toolbox(root, Limits(), nothing_kept, runner, {}, "T1.1", redact=redact)
    assert_whole(text_of(tools, "search_text", pattern="=|def|secret:"))
    assert "secret:github-token:" in text_of(tools, "search_text", pattern="'ghp_")


def test_no_half_of_a_secret_is_printed() -> None:
    for size in CAPS:
        limits = Limits(result_bytes=size, result_lines=1 + size % 9)
        result = CommandResult(0, None, False, False, 0.1, TEXT.encode(), 1, "", 0, 0)
        assert_whole(str(outcome_of("cat", result, limits, redact).text))


def test_no_half_of_a_secret_is_in_a_context(root: Path) -> None:
    def read(path: str) -> FileAt:
        return FileAt((root / "keys.txt").read_bytes() * 3, path)

    told = [assemble(BRIEF, read, Context(raw_max_tokens=most), redact).message for most in CAPS]
    for message in told:
        assert_whole(message)
    assert any("[secret:github-token:" in message for message in told)


def test_a_context_tells_the_sizes_and_the_id_of_the_file_itself(root: Path) -> None:
    data = (root / "keys.txt").read_bytes()
    made = assemble(BRIEF, lambda _: FileAt(data, "its id"), Context(), redact)
    assert {(view.size_bytes, view.blob) for view in made.views} == {(len(data), "its id")}
    assert any("[secret:...] stands for a secret" in view.note for view in made.views)
    plain = assemble(BRIEF, lambda _: FileAt(b"x = 1\n", "its id"), Context(), redact)
    assert all("[secret:" not in view.note for view in plain.views)


def test_no_half_of_a_secret_is_in_an_excerpt() -> None:
    for line in range(1, 12):
        assert_whole(source_excerpt(redact(TEXT * 4), line))


def test_a_command_with_a_placeholder_is_refused(root: Path, runner: CommandRunner) -> None:
    tools = Toolbox(root, Limits(), nothing_kept, runner, {}, "T1.1")
    for placeholder in (without_secrets(TOKEN), "[secret:GEMINI_API_KEY]"):
        asked = RequestedCall(
            "run_command", json.dumps({"command": f"echo '{placeholder}' > made"})
        )
        outcome = tools.run(asked, CallId("c1")).result(30).outcome
        assert not outcome.ok
        assert str(outcome.text).startswith(f"'command': {placeholder} stands for no secret")
        assert tools.preview(asked).startswith("refused: 'command'")
    assert not (root / "made").exists()


def test_a_file_with_secrets_is_read_with_a_word_about_them(
    root: Path, runner: CommandRunner
) -> None:
    tools = Toolbox(root, Limits(), nothing_kept, runner, {}, "T1.1", redact=redact)
    (root / "plain.txt").write_text("see [secret:NAME]\n")
    assert text_of(tools, "read_file", path="plain.txt") == "see [secret:NAME]"
    told = text_of(tools, "read_file", path="keys.txt", start_line=2, end_line=2)
    assert "\n[[secret:...] stands for a secret: write it as it is" in told


def test_a_worker_is_sent_to_read_output_only_if_it_has_it(
    root: Path, runner: CommandRunner
) -> None:
    for names, told in ((("list_files", "read_output"), True), (("list_files",), False)):
        limits = Limits(result_lines=2)
        tools = Toolbox(root, limits, nothing_kept, runner, {}, "T1.1", names)
        assert ("read_output" in text_of(tools, "list_files")) is told
