"""Messages to a run: what is left of a crash, what nobody can read, and what comes twice."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.holder import holder_of
from events.approval import Answer, ApprovalAnswered
from events.ids import ApprovalId, TicketId
from events.run_commands import PauseRun, SkipTicket
from store.failpoint import VARIABLE
from store.inbox import GiveAnswer, Inbox, Message, Reply, TellRun
from store.watch import Watch
from tests.end_to_end.people import answers, asked, open_questions, refusals, uses
from tests.end_to_end.project import TRACKSIDE, Project, ended, started, trackside
from tests.end_to_end.scripts import done, turn, write

COMPLETED, BLOCKED, BAD_INPUT, WAITING = 0, 1, 2, 3
A1 = ApprovalId("A.1.c1")
YES = Answer(verdict="approved", by="ann", via="command")
EDITED = json.dumps({"path": "a.txt", "content": "edited\n"})


@pytest.fixture
def stepping(project: Project) -> Project:
    project.plan({"id": "A", "step_mode": True})
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    return project


def inbox_of(project: Project) -> Inbox:
    return Inbox(project.folder_of() / "answers")


def replied(inbox: Inbox, name: str) -> Reply:
    with Watch([inbox.folder]) as watch:
        while (reply := inbox.take_reply(name)) is None:
            watch.wait()
    return reply


# ------------------------------------------------------------------------- left for a resume


def test_what_lies_in_the_inbox_is_applied_by_the_next_resume(stepping: Project) -> None:
    assert stepping.run().code == WAITING
    inbox = inbox_of(stepping)
    first = inbox.post(GiveAnswer(A1, YES, EDITED))
    second = inbox.post(GiveAnswer(A1, Answer(verdict="rejected", by="bob")))
    assert stepping.resume().code == COMPLETED
    assert stepping.file("a.txt") == "edited\n"
    assert "+edited" in replied(inbox, first).preview
    assert replied(inbox, second) == Reply(refusal="ann has approved it")
    assert [answer.message for answer in answers(stepping)] == [first]


def test_a_message_whose_effect_is_on_record_is_not_applied_twice(stepping: Project) -> None:
    assert stepping.run().code == WAITING
    inbox = inbox_of(stepping)
    name = inbox.post(GiveAnswer(A1, YES))
    position = stepping.records()[-1].position + 2  # behind log.opened: the answer
    words = ("resume", "run", "--repo", str(stepping.repo.path))
    with started(*words, environment={VARIABLE: f"after-position:{position}"}) as process:
        assert ended(process).code < 0
    assert [answer.by for answer in answers(stepping)] == ["ann"]
    assert inbox.holds(name)
    assert stepping.resume().code == COMPLETED
    assert replied(inbox, name) == Reply()
    assert len(stepping.events(ApprovalAnswered)) == 1
    assert len(uses(stepping)) == 1


def test_a_command_whose_effect_is_on_record_is_not_refused_after_a_crash(
    stepping: Project,
) -> None:
    assert stepping.run().code == WAITING
    inbox = inbox_of(stepping)
    name = inbox.post(TellRun(SkipTicket(TicketId("A"), "ann")))
    position = stepping.records()[-1].position + 2  # behind log.opened: the effect
    words = ("resume", "run", "--repo", str(stepping.repo.path))
    with started(*words, environment={VARIABLE: f"after-position:{position}"}) as process:
        assert ended(process).code < 0
    assert stepping.ticket("A").status == "skipped"
    assert inbox.holds(name)
    again = inbox.post(TellRun(SkipTicket(TicketId("A"), "bob")))
    assert stepping.resume().code == COMPLETED
    assert replied(inbox, name) == Reply()
    assert replied(inbox, again) == Reply(refusal='ticket "A" is skipped')


LEFT: dict[str, tuple[Message, str]] = {
    "unknown": (GiveAnswer(ApprovalId("A.9.c9"), YES), "it was never asked"),
    "invalid": (GiveAnswer(A1, YES, "nonsense"), "JSON is malformed"),
    "editing a no": (GiveAnswer(A1, Answer(verdict="rejected", by="x"), EDITED), "edits nothing"),
    "command": (TellRun(SkipTicket(TicketId("T9"), "ann")), 'no ticket "T9"'),
}


@pytest.mark.parametrize("case", LEFT)
def test_what_makes_no_sense_in_the_inbox_is_refused_and_removed(
    case: str, stepping: Project
) -> None:
    assert stepping.run().code == WAITING
    inbox, (message, why) = inbox_of(stepping), LEFT[case]
    name = inbox.post(message)
    assert stepping.resume().code == WAITING
    assert why in replied(inbox, name).refusal
    assert open_questions(stepping) == [A1]
    assert not list(inbox.folder.iterdir())


def test_what_is_no_message_stops_nothing(stepping: Project) -> None:
    assert stepping.run().code == WAITING
    inbox = inbox_of(stepping)
    (inbox.folder / "1-00000000.json").write_text("nonsense")
    assert stepping.resume().code == WAITING
    assert "no message" in replied(inbox, "1-00000000.json").refusal


# ------------------------------------------------------------------------------ a live run


def test_a_live_run_replies_to_everything_that_comes(stepping: Project) -> None:
    with started(*stepping.words("--wait")) as process:
        asked(stepping, process)
        inbox = inbox_of(stepping)
        (inbox.folder / "1-00000000.json").write_text("nonsense")
        assert "no message" in replied(inbox, "1-00000000.json").refusal
        for message, why in LEFT.values():
            name = inbox.post(message)
            assert why in replied(inbox, name).refusal
        pause = inbox.post(TellRun(PauseRun("ann")))
        assert replied(inbox, pause) == Reply()
        assert ended(process).code == WAITING


def test_an_answer_that_comes_while_a_run_starts_counts(stepping: Project) -> None:
    assert stepping.run().code == WAITING
    lock = stepping.folder_of() / "lock"
    words = ("resume", "run", "--wait", "--repo", str(stepping.repo.path))
    with started(*words) as process, Watch([lock]) as watch:
        while holder_of(lock) is None:
            assert process.poll() is None
            watch.wait()
        told = trackside("approve", "run", A1, "--repo", str(stepping.repo.path))
        assert told.code == COMPLETED
        assert ended(process).code == COMPLETED
    assert [use.allowed_by for use in uses(stepping)] == [A1]


def test_an_answer_by_pipe_is_read_from_the_standard_input(stepping: Project) -> None:
    assert stepping.run().code == WAITING
    words = ("approve", "run", A1, "--edit", "-", "--repo", str(stepping.repo.path), "--json")
    told = subprocess.run(
        [TRACKSIDE, *words], input=EDITED.encode(), capture_output=True, check=True
    )
    answer = json.loads(told.stdout)
    assert (answer["code"], answer["approval"], answer["held_by"]) == ("approved", A1, None)
    assert "+edited" in answer["preview"]
    assert stepping.resume().code == COMPLETED
    assert stepping.file("a.txt") == "edited\n"


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda file: file.write_bytes(b"\xff"), "is not UTF-8"),
        (lambda file: None, "there is no such file"),
        (lambda file: file.write_bytes(b" " * 20_000_000), "is larger than"),
    ],
)
def test_an_edited_version_that_cannot_be_read_is_refused(
    make: Callable[[Path], object], why: str, stepping: Project
) -> None:
    assert stepping.run().code == WAITING
    file = stepping.folder / "edited.json"
    make(file)
    words = ("approve", "run", A1, "--edit", str(file), "--repo", str(stepping.repo.path))
    told = trackside(*words)
    assert told.code == BAD_INPUT
    assert why in told.err
    assert not refusals(stepping)
