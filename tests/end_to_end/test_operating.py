"""What people tell a run besides answers: pause, cancel, retry, skip, budget; up, down or ended."""

import json
import shlex
from itertools import count
from types import SimpleNamespace

import pytest

from cli import post
from events.run_events import (
    BudgetRaised,
    RunCancelled,
    RunContinued,
    RunPaused,
    TicketReleased,
    TicketSkipped,
)
from tests.end_to_end.people import ME, asked, messages, posted
from tests.end_to_end.project import Ended, Project, ended, hear, started, trackside
from tests.end_to_end.scripts import call, command, done, turn, write
from tests.stopping import stop

COMPLETED, BLOCKED, BAD_INPUT, WAITING, HELD = 0, 1, 2, 3, 5


def tell(project: Project, *words: str) -> Ended:
    verb, *others = words
    return trackside(verb, "run", *others, "--repo", str(project.repo.path))


@pytest.fixture
def stuck(project: Project) -> Project:
    """A project whose run has ended: A gave up for good, B needs A, and C is completed."""
    project.plan({"id": "A", "max_attempts": 1}, {"id": "B", "depends_on": ["A"]}, {"id": "C"})
    project.script(
        {
            "A": [[turn(call("give_up", reason="no key"))], [turn(write("a.txt", "a\n")), done()]],
            "B": [[turn(write("b.txt", "b\n")), done()]],
            "C": [[turn(write("c.txt", "c\n")), done()]],
        }
    )
    assert project.run().code == BLOCKED
    return project


@pytest.mark.parametrize("verb", ["retry", "unblock"])
def test_a_blocked_ticket_of_an_ended_run_is_tried_again(stuck: Project, verb: str) -> None:
    told = tell(stuck, verb, "A", "--reason", "the key is there now")
    assert told.code == COMPLETED
    assert "trackside resume run" in told.out
    assert [one.ticket for one in stuck.events(TicketReleased)] == ["A", "B"]
    assert stuck.resume().code == COMPLETED
    assert stuck.file("b.txt") == "b\n"


@pytest.mark.parametrize(
    ("words", "why", "lead"),
    [
        (["retry", "C"], 'ticket "C" is completed', "trackside retry run A"),
        (["retry", "B"], 'blocked only because "A" is', "trackside retry run A"),
        (["retry", "nonsense"], 'no ticket "nonsense"', "trackside retry run A"),
        (["skip", "A"], "the run is ended", "trackside retry run A"),
        (["pause"], "the run is ended", "trackside retry run A"),
        (["budget", "--stop"], "the run is ended", "trackside retry run A"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_way_out(
    stuck: Project, words: list[str], why: str, lead: str
) -> None:
    before = stuck.records()
    told = tell(stuck, *words)
    assert told.code == BAD_INPUT
    assert why in told.err
    assert lead in told.err
    assert len(told.err.splitlines()) == 1
    assert stuck.records() == before


def test_a_blocked_ticket_is_skipped_by_the_line_that_the_refusal_names(stuck: Project) -> None:
    refused = tell(stuck, "skip", "A").err
    lines = refused.partition("; try `")[2].removesuffix("`\n").split(" && ")
    assert [line.split()[:3] for line in lines] == [
        ["trackside", verb, "run"] for verb in ("retry", "skip", "resume")
    ]
    codes = [trackside(*line.split()[1:]).code for line in lines]
    assert codes == [COMPLETED] * 3
    assert stuck.ticket("A").status == "skipped"
    assert stuck.file("b.txt") == "b\n"


def test_what_is_named_like_an_option_can_be_typed_as_it_is_shown(project: Project) -> None:
    project.plan({"id": "-x", "max_attempts": 1})
    gives_up, works = [turn(call("give_up", reason="no key"))], [turn(write("a", "a\n")), done()]
    project.script({"-x": [gives_up, works]})
    ended = project.run()
    assert ended.code == BLOCKED
    line = next(line.strip() for line in ended.out.splitlines() if " retry " in line)
    assert line.endswith(" -- run -x")
    assert trackside(*shlex.split(line)[1:]).code == COMPLETED
    assert project.ticket("-x").status == "pending"
    (row,) = project.answer("status", "run")["rows"]
    assert (row["attempt"], row["max_attempts"]) == (1, 2)


def test_a_refusal_never_leads_to_a_command_of_git(waiting_run: Project) -> None:
    assert tell(waiting_run, "approve", "A.1.c1").code == COMPLETED
    assert waiting_run.resume().code == COMPLETED
    refused = tell(waiting_run, "approve", "nonsense")
    assert refused.code == BAD_INPUT
    assert "git" not in refused.err
    assert "try `trackside status run" in refused.err


def test_a_failed_edit_leads_to_another_edit(waiting_run: Project) -> None:
    file = waiting_run.folder / "bad file.json"
    file.write_text('{"path": 7}')
    refused = tell(waiting_run, "approve", "A.1.c1", "--edit", str(file))
    assert refused.code == BAD_INPUT
    assert f"try `trackside approve run A.1.c1 --edit '{file}' --repo" in refused.err
    assert refused.err.count("trackside approve") == 1


@pytest.fixture
def waiting_run(project: Project) -> Project:
    """A project whose run waits for a word on A, and whose B needs A."""
    project.plan({"id": "A", "step_mode": True}, {"id": "B", "depends_on": ["A"]}, {"id": "C"})
    project.script(
        {
            "A": [[turn(write("a.txt", "a\n")), done()]],
            "B": [[turn(write("b.txt", "b\n")), done()]],
            "C": [[turn(write("c.txt", "c\n")), done()]],
        }
    )
    assert project.run().code == WAITING
    return project


def test_a_run_goes_on_without_a_skipped_ticket(waiting_run: Project) -> None:
    assert tell(waiting_run, "skip", "A", "--reason", "not needed").code == COMPLETED
    (skipped,) = waiting_run.events(TicketSkipped)
    assert (skipped.by, skipped.reason) == (ME, "not needed")
    assert waiting_run.resume().code == COMPLETED
    assert waiting_run.file("b.txt") == "b\n"


def test_a_cancelled_run_is_over_and_delivers_what_is_completed(waiting_run: Project) -> None:
    told = tell(waiting_run, "cancel", "--reason", "enough")
    assert told.code == COMPLETED
    (cancelled,) = waiting_run.events(RunCancelled)
    assert (cancelled.by, cancelled.reason) == (ME, "enough")
    assert "c.txt" in waiting_run.repo.git("ls-tree", "--name-only", "trackside/run")
    assert (waiting_run.folder_of() / "seal.json").exists()
    assert waiting_run.resume().code == BLOCKED
    assert tell(waiting_run, "cancel").code == BAD_INPUT
    assert tell(waiting_run, "retry", "A").code == BAD_INPUT


def test_a_run_that_waits_is_called_waiting_by_all_commands(waiting_run: Project) -> None:
    place = ["--repo", str(waiting_run.repo.path)]
    last = len(waiting_run.records())
    before, now, *_ = trackside("diff", "run@8", "run", *place).out.splitlines()
    assert before.startswith("run@8: running, tip ")
    assert now.startswith(f"run@{last}: waiting, tip ")
    assert " waiting " in trackside("runs", *place).out
    assert trackside("status", "run", *place).out.count("waits for a person") == 1


def test_all_commands_agree_on_what_became_of_a_cancelled_run(waiting_run: Project) -> None:
    place = ["--repo", str(waiting_run.repo.path)]
    told = tell(waiting_run, "cancel")
    assert "switch --no-overwrite-ignore trackside/run" in told.out
    assert "resume" not in told.out
    status = trackside("status", "run", *place).out
    assert "was cancelled: 1 of 3 tickets completed, 2 called off" in status
    row = next(line.split() for line in status.splitlines() if line.startswith("A "))
    assert row[:3] == ["A", "called", "off"]
    assert trackside("why", "run", "A", *place).out.startswith("A was called off")
    assert "called off" in trackside("show", "run", *place).out
    assert "nothing waits" in trackside("approvals", "run", *place).out
    for verb in ("status", "show", "why"):
        words = ["A"] if verb == "why" else []
        assert "waits" not in trackside(verb, "run", *words, *place).out
        assert "waiting" not in trackside(verb, "run", *words, *place).out
    assert waiting_run.answer("status", "run")["waits"] == []


def test_a_paused_run_goes_on_with_a_resume(waiting_run: Project) -> None:
    assert tell(waiting_run, "pause").code == COMPLETED
    assert "paused" in trackside("status", "run", "--repo", str(waiting_run.repo.path)).out
    again = tell(waiting_run, "pause")
    assert again.code == BAD_INPUT
    assert "trackside resume run" in again.err
    assert tell(waiting_run, "approve", "A.1.c1").code == COMPLETED
    assert waiting_run.resume().code == COMPLETED
    (continued,) = waiting_run.events(RunContinued)
    assert continued.by == ME


@pytest.fixture
def busy(project: Project) -> Project:
    """A project whose run waits in a command of A until somebody writes to the pipe ``go``."""
    running, go = project.fifo("running"), project.fifo("go")
    wait = command(f"echo up >{running}; cat {go} >/dev/null & wait")
    project.plan({"id": "A"}, {"id": "B", "depends_on": ["A"]})
    project.script(
        {
            "A": [[turn(wait), turn(write("a.txt", "a\n")), done()]],
            "B": [[turn(write("b.txt", "b\n")), done()]],
        }
    )
    return project


def test_a_running_run_takes_a_pause_and_rests_once_its_attempts_are_over(busy: Project) -> None:
    with started(*busy.words()) as process:
        hear(busy.outside / "running", process)
        told = tell(busy, "pause", "--json")
        assert told.code == COMPLETED
        answer = json.loads(told.out)
        assert (answer["code"], answer["held_by"]) == ("paused", process.pid)
        (busy.outside / "go").write_text("go\n")
        assert ended(process).code == WAITING
    assert busy.ticket("A").status == "completed"
    assert busy.ticket("B").status == "pending"
    assert len(busy.events(RunPaused)) == 1
    assert busy.resume().code == COMPLETED


def test_a_running_run_takes_a_cancel_at_once(busy: Project) -> None:
    with started(*busy.words()) as process:
        hear(busy.outside / "running", process)
        told = tell(busy, "cancel")
        assert told.code == COMPLETED
        assert f"process {process.pid} ends run run" in told.out
        assert ended(process).code == BLOCKED
    assert busy.world().run.ending == "cancelled"


def test_a_running_run_refuses_what_makes_no_sense(busy: Project) -> None:
    with started(*busy.words()) as process:
        hear(busy.outside / "running", process)
        told = tell(busy, "retry", "A")
        assert told.code == BAD_INPUT
        assert 'ticket "A" is in_progress' in told.err
        assert tell(busy, "skip", "B").code == COMPLETED
        (busy.outside / "go").write_text("go\n")
        assert ended(process).code == COMPLETED
    assert busy.ticket("B").status == "skipped"


def test_a_message_to_a_process_that_dies_is_applied_by_its_sender(project: Project) -> None:
    project.plan({"id": "A", "step_mode": True})
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    with started(*project.words("--wait")) as process:
        asked(project, process)
        stop(process)
        words = ("approve", "run", "A.1.c1", "--repo", str(project.repo.path))
        with started(*words) as sender:
            assert len(posted(project, sender)) == 1
            process.kill()
            process.wait()
            assert ended(sender).code == COMPLETED
    assert not messages(project)
    assert project.resume().code == COMPLETED


def test_a_message_that_a_killed_sender_left_counts_with_the_next_resume(project: Project) -> None:
    project.plan({"id": "A", "step_mode": True})
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    with started(*project.words("--wait")) as process:
        asked(project, process)
        stop(process)
        words = ("approve", "run", "A.1.c1", "--repo", str(project.repo.path))
        with started(*words) as sender:
            assert len(posted(project, sender)) == 1
        process.kill()
        process.wait()
    assert len(messages(project)) == 1
    assert project.resume().code == COMPLETED
    assert not messages(project)


def test_a_process_that_takes_no_messages_is_named_and_the_message_taken_back(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_look_takes_s = post.PATIENCE_S / 3
    clock = SimpleNamespace(monotonic=count(step=a_look_takes_s).__next__)
    monkeypatch.setattr(post, "time", clock)
    monkeypatch.setattr("store.watch.LONGEST_S", 0.05)
    project.plan({"id": "A", "step_mode": True})
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    with started(*project.words("--wait")) as process:
        asked(project, process)
        stop(process)
        told = tell(project, "approve", "A.1.c1")
        assert told.code == HELD
        waits, refused = told.err.splitlines()
        assert waits.startswith(f"trackside: waits for process {process.pid}, which holds run run")
        assert str(process.pid) in refused
        assert not messages(project)


def test_a_raised_budget_lets_a_run_go_on(project: Project) -> None:
    project.plan({"id": "A"})
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    assert project.run("--budget-tokens", "5000").code == WAITING
    shown = tell(project, "budget")
    assert shown.code == COMPLETED
    assert "run tokens" in shown.out
    assert "waits for more: A.1" in shown.out
    assert tell(project, "budget", "--raise", "run.tokens=4000").code == BAD_INPUT
    assert tell(project, "budget", "--raise", "run.tokens=100000").code == COMPLETED
    (raised,) = project.events(BudgetRaised)
    assert (raised.limits.run_tokens, raised.by) == (100_000, ME)
    assert project.resume().code == COMPLETED


def test_a_budget_that_is_not_raised_blocks_what_waits_for_it(project: Project) -> None:
    project.plan({"id": "A"})
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    assert project.run("--budget-tokens", "5000").code == WAITING
    assert tell(project, "budget", "--stop").code == COMPLETED
    assert project.resume().code == BLOCKED
    assert project.block("A").cause == "budget"
