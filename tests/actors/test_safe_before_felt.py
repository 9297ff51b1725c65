"""Nothing is felt outside of a run before what led to it would survive a power cut."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import cli.conduct
from events.approval import Answer
from events.attempt_due import CallModel, RunCheck, RunSetup, RunTool
from events.attempt_due import due as due_of_attempt
from events.ids import ApprovalId, AttemptId, TicketId
from events.run import Deliver
from events.run import due as due_of_run
from events.run_commands import SkipTicket
from models.service import ModelService
from store.inbox import GiveAnswer, Inbox, Message, Reply, TellRun
from store.jsonl import JsonlLog
from store.watch import Watch
from tests.end_to_end.project import Project
from tests.end_to_end.scripts import command, done, turn, write
from workspace import files
from workspace.command import CommandRunner

COMPLETED = 0
FOR_EVER_S = 1e6

Look = Callable[..., str]
"""Returns what a caller is about to do, as the log on disk has it by then."""


@pytest.fixture
def patient(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose log brings nothing to disk that nobody waits for."""
    opened = partial(JsonlLog.open, linger_s=FOR_EVER_S)
    monkeypatch.setattr("cli.wiring.JsonlLog.open", opened)
    return project


def watch(patch: pytest.MonkeyPatch, owner: Any, name: str, look: Look, seen: set[str]) -> None:  # noqa: ANN401  # a class or a module
    real = getattr(owner, name)

    def watched(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # whatever it is given
        seen.add(look(*args))
        return real(*args, **kwargs)

    patch.setattr(owner, name, watched)


def test_a_step_is_taken_once_the_log_on_disk_owes_it(
    patient: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient.plan({"id": "A"}, setup="true", check="test -f a.txt")
    patient.script({"A": [[turn(write("a.txt", "a\n"), command("true")), done()]]})
    seen = set[str]()

    def owed(attempt: str, by: str) -> str:
        step = due_of_attempt(patient.world().attempt(AttemptId(attempt)))
        return f"{by} for {type(step).__name__}"

    def by_model(_: object, prompt: Any) -> str:  # noqa: ANN401  # a prompt
        return owed(f"{prompt.key.ticket}.{prompt.key.attempt}", "model")

    def by_command(_: object, text: str, cwd: Path, *__: object) -> str:
        return owed(cwd.name, f"command {text}")

    def by_edit(root: Path, *_: object) -> str:
        return owed(root.name, "edit")

    def by_delivery(*_: object) -> str:
        steps = due_of_run(patient.world().run)
        return f"delivery for {', '.join(type(step).__name__ for step in steps)}"

    watch(monkeypatch, ModelService, "submit", by_model, seen)
    watch(monkeypatch, CommandRunner, "run", by_command, seen)
    watch(monkeypatch, files, "write", by_edit, seen)
    watch(monkeypatch, cli.conduct, "deliver", by_delivery, seen)
    assert patient.run().code == COMPLETED
    assert seen == {
        f"model for {CallModel.__name__}",
        f"command true for {RunSetup.__name__}",
        f"command true for {RunTool.__name__}",
        f"command test -f a.txt for {RunCheck.__name__}",
        f"edit for {RunTool.__name__}",
        f"delivery for {Deliver.__name__}",
    }


ANSWERED = GiveAnswer(ApprovalId("A.1.c1"), Answer(verdict="approved", by="ann"))
SKIPPED = TellRun(SkipTicket(TicketId("A"), "ann"))


@pytest.mark.parametrize("message", [ANSWERED, SKIPPED], ids=["answer", "command"])
def test_a_person_is_told_of_a_word_once_it_is_safe(
    patient: Project, monkeypatch: pytest.MonkeyPatch, message: Message
) -> None:
    asked, go = patient.fifo("asked"), patient.fifo("go")
    patient.plan({"id": "A", "step_mode": True}, {"id": "B"})
    wait = command(f"echo up >{asked}; cat {go}")
    patient.script({"A": [[turn(write("a.txt", "a\n")), done()]], "B": [[turn(wait), done()]]})
    inbox, told = Inbox(patient.folder_of() / "answers"), set[str]()

    def by_reply(_: object, name: str, reply: Reply) -> str:
        on_disk = name in (patient.folder_of() / "events.jsonl").read_text()
        return f"{reply.refusal or 'taken'}, {'safe' if on_disk else 'not safe'}"

    def person() -> None:
        asked.read_text()
        name = inbox.post(message)
        with Watch([inbox.folder]) as letterbox:
            while inbox.take_reply(name) is None:
                letterbox.wait()
        go.write_text("go\n")

    watch(monkeypatch, Inbox, "settle", by_reply, told)
    with ThreadPoolExecutor(1) as other:
        ended = other.submit(person)
        assert patient.run("--workers", "1").code == COMPLETED
        ended.result()
    assert told == {"taken, safe"}
