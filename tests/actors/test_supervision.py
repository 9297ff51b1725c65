"""A crashed actor is noticed and recorded, and its work goes on from the log."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from events import attempt_events as attempt
from events import run_events as run
from events.approval import Answer, ApprovalAnswered, ApprovalAsked
from events.ids import ApprovalId
from events.streams import name_of
from store.inbox import GiveAnswer, Inbox
from tests.actors.faults import break_log, break_models
from tests.end_to_end.project import Project
from tests.end_to_end.scripts import command, done, hint, turn, write

COMPLETED, BLOCKED, WAITING, BUG, DISK = 0, 1, 3, 70, 74


def four_tickets(project: Project) -> None:
    """Plan four tickets that can be done side by side, each with a failed command and a check."""
    names = ["A", "B", "C", "D"]
    project.plan(*({"id": name} for name in names), check="test -f $(basename $PWD | cut -c1).txt")
    project.script(
        {
            name: [
                [
                    turn(command("echo the reactor is hot; exit 1")),
                    turn(write(f"{name}.txt", "x\n"), expect=("Cool it down.",)),
                    done(),
                ]
            ]
            for name in names
        },
        hint("the reactor is hot", "Cool it down."),
    )


@pytest.mark.parametrize("too_late", [False, True])
@pytest.mark.parametrize("first", [1, 9, 12])
def test_the_work_of_a_worker_that_dies_anywhere_goes_on(
    project: Project, monkeypatch: pytest.MonkeyPatch, first: int, too_late: bool
) -> None:
    four_tickets(project)
    faults = {f"attempt/{name}": appends for name, appends in two_of_each(first).items()}
    break_log(monkeypatch, faults, too_late=too_late)
    ended = project.run()
    assert ended.code == COMPLETED, ended.err
    crashes = project.events(run.ActorCrashed)
    deaths = Counter(crash.attempt for crash in crashes)
    assert deaths.keys() == two_of_each(first).keys()
    assert set(deaths.values()) <= {1, 2}
    assert all("UnforeseenError" in crash.error for crash in crashes)
    check_that_nothing_was_asked_twice(project)
    assert "Traceback" not in ended.err
    reports = list(project.folder_of().glob("bug-*.txt"))
    assert len(reports) == len(crashes)
    assert all("UnforeseenError" in report.read_text() for report in reports)


@pytest.mark.parametrize("too_late", [False, True])
@pytest.mark.parametrize("which", [1, 2])
def test_the_work_of_a_qa_that_dies_goes_on(
    project: Project, monkeypatch: pytest.MonkeyPatch, which: int, too_late: bool
) -> None:
    four_tickets(project)
    break_log(monkeypatch, {"hint/A.1.c1": [which], "hint/C.1.c1": [which]}, too_late=too_late)
    assert project.run().code == COMPLETED
    assert [crash.actor for crash in project.events(run.ActorCrashed)] == ["qa", "qa"]
    assert len(project.events(attempt.HintTaken)) == 4


@pytest.mark.parametrize("too_late", [False, True])
def test_the_questions_of_a_gate_that_dies_are_asked_all_the_same(
    project: Project, monkeypatch: pytest.MonkeyPatch, too_late: bool
) -> None:
    project.plan({"id": "A", "step_mode": True}, {"id": "B", "step_mode": True}, {"id": "C"})
    project.script(
        {
            "A": [[turn(write("a.txt", "a\n"))]],
            "B": [[turn(write("b.txt", "b\n"))]],
            "C": [[done()]],
        }
    )
    break_log(monkeypatch, {"approval/A.1.c1": [1], "approval/B.1.c1": [1]}, too_late=too_late)
    assert project.run().code == WAITING
    assert [crash.actor for crash in project.events(run.ActorCrashed)] == ["gate", "gate"]
    asked = [event.question.approval for event in project.events(ApprovalAsked)]
    assert sorted(asked) == ["A.1.c1", "B.1.c1"]
    assert project.ticket("C").status == "completed"


def test_an_answer_finds_its_ticket_though_the_gate_dies_over_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, go, reached = project.fifo("asked"), project.fifo("go"), project.fifo("reached")
    project.plan({"id": "A", "step_mode": True}, {"id": "B"})
    project.script(
        {
            "A": [[turn(command(f"echo up >{reached}")), done()]],
            "B": [[turn(command(f"echo up >{asked}; cat {go}")), done()]],
        }
    )
    break_log(monkeypatch, {"approval/A.1.c1": [2]}, too_late=True)

    def person() -> None:
        asked.read_text()
        answer = Answer(verdict="approved", by="ann")
        Inbox(project.folder_of() / "answers").post(GiveAnswer(ApprovalId("A.1.c1"), answer))
        reached.read_text()
        go.write_text("go\n")

    with ThreadPoolExecutor(1) as other:
        answered = other.submit(person)
        assert project.run("--workers", "1").code == COMPLETED
        answered.result()
    assert [crash.actor for crash in project.events(run.ActorCrashed)] == ["gate"]
    assert len(project.events(ApprovalAnswered)) == 1


def test_a_worker_that_dies_three_times_fails_its_attempt(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.plan({"id": "A"})
    project.script({"A": [[done()], [done("trackside failed on it 3 times")]]})
    break_models(monkeypatch, lambda prompt: prompt.key.attempt == 1)
    assert project.run().code == COMPLETED
    assert len(project.events(run.ActorCrashed)) == 3
    (again,) = project.events(run.TicketRequeued)
    assert again.reason == "trackside failed on it 3 times, the last with UnforeseenError"


def test_ten_deaths_end_the_run_with_one_line(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["A", "B", "C", "D"]
    project.plan(*({"id": name, "max_attempts": 9} for name in names))
    project.script({name: [[done()]] for name in names})
    break_models(monkeypatch, lambda _: True)
    ended = project.run("--json")
    assert ended.code == BUG
    assert len(project.events(run.ActorCrashed)) == 10
    (line,) = ended.err.splitlines()
    assert "a bug in trackside" in line
    assert str(project.folder_of()) in line
    monkeypatch.undo()
    for name, value in project.environment.items():
        monkeypatch.setenv(name, value)
    project.script({name: [[done()]] * 9 for name in names})
    assert project.resume().code == COMPLETED


@pytest.mark.parametrize("append", [1, 3])
def test_a_conductor_that_dies_ends_the_run_and_a_resume_completes_it(
    project: Project, monkeypatch: pytest.MonkeyPatch, append: int
) -> None:
    project.plan({"id": "A"})
    project.script({"A": [[done()]]})
    with monkeypatch.context() as broken:
        break_log(broken, {"run": [append]})
        ended = project.run("--json")
    assert ended.code == BUG
    assert len(ended.err.splitlines()) == 1
    assert project.resume().code == COMPLETED
    check_that_nothing_was_asked_twice(project)


def two_of_each(first: int) -> dict[str, set[int]]:
    """Return two appends for each attempt of `four_tickets`: together eight that follow `first`."""
    return {f"{name}.1": {first + number, first + number + 4} for number, name in enumerate("ABCD")}


def check_that_nothing_was_asked_twice(project: Project) -> None:
    records = project.records()
    replies = Counter(
        (name_of(each.stream), each.event.turn)
        for each in records
        if isinstance(each.event, attempt.ReplyRecorded)
    )
    assert set(replies.values()) == {1}
    results = Counter(
        (name_of(each.stream), each.event.call)
        for each in records
        if isinstance(each.event, attempt.ToolFinished)
    )
    assert set(results.values()) <= {1}
