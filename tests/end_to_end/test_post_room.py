"""The inbox of a live run when the world around it does not play along."""

import errno
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from actors.fitting import EditInvalidError, Fitted
from actors.system import Surroundings, System
from cli.post import applied
from cli.post_room import Fit, PostRoom
from cli.sandboxing import sandbox_for
from cli.wiring import OpenRun, opened, workshop_of
from events.approval import Answer
from events.ids import ApprovalId
from events.run_commands import ContinueRun, PauseRun, RecordDelivery
from events.run_events import RunPaused
from models.service import ModelService
from store.clocks import clocks
from store.inbox import GiveAnswer, Inbox, Reply, TellRun
from store.run_folder import RunFolder
from store.watch import Watch
from tests.end_to_end.project import Project
from tests.end_to_end.scripts import done, turn, write
from workspace.command import CommandRunner

WAITING = 3
EDITED = GiveAnswer(ApprovalId("A.1.c1"), Answer(verdict="approved", by="ann"), "edited")


@pytest.fixture
def waiting(project: Project) -> Project:
    """A project whose run waits for a word on A."""
    project.plan({"id": "A", "step_mode": True})
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    assert project.run().code == WAITING
    return project


def inbox_of(project: Project) -> Inbox:
    inbox = Inbox(project.folder_of() / "answers")
    inbox.open()
    return inbox


@contextmanager
def held(project: Project) -> Iterator[tuple[OpenRun, System]]:
    """Hold the run, with actors that have not been started."""
    folder = RunFolder(project.folder_of())
    with opened(folder, project.repo.path) as this:
        settings = this.world.run.facts.settings
        runner = CommandRunner(sandbox_for(settings.sandbox, project.repo.path))
        with closing(runner), closing(ModelService(settings.models, {})) as models:
            around = Surroundings(
                clocks=lambda: clocks(this.view.at),
                deliver=lambda _, commit: RecordDelivery(commit, "none"),
                mourn=lambda _: None,
                stale=lambda _: None,
            )
            workshop = workshop_of(this, runner, models, lambda *_: None)
            system = System(this.log, this.world, workshop, around, settings.models.qa)
            try:
                yield this, system
            finally:
                assert system.stop()


@dataclass
class Visit:
    """What a post room does with what lies in the inbox as it opens."""

    project: Project
    mourned: list[Exception] = field(default_factory=list)

    def reply_to(self, name: str, this: OpenRun, system: System, fit: Fit) -> Reply | None:
        """Return the reply to a message; None if the room has closed for good before it came."""
        inbox = inbox_of(self.project)
        with Watch([inbox.folder]) as watch:

            def mourn(error: Exception) -> None:
                self.mourned.append(error)
                watch.wake()

            with PostRoom(this, system, fit, mourn):
                while (reply := inbox.take_reply(name)) is None and not self.mourned:
                    watch.wait()
                return reply


def refusing(*_: object) -> Fitted:
    raise EditInvalidError("it cannot run")


def fail_once(monkeypatch: pytest.MonkeyPatch, call: str, where: Path) -> list[str]:
    """Have the first call of the system about the place `where` find no descriptor free."""
    real, failed = getattr(os, call), list[str]()

    def fails(path: Any = ".", *rest: Any, **named: Any) -> Any:  # noqa: ANN401 - as the system's
        if not failed and str(path) == str(where):
            failed.append(str(path))
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return real(path, *rest, **named)

    monkeypatch.setattr(os, call, fails)
    return failed


@pytest.mark.parametrize("call", ["scandir", "open"])
def test_a_message_that_cannot_be_read_now_is_read_a_little_later(
    call: str, waiting: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox, visit = inbox_of(waiting), Visit(waiting)
    name = inbox.post(EDITED)
    with held(waiting) as (this, system):
        where = inbox.folder / name if call == "open" else inbox.folder
        failed = fail_once(monkeypatch, call, where)
        reply = visit.reply_to(name, this, system, refusing)
    assert failed
    assert visit.mourned == []
    assert reply == Reply(refusal="it cannot run")


def test_a_message_over_which_the_system_failed_is_taken_again(waiting: Project) -> None:
    name, visit = inbox_of(waiting).post(EDITED), Visit(waiting)
    failed = list[str]()

    def fit(approval: ApprovalId, *_: object) -> Fitted:
        if not failed:
            failed.append(approval)
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return refusing()

    with held(waiting) as (this, system):
        assert visit.reply_to(name, this, system, fit) == Reply(refusal="it cannot run")
    assert visit.mourned == []


def test_a_message_over_which_the_system_fails_holds_up_no_other(waiting: Project) -> None:
    inbox, visit = inbox_of(waiting), Visit(waiting)
    inbox.post(EDITED)
    name = inbox.post(GiveAnswer(ApprovalId("A.9.c9"), EDITED.answer))

    def fit(*_: object) -> Fitted:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with held(waiting) as (this, system):
        reply = visit.reply_to(name, this, system, fit)
    assert reply is not None
    assert "it was never asked" in reply.refusal


def test_a_run_that_has_become_deaf_rests(waiting: Project) -> None:
    name, visit = inbox_of(waiting).post(EDITED), Visit(waiting)

    def fit(*_: object) -> Fitted:
        raise RuntimeError("a bug")

    with held(waiting) as (this, system):
        assert visit.reply_to(name, this, system, fit) is None
        system.start()
        assert system.wait().why == "interrupted"
    assert [str(error) for error in visit.mourned] == ["a bug"]


def test_what_a_message_did_before_a_crash_it_does_not_do_again(waiting: Project) -> None:
    pause = TellRun(PauseRun("ann"))
    name, visit = inbox_of(waiting).post(pause), Visit(waiting)
    with held(waiting) as (this, _):
        for message in (name, pause), ("", TellRun(ContinueRun("bob"))):
            assert applied(this, *message) == Reply()
    with held(waiting) as (this, system):
        system.start()
        assert visit.reply_to(name, this, system, refusing) == Reply()
    assert len(waiting.events(RunPaused)) == 1
