"""An answer may come before the run itself has heard that its question is on record."""

import os
import threading

import pytest

from events.approval import Answer, ApprovalAsked
from events.ids import ApprovalId
from store.disk import RealDisk
from store.inbox import GiveAnswer, Inbox, Reply
from tests.end_to_end.project import Project
from tests.end_to_end.scripts import done, turn, write

COMPLETED = 0
TOO_EARLY_S = 0.3
"""A reply that does not wait for the run comes in a fraction of that."""


def test_an_answer_counts_as_soon_as_others_can_read_the_question(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.plan({"id": "A", "step_mode": True})
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    inbox, replied = Inbox(project.folder_of() / "answers"), threading.Event()
    posted, told = list[str](), list[str]()

    def sync(_: RealDisk, fd: int) -> None:
        os.fdatasync(fd)
        if not posted and project.events(ApprovalAsked):
            inbox.open()
            given = GiveAnswer(ApprovalId("A.1.c1"), Answer(verdict="approved", by="ann"))
            posted.append(inbox.post(given))
            replied.wait(TOO_EARLY_S)

    settle = Inbox.settle

    def reply_to(self: Inbox, name: str, reply: Reply) -> None:
        settle(self, name, reply)
        told.append(reply.refusal)
        replied.set()

    monkeypatch.setattr(RealDisk, "fdatasync", sync)
    monkeypatch.setattr(Inbox, "settle", reply_to)
    assert project.run().code == COMPLETED
    assert told == [""]
