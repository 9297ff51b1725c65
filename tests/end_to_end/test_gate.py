"""What waits for a person, and what a policy forbids."""

from events import attempt_events as attempt
from events.approval import ApprovalAsked
from tests.end_to_end.project import Project
from tests.end_to_end.scripts import call, command, done, turn, write

COMPLETED, BLOCKED, WAITING = 0, 1, 3


def test_a_step_mode_ticket_waits_for_a_person_while_others_complete(project: Project) -> None:
    project.plan({"id": "A", "step_mode": True}, {"id": "B"}, {"id": "C", "depends_on": ["A"]})
    project.script(
        {
            "A": [[turn(call("read_file", path="app.py"), write("a.txt", "a\n")), done()]],
            "B": [[turn(write("b.txt", "b\n")), done()]],
        }
    )
    ended = project.run()
    assert ended.code == WAITING
    assert states(project) == {"A": "step_paused", "B": "completed", "C": "locked"}
    assert "A.1.c2" in ended.out
    (asked,) = project.events(ApprovalAsked)
    assert "+a" in asked.question.preview
    assert not (project.cache / "a.txt").exists()
    for _ in range(2):
        assert project.resume().code == WAITING
    assert len(project.events(ApprovalAsked)) == 1
    assert len(project.events(attempt.CallBegun)) == 3
    assert states(project)["A"] == "step_paused"


def test_a_run_that_waits_delivers_nothing_yet(project: Project) -> None:
    project.plan({"id": "A", "step_mode": True}, {"id": "B"})
    project.script({"A": [[turn(command("true"))]], "B": [[turn(write("b.txt", "b\n")), done()]]})
    assert project.run().code == WAITING
    assert not project.repo.git("branch", "--list", "trackside/run")


def test_the_policy_deny_lets_a_worker_read_and_tells_it_why_it_may_not_write(
    project: Project,
) -> None:
    project.plan({"id": "A"})
    project.script(
        {
            "A": [
                [
                    turn(call("read_file", path="app.py"), write("a.txt", "a\n")),
                    turn(command("touch a.txt"), expect=("A = 1", "write nothing")),
                    done("run no command"),
                ]
            ]
        }
    )
    assert project.run("--policy", "deny").code == COMPLETED
    refused = [result.refused for result in project.events(attempt.ToolFinished)]
    assert refused == [False, True, True]
    run = project.world().run
    assert run.tree == run.facts.base_tree


def test_the_policy_ask_asks_before_a_worker_starts(project: Project) -> None:
    project.plan({"id": "A"}, {"id": "B"})
    project.script({"A": [[done()]], "B": [[done()]]})
    assert project.run("--policy", "ask").code == WAITING
    questions = [asked.question for asked in project.events(ApprovalAsked)]
    assert sorted(question.approval for question in questions) == ["A.1.spawn", "B.1.spawn"]
    assert not project.events(attempt.CallBegun)


def states(project: Project) -> dict[str, str]:
    return {ticket.id: ticket.status for ticket in project.world().run.plan.tickets.values()}
