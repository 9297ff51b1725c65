"""Runs that wait for people: how to see what they ask, and what became of the answers."""

import getpass
import os
import select
import subprocess
import time
from pathlib import Path

from events.approval import Answer, ApprovalAnswered, ApprovalAsked, Question
from events.attempt_words import ToolFinished, ToolStarted
from events.ids import ApprovalId
from events.waiting import waiting
from store.clocks import clocks
from store.watch import Watch
from tests.end_to_end.project import Project

ME = getpass.getuser()
LONGEST_S = 30.0


def asked(project: Project, process: "subprocess.Popen[bytes]", count: int = 1) -> list[Question]:
    """Wait until a live run asks `count` questions at once, and return them, first asked first."""
    log = project.folder_of() / "events.jsonl"
    end = os.pidfd_open(process.pid)
    until = time.monotonic() + LONGEST_S
    try:
        while time.monotonic() < until and not select.select([end], [], [], 0.005)[0]:
            if log.exists() and log.stat().st_size:
                break
        with Watch([log]) as watch:
            while time.monotonic() < until:
                questions = list(waiting(project.world()))
                if len(questions) >= count:
                    return questions
                assert process.poll() is None, "the run has ended"
                watch.wait()
    finally:
        os.close(end)
    raise AssertionError("nothing was asked")


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
