"""What an answer is bound to: its own question, and exactly what was shown."""

import json
import shutil

import pytest

from events.approval import ApprovalAnswered
from events.attempt_events import PermitVoided
from events.run_events import PolicyAmended
from tests.end_to_end.people import (
    ME,
    answers,
    asked,
    open_questions,
    questions,
    refusals,
    uses,
)
from tests.end_to_end.project import Ended, Project, ended, hear, started, trackside
from tests.end_to_end.scripts import call, command, done, turn, write

COMPLETED, BLOCKED, BAD_INPUT, WAITING = 0, 1, 2, 3


def say(project: Project, verb: str, approval: str, *options: str, run: str = "run") -> Ended:
    return trackside(verb, run, approval, "--repo", str(project.repo.path), *options)


def test_a_file_that_changed_since_the_approval_is_asked_about_anew(project: Project) -> None:
    flag = project.outside / "flag"
    setup = f"echo one >a.txt; if test -e {flag}; then echo other >a.txt; fi; touch {flag}"
    project.plan({"id": "A", "step_mode": True}, setup=setup)
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    assert project.run().code == WAITING
    assert say(project, "approve", "A.1.c1").code == COMPLETED
    shutil.rmtree(project.cache)  # so the worktree is made again, and set up again
    assert project.resume().code == WAITING
    assert not uses(project)
    assert len(project.events(PermitVoided)) == 1
    assert open_questions(project) == ["A.1.c1.2"]
    assert "-other" in str(questions(project)[-1].preview)
    assert say(project, "approve", "A.1.c1").code == BAD_INPUT
    assert say(project, "approve", "A.1.c1.2").code == COMPLETED
    assert project.resume().code == COMPLETED
    assert [use.allowed_by for use in uses(project)] == ["A.1.c1.2"]


def test_an_edited_version_is_bound_to_the_file_as_well(project: Project) -> None:
    flag = project.outside / "flag"
    setup = f"if test -e {flag}; then echo other >a.txt; fi; touch {flag}"
    project.plan({"id": "A", "step_mode": True}, setup=setup)
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    assert project.run().code == WAITING
    file = project.folder / "edited.json"
    file.write_text(json.dumps({"path": "a.txt", "content": "edited\n"}))
    assert say(project, "approve", "A.1.c1", "--edit", str(file)).code == COMPLETED
    shutil.rmtree(project.cache)
    assert project.resume().code == WAITING
    assert open_questions(project) == ["A.1.c1.2"]
    assert not uses(project)


def test_a_command_is_asked_about_anew_when_the_files_around_it_changed(project: Project) -> None:
    flag = project.outside / "flag"
    setup = f"if test -e {flag}; then echo other >a.txt; fi; touch {flag}"
    project.plan({"id": "A", "step_mode": True}, setup=setup)
    project.script({"A": [[turn(command("sh a.txt")), done()]]})
    assert project.run().code == WAITING
    assert say(project, "approve", "A.1.c1").code == COMPLETED
    shutil.rmtree(project.cache)
    assert project.resume().code == WAITING
    assert not uses(project)
    assert open_questions(project) == ["A.1.c1.2"]


def test_an_approved_call_that_a_retry_repeats_is_asked_about_anew(project: Project) -> None:
    project.plan({"id": "A", "step_mode": True})
    again = [turn(write("a.txt", "a\n")), turn(call("give_up", reason="no"))]
    project.script({"A": [again, [turn(write("a.txt", "a\n")), done()]]})
    assert project.run().code == WAITING
    assert say(project, "approve", "A.1.c1").code == COMPLETED
    assert project.resume().code == WAITING
    assert open_questions(project) == ["A.2.c1"]


def test_what_is_approved_for_the_whole_ticket_is_not_asked_again_in_it(project: Project) -> None:
    project.plan({"id": "A", "step_mode": True}, {"id": "B", "step_mode": True})
    first = [turn(write("a.txt", "a\n")), turn(call("give_up", reason="no"))]
    second = [turn(write("a.txt", "b\n"), command("cat a.txt")), done()]
    project.script({"A": [first, second], "B": [[turn(write("b.txt", "b\n")), done()]]})
    assert project.run().code == WAITING
    assert say(project, "approve", "A.1.c1", "--ticket-wide").code == COMPLETED
    assert project.resume().code == WAITING
    assert open_questions(project) == ["B.1.c1"]
    assert project.ticket("A").status == "completed"
    assert trackside("verify", "run", "--repo", str(project.repo.path)).code == COMPLETED
    (amended,) = project.events(PolicyAmended)
    assert (amended.ticket, amended.amendment.by) == ("A", ME)
    assert [use.allowed_by for use in uses(project)][1:] == [
        "auto: confined, in step mode, by approval A.1.c1",
        "auto: confined, in step mode, by approval A.1.c1",
    ]


def test_tickets_that_wait_side_by_side_each_get_their_own_answer(project: Project) -> None:
    project.plan(*({"id": name, "step_mode": True} for name in "ABC"))
    project.script({n: [[turn(write(f"{n}.txt", f"{n}\n")), done()]] for n in "ABC"})
    with started(*project.words("--wait")) as process:
        asked(project, process, 3)
        edited = project.folder / "edited.json"
        edited.write_text(json.dumps({"path": "C.txt", "content": "edited\n"}))
        assert say(project, "approve", "C.1.c1", "--edit", str(edited)).code == COMPLETED
        assert say(project, "reject", "A.1.c1", "--reason", "not this one").code == COMPLETED
        assert say(project, "approve", "B.1.c1").code == COMPLETED
        assert ended(process).code == COMPLETED
    assert refusals(project) == [f"Not run: {ME} rejected it: not this one"]
    assert sorted(use.allowed_by for use in uses(project)) == ["B.1.c1", "C.1.c1"]
    assert (project.file("B.txt"), project.file("C.txt")) == ("B\n", "edited\n")


@pytest.fixture
def waiting_run(project: Project) -> Project:
    """A project whose run waits for a word about one write."""
    project.plan({"id": "A", "step_mode": True})
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    assert project.run().code == WAITING
    return project


@pytest.mark.parametrize("approval", ["A.1.c2", "nonsense", "A.1.c1.2", "\x1b[31m"])
def test_an_unknown_id_is_refused_in_one_line(waiting_run: Project, approval: str) -> None:
    told = say(waiting_run, "approve", approval)
    assert told.code == BAD_INPUT
    assert len(told.err.splitlines()) == 1
    assert "it was never asked" in told.err
    assert "trackside approve run A.1.c1" in told.err
    assert "\x1b" not in told.err
    assert not answers(waiting_run)


def test_an_id_of_another_run_is_refused_in_one_line(waiting_run: Project) -> None:
    waiting_run.plan({"id": "B", "step_mode": True})
    waiting_run.script({"B": [[turn(write("b.txt", "b\n")), done()]]})
    assert waiting_run.run(run="other").code == WAITING
    told = say(waiting_run, "approve", "B.1.c1")
    assert (told.code, len(told.err.splitlines())) == (BAD_INPUT, 1)


def test_the_second_answer_is_told_who_was_first(waiting_run: Project) -> None:
    assert say(waiting_run, "reject", "A.1.c1", "--reason", "no").code == COMPLETED
    told = say(waiting_run, "approve", "A.1.c1")
    assert told.code == BAD_INPUT
    (at,) = [one.at for one in waiting_run.records() if isinstance(one.event, ApprovalAnswered)]
    assert f"approval A.1.c1: {ME} has rejected it by command, at {at}" in told.err
    assert len(answers(waiting_run)) == 1


@pytest.mark.parametrize(
    ("edited", "problem"),
    [
        ("nonsense", "JSON is malformed"),
        ('{"path": "a.txt"}', "content"),
        ('{"path": "../a.txt", "content": ""}', "leaves"),
        ('{"path": ".git/config", "content": ""}', ".git"),
        ('{"path": ".envrc", "content": ""}', "steers other programs"),
    ],
)
def test_an_edited_version_that_cannot_run_is_refused(
    waiting_run: Project, edited: str, problem: str
) -> None:
    file = waiting_run.folder / "edited.json"
    file.write_text(edited)
    told = say(waiting_run, "approve", "A.1.c1", "--edit", str(file))
    assert told.code == BAD_INPUT
    assert problem in told.err
    assert open_questions(waiting_run) == ["A.1.c1"]


def test_an_edited_version_that_the_policy_denies_is_refused(project: Project) -> None:
    policy = project.folder / "policy.toml"
    deny = '[[rule]]\nverdict = "deny"\npath = "locked/**"\nreason = "hands off"\n'
    policy.write_text(f'{deny}[[rule]]\nverdict = "allow"\n')
    project.plan({"id": "A", "step_mode": True})
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    assert project.run("--policy", str(policy)).code == WAITING
    file = project.folder / "edited.json"
    file.write_text(json.dumps({"path": "locked/a.txt", "content": "a\n"}))
    told = say(project, "approve", "A.1.c1", "--edit", str(file))
    assert told.code == BAD_INPUT
    assert "the policy denies it: hands off" in told.err


def test_a_question_whose_ticket_was_skipped_takes_no_answer(waiting_run: Project) -> None:
    repo = str(waiting_run.repo.path)
    assert trackside("skip", "run", "A", "--repo", repo).code == COMPLETED
    told = say(waiting_run, "approve", "A.1.c1")
    assert told.code == BAD_INPUT
    assert "ticket A no longer waits for it" in told.err
    assert trackside("approvals", "--repo", repo).out == "nothing waits for approval\n"


def test_an_unconfined_command_in_doubt_waits_and_runs_again_only_when_approved(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran, flag, running = project.outside / "ran", project.outside / "flag", project.fifo("running")
    text = f"echo ran >>{ran}; test -e {flag} && exit 0; touch {flag}; echo up >{running}; cat"
    project.plan({"id": "A"})
    project.script({"A": [[turn(command(f"{text} {running}")), done()]]})
    with started(*project.words("--wait", "--sandbox", "none")) as process:
        asked(project, process)
        assert say(project, "approve", "A.1.c1").code == COMPLETED
        hear(running, process)
        process.kill()
        process.wait()
    assert project.resume("run", "--sandbox", "none").code == WAITING
    assert open_questions(project) == ["A.1.c1.2"]
    assert questions(project)[-1].action.kind == "in_doubt"
    edited = project.folder / "edited.json"
    edited.write_text('{"command": "true"}')
    assert say(project, "approve", "A.1.c1.2", "--edit", str(edited)).code == BAD_INPUT
    assert say(project, "approve", "A.1.c1.2").code == COMPLETED
    assert ran.read_text() == "ran\n"
    monkeypatch.setenv("LC_TELEPHONE", "C")
    assert project.resume("run", "--sandbox", "none").code == WAITING
    assert open_questions(project) == ["A.1.c1.3"]
    assert questions(project)[-1].action.kind == "in_doubt"
    assert ran.read_text() == "ran\n"
    assert say(project, "approve", "A.1.c1.3").code == COMPLETED
    assert project.resume("run", "--sandbox", "none").code == COMPLETED
    assert ran.read_text() == "ran\nran\n"


# --------------------------------------------------------------------------- spawn and merge


def test_a_worker_starts_from_the_edited_prompt(project: Project) -> None:
    project.plan({"id": "A"})
    project.script({"A": [[turn(write("a.txt", "a\n"), expect=("Do half of it.",)), done()]]})
    assert project.run("--policy", _asks(project, "spawn")).code == WAITING
    file = project.folder / "prompt.txt"
    file.write_text("Do half of it.\n")
    told = say(project, "approve", "A.1.spawn", "--edit", str(file))
    assert told.code == COMPLETED
    assert "Do half of it." in told.out
    assert project.resume().code == COMPLETED
    assert trackside("verify", "run", "--repo", str(project.repo.path)).code == COMPLETED
    (question,) = questions(project)
    assert "Do half of it." not in str(question.arguments)


@pytest.mark.parametrize("kind", ["spawn", "merge"])
def test_a_rejected_spawn_or_merge_blocks_the_ticket_for_good(kind: str, project: Project) -> None:
    project.plan({"id": "A"}, {"id": "B", "depends_on": ["A"]})
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    assert project.run("--policy", _asks(project, kind)).code == WAITING
    assert say(project, "reject", f"A.1.{kind}", "--reason", "not today").code == COMPLETED
    assert project.resume().code == BLOCKED
    assert project.block("A").cause == "rejected"
    assert "not today" in str(project.block("A").reason)
    assert project.ticket("A").attempts == 1


def test_a_merge_shows_the_whole_diff_of_its_ticket(project: Project) -> None:
    project.plan({"id": "A"})
    project.script({"A": [[turn(write("a.txt", "a\n")), turn(write("b.txt", "b\n")), done()]]})
    assert project.run("--policy", _asks(project, "merge")).code == WAITING
    told = trackside("approvals", "run", "--repo", str(project.repo.path))
    assert "+++ b/a.txt" in told.out
    assert "+++ b/b.txt" in told.out
    assert say(project, "approve", "A.1.merge").code == COMPLETED
    assert project.resume().code == COMPLETED


def _asks(project: Project, kind: str) -> str:
    file = project.folder / "policy.toml"
    rules = f'[[rule]]\nverdict = "ask"\nkind = "{kind}"\n[[rule]]\nverdict = "allow"\n'
    file.write_text(rules)
    return str(file)
