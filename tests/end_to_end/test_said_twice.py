"""What was said before is told who was first and when; and a pause ends wherever the run is."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from cli import post
from cli.post import Sent
from events.run_events import RunContinued, RunPaused
from tests.end_to_end.people import ME
from tests.end_to_end.project import Ended, Project, ended, hear, started, trackside
from tests.end_to_end.scripts import call, command, done, turn, write

COMPLETED, BAD_INPUT, WAITING, HELD = 0, 2, 3, 5


def tell(project: Project, *words: str) -> Ended:
    verb, *others = words
    return trackside(verb, "run", *others, "--repo", str(project.repo.path))


@pytest.fixture
def waiting_run(project: Project) -> Project:
    """A project whose run waits for a word on A, and whose C has given up."""
    project.configure("[budget]\nattempt_tokens = 500_000")
    project.plan({"id": "A", "step_mode": True}, {"id": "C", "max_attempts": 1})
    writes = [turn(write("a.txt", "a\n")), done()]
    project.script({"A": [writes], "C": [[turn(call("give_up", reason="no"))], writes]})
    assert project.run("--budget-tokens", "1000000").code == WAITING
    return project


@pytest.mark.parametrize(
    ("words", "did"),
    [
        (["skip", "A"], 'skipped ticket "A"'),
        (["retry", "C"], 'released ticket "C"'),
        (["pause"], "paused the run"),
        (["cancel"], "cancelled the run"),
        (["budget", "--raise", "run.tokens=2000000"], "raised the budget"),
    ],
)
def test_a_command_that_comes_twice_is_told_who_was_first(
    words: Sequence[str], did: str, waiting_run: Project
) -> None:
    assert tell(waiting_run, *words).code == COMPLETED
    done_at = [one.at for one in waiting_run.records() if one.stream == "run" and one.cause]
    before = waiting_run.records()
    again = tell(waiting_run, *words)
    assert again.code == BAD_INPUT
    (line,) = again.err.splitlines()
    assert any(f"; {ME} {did} at {at}" in line for at in done_at)
    assert waiting_run.records() == before


@contextmanager
def before_it_is_sent(does: Callable[[], object]) -> Iterator[None]:
    """Have `does` called once the first message is made, and not sent yet."""
    rest = [does]

    def send(*told: Any) -> Sent:  # noqa: ANN401 - whatever it is told
        while rest:
            rest.pop()()
        return post.send(*told)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cli.telling.send", send)
        yield


def test_two_who_raise_the_budget_at_the_same_moment_both_have_their_raise(
    waiting_run: Project,
) -> None:
    with before_it_is_sent(lambda: tell(waiting_run, "budget", "--raise", "attempt.tokens=900000")):
        told = tell(waiting_run, "budget", "--raise", "run.tokens=2000000")
    assert (told.code, told.err) == (COMPLETED, "")
    limits = waiting_run.world().run.ledger.limits
    assert (limits.run_tokens, limits.attempt_tokens) == (2_000_000, 900_000)


def test_who_is_outdone_at_the_same_moment_hears_who_raised_it(waiting_run: Project) -> None:
    with before_it_is_sent(lambda: tell(waiting_run, "budget", "--raise", "run.tokens=3000000")):
        told = tell(waiting_run, "budget", "--raise", "run.tokens=2000000")
    assert told.code == BAD_INPUT
    assert f"run.tokens is 3,000,000 already; {ME} raised the budget at " in told.err
    assert waiting_run.world().run.ledger.limits.run_tokens == 3_000_000


def test_a_raise_that_is_refused_for_another_reason_is_not_tried_again(
    waiting_run: Project,
) -> None:
    with before_it_is_sent(lambda: tell(waiting_run, "cancel")):
        told = tell(waiting_run, "budget", "--raise", "run.tokens=2000000")
    assert told.code == BAD_INPUT
    assert "the run is ended" in told.err


def test_a_wait_for_budget_that_was_ended_before_is_told_by_whom(project: Project) -> None:
    project.plan({"id": "A"}, {"id": "B", "step_mode": True})
    project.script({"A": [[done()]], "B": [[turn(write("b.txt", "b\n")), done()]]})
    assert project.run("--budget-tokens", "5000").code == WAITING
    assert tell(project, "budget", "--stop").code == COMPLETED
    again = tell(project, "budget", "--stop")
    assert again.code == BAD_INPUT
    assert f"{ME} ended the wait for more budget at " in again.err


def test_what_is_refused_for_another_reason_blames_nobody(waiting_run: Project) -> None:
    assert tell(waiting_run, "pause").code == COMPLETED
    assert waiting_run.resume().code == WAITING
    assert tell(waiting_run, "cancel").code == COMPLETED
    refused = tell(waiting_run, "pause")
    assert refused.code == BAD_INPUT
    assert f"; {ME} " not in refused.err


def test_a_resume_of_a_run_that_is_about_to_pause_has_it_go_on_where_it_is(
    project: Project,
) -> None:
    running, go = project.fifo("running"), project.fifo("go")
    wait = command(f"echo up >{running}; cat {go} >/dev/null & wait")
    project.plan({"id": "A"}, {"id": "B", "depends_on": ["A"]})
    project.script({"A": [[turn(wait), done()]], "B": [[turn(write("b.txt", "b\n")), done()]]})
    with started(*project.words()) as process:
        hear(running, process)
        assert tell(project, "pause").code == COMPLETED
        told = project.resume()
        assert told.code == HELD
        assert f"goes on now, in process {process.pid}" in told.err
        assert len(told.err.splitlines()) == 1
        assert "wait until it ends" in project.resume().err  # it is not paused any more
        go.write_text("go\n")
        assert ended(process).code == COMPLETED
    assert len(project.events(RunPaused)) == len(project.events(RunContinued)) == 1
    assert project.file("b.txt") == "b\n"
