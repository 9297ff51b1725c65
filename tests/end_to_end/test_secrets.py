"""A planted key is looked for in everything that a run leaves and says, in every usual form."""

import base64
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from events.attempt_events import ToolFinished
from tests.end_to_end.project import Ended, Project, trackside
from tests.end_to_end.scripts import command, done, turn, write

CANARY = 'AIza"Sy/canary+0123456789-xyz'
LONG = 40_000
"""Characters around the key in a long output, which is kept beside the log."""


def forms(secret: str) -> set[bytes]:
    """Return what must not be found."""
    return {
        secret.encode(),
        json.dumps(secret)[1:-1].encode(),
        quote(secret, safe="").encode(),
        secret.encode().hex().encode(),
        base64.b64encode(secret.encode())[:-4],
        base64.urlsafe_b64encode(secret.encode())[:-4],
        base64.b64encode(b"x" + secret.encode())[4:-4],
        base64.b64encode(b"xy" + secret.encode())[4:-4],
    }


def left_by(project: Project, *said: Ended) -> Iterator[tuple[str, bytes]]:
    """Give all that there is to read after a run: files, git objects, words."""
    for folder in (project.repo.path / ".trackside", project.cache, project.folder / "state"):
        for path in folder.rglob("*"):
            yield "a name", str(path).encode()
            if path.is_file() and not path.is_symlink():
                yield str(path), path.read_bytes()
    for repository in (project.folder_of() / "git", project.repo.path):
        words = ["git", "cat-file", "--batch-all-objects", "--batch"]
        objects = subprocess.run(words, cwd=repository, capture_output=True, check=True)
        yield f"objects of {repository}", objects.stdout
    for each in said:
        yield "stdout", each.out.encode()
        yield "stderr", each.err.encode()


def assert_nowhere(project: Project, *said: Ended) -> None:
    for where, data in left_by(project, *said):
        for form in forms(CANARY):
            assert form not in data, f"{form!r} is in {where}"


@pytest.fixture(params=["GEMINI_API_KEY", "GEMINI_API_KEY_FILE"])
def planted(
    project: Project, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Path:
    """The key in the environment or in a file that it names, and in one that commands may read."""
    kept = project.folder / "kept"
    kept.write_text(f"{CANARY}\n")
    monkeypatch.setenv(request.param, str(kept) if request.param.endswith("FILE") else CANARY)
    file = project.outside / "key"
    file.write_text(CANARY)
    return file


def test_a_key_in_a_prompt_and_in_tool_output_is_nowhere_to_be_found(
    project: Project, planted: Path
) -> None:
    shown = " ; ".join([
        f"cat {planted}",
        f"base64 -w0 {planted}",
        f"(printf x; cat {planted}) | base64 -w0",
        f"od -An -v -tx1 {planted} | tr -d ' \\n'",
        f"head -c 9 {planted}; tail -c +10 {planted}",
        f"echo {quote(CANARY, safe='')}",
        "exit 1",
    ])  # fmt: skip
    filler = f"head -c {LONG} /dev/zero | tr '\\0' '='"
    project.plan({"id": "A", "description": f"Use the key {CANARY} well."}, title=CANARY)
    turns = [
        turn(command(shown), text=f"I know the key: {CANARY}"),
        turn(command(f"{filler}; cat {planted}; {filler}")),
        turn(write("a.txt", f"key = {CANARY}\n")),
        done("[secret:GEMINI_API_KEY]"),
    ]
    project.script({"A": [turns]})
    ran = project.run("--json", "-v")
    assert ran.code == 0
    told = [
        trackside(*words, "--repo", str(project.repo.path))
        for words in (["log", "run"], ["show", "run"], ["context", "A.1"], ["verify", "run"])
    ]
    assert told[-1].code == 0, told[-1].err
    refused = [str(event.outcome.text) for event in project.events(ToolFinished)]
    assert any(text.startswith("'a.txt': [secret:GEMINI_API_KEY] stands") for text in refused)
    assert_nowhere(project, ran, *told)


def test_a_key_in_the_words_of_a_failure_is_nowhere_to_be_found(
    project: Project, planted: Path
) -> None:
    project.plan({"id": "A", "max_attempts": 1})
    project.script({"A": [[done(f"a prompt with {CANARY}")]]})
    failed = project.run("-v")
    assert failed.code == 1
    unreadable = trackside("run", f"{project.folder}/{quote(CANARY, safe='')}.json")
    assert unreadable.code == 2
    assert "[secret:GEMINI_API_KEY]" in unreadable.err
    assert_nowhere(project, failed, unreadable)


def test_a_key_in_a_traceback_is_nowhere_to_be_found(
    project: Project, planted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.plan({"id": "A"})
    project.script({"A": [[done()]]})

    def fail(*_: object) -> None:
        raise RuntimeError(f"GET /?key={CANARY}")

    monkeypatch.setattr("actors.hands.Hands.perform", fail)
    failed = project.run("-v")
    assert_nowhere(project, failed)
    assert any("[secret:" in path.read_text() for path in project.folder_of().glob("bug-*"))


def test_a_key_that_the_settings_hand_to_commands_is_not_in_what_they_say(
    project: Project, planted: Path
) -> None:
    project.configure("")
    file = project.folder / "config" / "trackside" / "trackside.toml"
    file.write_text(f'{file.read_text()}env = ["GEMINI_API_KEY"]\n')
    project.plan({"id": "A"})
    project.script({"A": [[turn(command('echo "$GEMINI_API_KEY"; env')), done()]]})
    ran = project.run()
    assert ran.code == 0
    assert_nowhere(project, ran)


def test_what_looks_like_a_secret_in_the_output_of_a_command_is_nowhere_to_be_found(
    project: Project,
) -> None:
    token = "ghp_" + "a1B2c3D4e5F6" * 3
    (project.outside / "token").write_text(f"{'x' * LONG}\ntoken={token}\n")
    read = f"cat {project.outside / 'token'}"
    project.plan({"id": "A", "check": f"{read}; true"})
    project.script({"A": [[turn(command(read), command(f"{read} >&2; exit 1")), done()]]})
    ended = project.run()
    assert ended.code == 0, ended.err
    for where, data in left_by(project, ended):
        assert token.encode() not in data, where
    assert any(b"token=[secret:github-token:" in data for _, data in left_by(project))
