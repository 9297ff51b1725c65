"""One attempt, step by step: turns, checks, limits, and the ways in which it ends."""

import pytest

from actors import hands
from events import attempt_events as attempt
from events import run_events as run
from tests.end_to_end.project import Project, trackside
from tests.end_to_end.scripts import call, command, done, finish, hint, turn, write
from workspace.tree_files import file_as_it_lies, file_at

BLOCKED = 1
APP = "A = 1\nB = 2\nC = 3\n"


def test_a_track_is_run_and_delivered_with_a_commit_for_each_ticket(project: Project) -> None:
    project.plan({"id": "A"}, {"id": "B", "depends_on": ["A"]})
    project.script(
        {
            "A": [[turn(write("a.txt", "a\n")), done()]],
            "B": [[turn(write("b.txt", "b\n")), done()]],
        }
    )
    ended = project.run()
    assert ended.code == 0
    subjects = project.repo.git("log", "--format=%s", "--reverse", "main..trackside/run")
    assert subjects.splitlines() == ["A: Do A.", "B: Do B."]
    assert project.repo.git("rev-parse", "trackside/run^{tree}") == project.tree()
    assert "2 of 2 tickets completed" in ended.out
    assert ended.err.count("\n") > 5


def test_setup_runs_once_in_each_new_worktree(project: Project) -> None:
    ledger = project.outside / "ledger"
    project.plan(
        {"id": "A"}, setup=f"pwd >>{ledger}; echo made >made.log", check="test -f made.log"
    )
    project.script(
        {
            "A": [
                [turn(call("give_up", reason="not today"))],
                [turn(command("cat made.log")), done()],
            ]
        }
    )
    assert project.run().code == 0
    first, second = ledger.read_text().splitlines()
    assert first.endswith("/A.1")
    assert second.endswith("/A.2")


def test_a_failing_setup_fails_the_attempt_with_a_hint(project: Project) -> None:
    project.plan({"id": "A", "max_attempts": 1}, setup="echo no such tool >&2; exit 7")
    project.script({"A": [[done()]]}, hint("no such tool", "Install the tool first."))
    ended = project.run()
    assert ended.code == BLOCKED
    assert not project.events(attempt.CallBegun)
    assert project.block("A").reason == ("the setup command fails: Install the tool first.")
    assert "Install the tool first." in ended.out


def test_a_red_check_comes_back_as_one_more_turn(project: Project) -> None:
    project.plan({"id": "A"}, check="grep -q right a.txt || { echo not right; exit 3; }")
    project.script(
        {
            "A": [
                [
                    turn(write("a.txt", "wrong\n"), finish()),
                    turn(write("a.txt", "right\n"), expect=("exit code 3", "Write it right.")),
                    done(),
                ]
            ]
        },
        hint("not right", "Write it right."),
    )
    assert project.run().code == 0
    assert [ran.outcome.ok for ran in project.events(attempt.CheckRan)] == [False, True]
    assert project.file("a.txt") == "right\n"


def test_a_worker_reads_a_failure_as_a_hint_and_its_output_on_demand(project: Project) -> None:
    project.plan({"id": "A"})
    project.script(
        {
            "A": [
                [
                    turn(command("echo a long trace; exit 9")),
                    turn(
                        call("read_output", call_id="c1", start_line=1, end_line=5),
                        expect=("exit code 9", "Look at line 4."),
                    ),
                    done("a long trace"),
                ]
            ]
        },
        hint("a long trace", "Look at line 4."),
    )
    assert project.run().code == 0
    (hinted,) = project.events(attempt.HintTaken)
    assert hinted.words == "Look at line 4."


def test_an_attempt_has_a_limit_of_turns(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKSIDE_LIMITS_TURNS", "2")
    project.plan({"id": "A", "max_attempts": 1})
    project.script({"A": [[turn(command("true")), turn(command("true")), done()]]})
    assert project.run().code == BLOCKED
    block = project.block("A")
    assert (block.cause, block.reason) == ("failed", "the limit of 2 turns is reached")


def test_a_failure_that_repeats_is_stuck(project: Project) -> None:
    project.plan({"id": "A", "max_attempts": 1})
    project.script({"A": [[turn(command("false"))] * 4]}, hint(".", "The same again."))
    assert project.run().code == BLOCKED
    assert project.block("A").cause == "stuck"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (turn(text="BLOCKED: the price is not known"), "the price is not known"),
        (turn(call("give_up", reason="it is a riddle")), "it is a riddle"),
    ],
)
def test_a_worker_may_give_up(project: Project, said: dict[str, object], reason: str) -> None:
    project.plan({"id": "A", "max_attempts": 1})
    project.script({"A": [[said]]})
    assert project.run().code == BLOCKED
    block = project.block("A")
    assert (block.cause, block.reason) == ("gave_up", reason)


def test_blocked_means_something_only_at_the_start_of_an_answer(project: Project) -> None:
    project.plan({"id": "A"})
    project.script({"A": [[turn(text="Nothing is BLOCKED here.")]]})
    assert project.run().code == 0


def test_an_answer_of_text_alone_finishes(project: Project) -> None:
    project.plan({"id": "A"})
    project.script({"A": [[turn(write("a.txt", "a\n")), turn(text="I wrote it.")]]})
    assert project.run().code == 0
    assert project.file("a.txt") == "a\n"


def test_a_ticket_has_its_attempts_each_one_rung_up_the_ladder(project: Project) -> None:
    books = [project.folder / name for name in ("small", "medium")]
    project.plan({"id": "A", "max_attempts": 3})
    project.script({"A": [[turn(call("give_up", reason="too hard"))]] * 3})
    for book in books:
        book.write_bytes(project.playbook_file.read_bytes())
    rungs = [f"scripted:{book}" for book in books]
    project.configure(f'[models]\nladder = ["{rungs[0]}", "{rungs[1]}"]\nqa = "{rungs[0]}"')
    assert trackside(*project.words_by(None)).code == BLOCKED
    models = [assigned.model for assigned in project.events(run.TicketAssigned)]
    assert models == [rungs[0], rungs[1], rungs[1]]
    lessons = [started.terms.lesson for started in project.events(attempt.AttemptStarted)]
    assert [("too hard" in lesson) for lesson in lessons] == [False, True, True]


def test_an_unknown_tool_is_a_result_that_the_model_sees(project: Project) -> None:
    project.plan({"id": "A"})
    project.script({"A": [[turn(call("make_coffee", cups=2)), done("there is no tool")]]})
    assert project.run().code == 0
    (refused,) = project.events(attempt.ToolFinished)
    assert refused.refused


@pytest.mark.parametrize(
    ("look", "shown"), [(file_at, "ln.py (raw, "), (file_as_it_lies, "\napp.py\n")]
)
def test_a_link_is_shown_as_its_file_and_the_context_is_made_again_as_it_was_shown(
    project: Project, monkeypatch: pytest.MonkeyPatch, look: object, shown: str
) -> None:
    monkeypatch.setattr(hands, "file_at", look)  # the second: as earlier versions had it
    (project.repo.path / "ln.py").symlink_to("app.py")
    project.repo.commit()
    project.plan({"id": "A", "target_file": "ln.py"})
    project.script({"A": [[turn(write("a.txt", "a\n"), expect=(shown,)), done()]]})
    assert project.run().code == 0
    told = f"Note: it is a symlink to app.py, whose content this is.\n```python\n{APP}"
    assert (told in project.answer("context", "run", "A")["prompt"]["messages"][0]["text"]) is (
        look is file_at
    )
    assert project.answer("verify", "run")["code"] == "verified"
