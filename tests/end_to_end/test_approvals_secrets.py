"""A key in an answer that a person gives: it is written nowhere, and what is shown is what runs."""

import json
import signal
from pathlib import Path

import pytest

from events.attempt_events import PermitVoided
from tests.end_to_end.people import answers, asked, posted, uses
from tests.end_to_end.project import Project, ended, started, trackside
from tests.end_to_end.scripts import done, turn, write
from tests.end_to_end.test_secrets import CANARY, assert_nowhere, forms
from tests.stopping import stop

COMPLETED, REFUSED, WAITING = 0, 2, 3
A1 = "A.1.c1"
NAME = "[secret:GEMINI_API_KEY]"


@pytest.fixture
def stepping(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with one ticket in step mode, and a key in the environment."""
    monkeypatch.setenv("GEMINI_API_KEY", CANARY)
    project.plan({"id": "A", "step_mode": True})
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    return project


def edited_with_key(project: Project) -> Path:
    file = project.folder / "edited.json"
    file.write_text(json.dumps({"path": "a.txt", "content": f"key = {CANARY}\n"}))
    return file


def test_an_edited_call_with_a_key_is_refused_and_nothing_of_it_is_kept(
    stepping: Project,
) -> None:
    assert stepping.run().code == WAITING
    words = ("run", A1, "--repo", str(stepping.repo.path))
    refused = trackside("approve", *words, "--edit", str(edited_with_key(stepping)))
    assert refused.code == REFUSED
    assert f"{NAME} stands for no secret that is there" in refused.err
    told = trackside("approve", *words)
    assert told.code == COMPLETED
    assert stepping.resume().code == COMPLETED
    assert not stepping.events(PermitVoided)
    assert [use.allowed_by for use in uses(stepping)] == [A1]
    assert stepping.file("a.txt") == "a\n"
    assert_nowhere(stepping, refused, told)


def test_an_edited_prompt_with_a_key_starts_the_worker_without_it(stepping: Project) -> None:
    stepping.script({"A": [[done(f"Use {NAME}.")]]})
    assert stepping.run("--policy", "ask").code == WAITING
    file = stepping.folder / "prompt.txt"
    file.write_text(f"Use {CANARY}.\n")
    words = ("run", "A.1.spawn", "--repo", str(stepping.repo.path), "--edit", str(file))
    told = trackside("approve", *words, "--reason", f"with {CANARY}")
    assert told.code == COMPLETED
    assert f"Use {NAME}." in told.out
    assert stepping.resume().code == WAITING  # for the merge
    assert answers(stepping)[0].reason == f"with {NAME}"
    assert_nowhere(stepping, told)


@pytest.mark.parametrize("option", ["--edit", "--reason"])
def test_a_key_in_an_answer_never_lies_in_the_inbox(option: str, stepping: Project) -> None:
    value = str(edited_with_key(stepping)) if option == "--edit" else f"it is {CANARY}"
    with started(*stepping.words("--wait")) as process:
        asked(stepping, process)
        stop(process)  # so that the message stays where it is
        words = ("approve", "run", A1, "--repo", str(stepping.repo.path), option, value)
        with started(*words) as other:
            (data,) = [file.read_bytes() for file in posted(stepping, other)]
            process.send_signal(signal.SIGCONT)
            assert ended(other).code == (REFUSED if option == "--edit" else COMPLETED)
    for form in forms(CANARY):
        assert form not in data
    assert NAME.encode() in data
