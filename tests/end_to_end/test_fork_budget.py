"""A fork has a budget of its own, if it is given one; what its past took does not count."""

import pytest

from events.attempt_events import ToolFinished
from events.run_events import BudgetExceeded
from tests.end_to_end.project import Ended, Json, Project, trackside
from tests.end_to_end.scripts import done, turn, write

COMPLETED, REFUSED, WAITING = 0, 2, 3


@pytest.fixture
def parent(project: Project) -> Project:
    """A run of two tickets, one behind the other, that is over."""
    project.configure("[budget]\nticket_tokens = 900_000")
    project.plan({"id": "A"}, {"id": "B", "depends_on": ["A"]})
    project.script({name: [[turn(write(f"{name}.txt", "x\n")), done()]] for name in "AB"})
    assert project.run().code == COMPLETED
    return project


def forked(project: Project, *words: str, at: int = 5) -> Ended:
    place = ["--repo", str(project.repo.path), "--run-id", "fork"]
    return trackside("fork", "run", "--at", str(at), *place, *words)


def limits(project: Project, run: str) -> Json:
    rows = project.answer("budget", run)["rows"]
    return {f"{row['scope']}.{row['unit']}": row["limit"] for row in rows if row["limit"]}


def test_a_fork_has_the_limits_that_it_is_given_and_those_of_its_parent(parent: Project) -> None:
    made = forked(parent, "--budget-tokens", "3000", "--budget-usd", "2.5")
    assert made.code == COMPLETED, made.err
    assert limits(parent, "fork") == {"run.tokens": 3000, "run.usd": 2.5, "ticket.tokens": 900_000}
    assert limits(parent, "run") == {"ticket.tokens": 900_000}
    assert parent.resume("fork").code == WAITING
    parent.answer("budget", "fork", "--raise", "run.tokens=none")
    assert parent.resume("fork").code == COMPLETED
    place = ["--repo", str(parent.repo.path)]
    assert trackside("verify", "fork", *place).code == COMPLETED


def test_a_fork_without_them_keeps_what_its_parent_was_given(parent: Project) -> None:
    assert forked(parent).code == COMPLETED
    assert limits(parent, "fork") == {"ticket.tokens": 900_000}


def test_an_attempt_that_goes_on_into_a_fork_with_a_budget_asks_for_leave_from_there_on(
    project: Project,
) -> None:
    project.plan({"id": "A"})
    project.script({"A": [[turn(write("a.txt", "x\n")), turn(write("b.txt", "y\n")), done()]]})
    assert project.run().code == COMPLETED
    written = next(one for one in project.records() if isinstance(one.event, ToolFinished))
    assert forked(project, "--budget-tokens", "1", at=written.commit).code == COMPLETED
    assert project.resume("fork").code == WAITING
    assert len(project.events(BudgetExceeded, run="fork")) == 1
    project.answer("budget", "fork", "--raise", "run.tokens=none")
    assert project.resume("fork").code == COMPLETED
    assert project.answer("budget", "fork")["rows"]
    place = ["--repo", str(project.repo.path)]
    assert trackside("verify", "fork", *place).code == COMPLETED


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--budget-tokens", "0"], "budget.run_tokens: expected a whole number >= 1"),
        (["--budget-usd", "nan"], "budget.run_usd: expected a number that is finite"),
    ],
)
def test_a_limit_that_is_none_is_refused_as_for_a_run(
    parent: Project, words: list[str], reason: str
) -> None:
    refused = forked(parent, *words)
    assert (refused.code, refused.out) == (REFUSED, "")
    assert refused.err == trackside(*parent.words(*words, run="other")).err
    assert reason in refused.err
    assert not parent.folder_of("fork").exists()


def test_a_fork_of_what_is_over_has_nothing_to_spend(parent: Project) -> None:
    refused = forked(parent, "--budget-usd", "1", at=len(parent.records()))
    assert refused.code == REFUSED
    assert "the run is ended" in refused.err
    assert not parent.folder_of("fork").exists()


def test_a_budget_in_usd_needs_the_price_of_every_model_that_may_be_asked(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "no key of anybody")
    project.configure('[models]\nfallback = "gemini-of-no-known-price"')
    project.plan({"id": "A"})
    project.script({"A": [[done()]]})
    assert project.run().code == COMPLETED
    refused = forked(project, "--budget-usd", "1")
    assert refused.code == REFUSED
    assert "gemini-of-no-known-price" in refused.err
    prices = project.folder / "config" / "trackside" / "prices.toml"
    prices.write_text(PRICE)
    assert forked(project, "--budget-usd", "1").code == COMPLETED


PRICE = """[[price]]
model = "gemini-of-no-known-price"
from = 2026-01-01
input = 1.0
output = 2.0
"""
