"""Runs that wait for people: how to see what they ask, and what became of the answers."""

import getpass
import select
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from events.approval import Answer, ApprovalAnswered, ApprovalAsked, Question
from events.attempt_events import ToolFinished, ToolStarted
from events.ids import ApprovalId
from events.waiting import waiting
from store.clocks import clocks
from store.watch import Watch
from tests.end_to_end.project import Project

ME = getpass.getuser()
LONGEST_S = 30.0


def asked(project: Project, process: "subprocess.Popen[bytes]", count: int = 1) -> list[Question]:
    """Wait until a live run asks `count` questions at once, and return them, first asked first."""
    return _until(project, process, count, lambda: list(waiting(project.world())))


def put(project: Project, process: "subprocess.Popen[bytes]") -> Question:
    """Wait until a live run has put a question, though its time may be over by now."""
    return _until(project, process, 1, lambda: questions(project))[0]


def _until(
    project: Project,
    process: "subprocess.Popen[bytes]",
    count: int,
    found: Callable[[], list[Question]],
) -> list[Question]:
    log = project.folder_of() / "events.jsonl"
    until = time.monotonic() + LONGEST_S
    while not (log.exists() and log.stat().st_size):
        _check_lives(process, until)
        select.select([], [], [], 0.005)  # there is no folder yet that could be watched
    with Watch([log]) as watch:
        while len(there := found()) < count:
            _check_lives(process, until)
            watch.wait()
        return there


def _check_lives(process: "subprocess.Popen[bytes]", until: float) -> None:
    if process.poll() is not None:
        raise AssertionError(f"the run has ended: {process.communicate()}")
    assert time.monotonic() < until, "nothing was asked"


def posted(project: Project, sender: "subprocess.Popen[bytes]") -> list[Path]:
    """Wait until another process has left a message in the inbox, and return its file."""
    until = time.monotonic() + LONGEST_S
    with Watch([project.folder_of() / "answers"]) as watch:
        while not (there := messages(project)):
            assert sender.poll() is None, f"the sender has ended: {sender.communicate()}"
            assert time.monotonic() < until, "no message came"
            watch.wait(0.5)
    return there


def messages(project: Project) -> list[Path]:
    """The messages in the inbox; one that is still being written is none."""
    return list((project.folder_of() / "answers").glob("[!.]*.json"))


def open_questions(project: Project) -> list[ApprovalId]:
    return [question.approval for question in waiting(project.world())]


def wait_for_expiry(project: Project, approval: str) -> None:
    """Let the time of a question run out."""
    left_s = project.world().approval(ApprovalId(approval)).left_s(clocks())
    assert left_s is not None
    select.select([], [], [], left_s)


def answers(project: Project) -> list[Answer]:
    """Every answer on record, in order."""
    return [event.answer for event in project.events(ApprovalAnswered)]


def uses(project: Project) -> list[ToolStarted]:
    """Every tool call that was started, in order; those that only read are none."""
    return [event for event in project.events(ToolStarted) if event.action.effect != "read"]


def refusals(project: Project) -> list[str]:
    """What models were told of calls that did not run."""
    return [str(event.outcome.text) for event in project.events(ToolFinished) if event.refused]


def questions(project: Project) -> list[Question]:
    """Every question on record, in order."""
    return [event.question for event in project.events(ApprovalAsked)]


def editor(folder: Path, script: str) -> dict[str, str]:
    """Return the variables that name an editor: a shell script that gets the file as ``$1``."""
    path = folder / "editor.sh"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return {"VISUAL": str(path)}
