"""Budgets bind: they are reserved before a call, settled after it, and survive everything."""

import signal
from collections.abc import Collection
from datetime import UTC, datetime
from http import HTTPStatus

import pytest

from events import attempt_events as attempt
from events.budget import Amount, Ledger
from events.conversation import Usage
from events.hint import HintGiven
from events.run_events import BudgetExceeded, RunPaused
from events.world import World, evolve
from models.prices import cost
from tests.end_to_end.gemini_run import answered, brain_of, lead_to, place_of
from tests.end_to_end.project import Json, Project, ended, started, trackside
from tests.end_to_end.scripts import command, done, hint, turn, write
from tests.gemini_replies import Reply, count, say, unavailable
from tests.gemini_server import Exchange, GeminiServer, Request

FLASH, LITE = "gemini-2.5-flash", "gemini-2.5-flash-lite"
PRICED = """
[[price]]
model = "gemini-house"
from = 2020-01-01
input = 1000.0
output = 1000.0
"""
"""A thousand tokens for a dollar."""
COUNT = {"input": 900, "output": 80, "thinking": 20}
"""What each scripted turn of a worker costs: 1,000 tokens."""
LIMIT, ENOUGH = 12_500, 30_000
TICKETS, TURNS = "ABCDEFGH", 3


def configure(project: Project, text: str = "", model: str = FLASH) -> None:
    models = f'ladder = ["{model}"]\nqa = "{LITE}"\nmax_output_tokens = 1000\n'
    project.configure(f"{text}\n[models]\n{models}")


def costly(*turns: Json) -> list[Json]:
    return [{**each, "usage": COUNT} for each in turns]


def plan_many(project: Project) -> None:
    """Plan eight tickets of three turns each: 24,000 tokens."""
    project.plan(*({"id": name} for name in TICKETS))
    project.script(
        {
            name: [
                costly(turn(write(f"{name}.txt", name)), turn(write(f"{name}.md", name)), done())
            ]
            for name in TICKETS
        }
    )


def ledgers(project: Project) -> list[Ledger]:
    """Return the ledger after each record."""
    world, found = World(), []
    for each in project.records():
        world = evolve(world, each.stream, each.event, each.position)
        found.append(world.run.ledger)
    return found


def used(project: Project) -> int:
    """Return the tokens of all calls on record, added up one by one."""
    calls = project.events(attempt.ReplyRecorded, attempt.CallFailed, HintGiven)
    return sum(event.usage.total for event in calls)


def assert_kept(project: Project, limit: int) -> None:
    """What is used and what is set aside have never come to more than the limit."""
    found = ledgers(project)
    assert max((ledger.spent + ledger.set_aside).tokens for ledger in found) <= limit
    assert found[-1].spent.tokens == used(project)


def test_eight_workers_under_one_small_budget_use_all_of_it_and_no_more(project: Project) -> None:
    configure(project, f"workers = 8\n[budget]\nrun_tokens = {LIMIT}")
    plan_many(project)
    assert project.run().code == 3
    assert_kept(project, LIMIT)
    ledger = ledgers(project)[-1]
    assert ledger.set_aside == Amount()
    asked = min(short.asked for short in ledger.lacking.values())
    assert ledger.spent.tokens + asked > LIMIT

    status = project.answer("status")
    assert status["code"] == "waiting"
    assert {wait["kind"] for wait in status["waits"]} == {"budget"}
    told = trackside("status", "--repo", str(project.repo.path)).out
    assert "the run may take 12,500 tokens; " in told
    assert f"  trackside budget run --raise run.tokens={2 * LIMIT} --repo " in told

    where = ["--repo", str(project.repo.path)]
    assert trackside("budget", "run", "--raise", f"run.tokens={ENOUGH}", *where).code == 0
    assert project.answer("status")["next"][0].startswith("trackside resume run")
    assert project.resume().code == 0
    assert_kept(project, ENOUGH)
    assert used(project) == len(TICKETS) * TURNS * 1000
    assert trackside("verify", "run", *where).code == 0


def test_who_gets_no_leave_leaves_the_only_worker_to_the_next_ticket(project: Project) -> None:
    configure(project, f"workers = 1\n[limits]\nrun_wall_s = 60\n[budget]\nrun_tokens = {LIMIT}")
    plan_many(project)
    assert project.run().code == 3
    waiting = [project.ticket(name) for name in TICKETS]
    assert {each.status for each in waiting} == {"completed", "step_paused"}
    assert not project.events(RunPaused)


def test_who_declines_more_budget_blocks_what_waits_for_it(project: Project) -> None:
    configure(project, "[budget]\nattempt_tokens = 3_000")
    plan_many(project)
    assert project.run().code == 3
    assert {event.shortfall.scope for event in project.events(BudgetExceeded)} == {"attempt"}
    assert trackside("budget", "run", "--stop", "--repo", str(project.repo.path)).code == 0
    assert project.resume().code == 1
    assert {project.block(name).cause for name in TICKETS} == {"budget"}


def test_a_resume_after_a_kill_goes_on_with_the_count(project: Project) -> None:
    configure(project, f"workers = 8\n[budget]\nrun_tokens = {LIMIT}")
    plan_many(project)
    there = {"TRACKSIDE_FAILPOINT": "after-position:60"}
    with started(*project.words(), environment=there) as process:
        assert ended(process).code == -signal.SIGKILL
    before = ledgers(project)[-1].spent.tokens
    assert before > 0
    assert project.resume().code == 3
    assert_kept(project, LIMIT)
    assert ledgers(project)[-1].spent.tokens > before


def test_qa_that_has_no_budget_left_is_done_without(project: Project) -> None:
    # Of what the first turn leaves, the second one needs less than a hint on so many digits.
    configure(project, "[budget]\nrun_tokens = 12_000")
    project.plan({"id": "A"})
    numbers = "for i in range(99): print(chr(97 + i % 26), chr(97 + i // 26), '7' * 280)"
    failing = command(f'python3 -c "{numbers}"; exit 3')
    first = {**turn(failing), "usage": {"input": 6_000, "output": 1_000}}
    project.script({"A": [[first, *costly(done())]]}, hint(".", "Never asked."))
    assert project.run().code == 0
    (given,) = project.events(HintGiven)
    assert (given.source, given.problem) == ("extract", "no budget is left for a model")
    assert (given.model, given.prompt, given.usage) == ("", "", Usage())


def test_a_budget_in_usd_needs_the_price_of_every_model(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(project, model="gemini-house")
    plan_many(project)
    monkeypatch.setenv("GEMINI_API_KEY", "AIza-nobody")
    refusal = trackside(*project.words_by(None, "--budget-usd", "5"))
    assert refusal.code == 2
    assert "the price of gemini-house is not known" in refusal.err
    assert not project.folder_of().exists()


def test_a_fork_of_a_run_with_a_budget_in_usd_needs_the_price_of_its_model(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(project)
    plan_many(project)
    assert project.run("--budget-usd", "5").code == 0
    monkeypatch.setenv("GEMINI_API_KEY", "AIza-nobody")
    where = ["--repo", str(project.repo.path)]
    refusal = trackside("fork", "run", "--at", "10", "--model", "gemini-house", *where)
    assert refusal.code == 2
    assert "the price of gemini-house is not known" in refusal.err


def test_the_users_own_prices_are_those_that_count(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(project, model="gemini-house")
    plan_many(project)
    own = project.folder / "config" / "trackside" / "prices.toml"
    own.write_text(PRICED)
    with GeminiServer(brain_of(project)) as server:
        lead_to(server, monkeypatch)
        assert trackside(*project.words_by(None, "--budget-usd", "8.5")).code == 3
        spent = ledgers(project)[-1].spent.usd
        own.unlink()  # a price is taken down with the call, so that no later one changes the sum
        assert project.answer("usage")["use"]["usd"] == pytest.approx(spent)
        assert spent == pytest.approx(len(answered(server)))
        assert 5 < spent <= 8.5
    own.write_text("price = 7")
    unreadable = project.resume()
    assert unreadable.code == 2
    assert str(own) in unreadable.err


def test_every_sum_is_that_of_the_requests_that_the_server_counted(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(project, "workers = 2")
    project.plan({"id": "A"}, {"id": "B"})
    failing = turn(command("echo the reactor is hot; exit 1"))
    project.script(
        {
            "A": [costly(failing, turn(text="BLOCKED: too hot")), costly(failing, done())],
            "B": [costly(turn(write("b.txt", "b")), done())],
        }
    )
    trouble = {("A", 1, 2): unavailable(), ("B", 1, 1): unavailable()}
    brain = brain_of(project, qa=talkative)

    def answer(request: Request) -> Reply:
        return trouble.pop(place_of(request), None) or brain(request)

    with GeminiServer(answer) as server:
        lead_to(server, monkeypatch)
        assert trackside(*project.words_by(None)).code == 0
    assert len(server.exchanges) == 12
    usage = project.answer("usage")
    assert_counted(usage["use"], server.exchanges)
    assert [(tier["tier"], tier["model"]) for tier in usage["tiers"]] == [(3, FLASH), (4, LITE)]
    for tier in usage["tiers"]:
        of_model = [each for each in server.exchanges if each.request.model == tier["model"]]
        assert_counted(tier["use"], of_model)
    by_attempt = attempts_in(server)
    assert {row["name"] for row in usage["attempts"]} == set(by_attempt)
    for row in usage["attempts"]:
        assert_counted(row["use"], by_attempt[row["name"]])
    of_a = [*by_attempt["A.1"], *by_attempt["A.2"]]
    for row, exchanges in zip(usage["tickets"], (of_a, by_attempt["B.1"]), strict=True):
        assert_counted(row["use"], exchanges)


def talkative(_: Request) -> Reply:
    """QA's model, which never says it in 20 words."""
    return say("word " * 30, usage=count(300, 40, cached=100, thinking=7))


def attempts_in(server: GeminiServer) -> dict[str, list[Exchange]]:
    """Return what was asked for each attempt; only attempts at A, one after another, ask QA."""
    found: dict[str, list[Exchange]] = {}
    last_of_a = ""
    for each in sorted(server.exchanges, key=lambda each: each.request.at):
        ticket, number, _ = place_of(each.request)
        name = f"{ticket}.{number}" if ticket else last_of_a
        last_of_a = name if ticket == "A" else last_of_a
        found.setdefault(name, []).append(each)
    return found


def assert_counted(use: Json, exchanges: Collection[Exchange]) -> None:
    """What is said of some calls is what the server has said in its answers to them."""
    each_usage = [
        (each.request.model, usage_in(each))
        for each in exchanges
        if each.reply.status == HTTPStatus.OK
    ]
    total = sum((usage for _, usage in each_usage), Usage())
    assert use["calls"] == len(each_usage)
    assert use["failed"] == len(exchanges) - len(each_usage)
    assert Usage(use["input"], use["output"], use["cached"], use["thinking"]) == total
    assert use["tokens"] == total.total
    today = datetime.now(UTC).date()
    usd = sum(cost(model, usage, today) or 0.0 for model, usage in each_usage)
    assert use["usd"] == pytest.approx(usd)


def usage_in(exchange: Exchange) -> Usage:
    """Return the count in the last event of an answer."""
    last = exchange.reply.events[-1]
    assert isinstance(last, dict)
    counts = last["usageMetadata"]
    names = ("promptTokenCount", "candidatesTokenCount")
    more = ("cachedContentTokenCount", "thoughtsTokenCount")
    return Usage(*(counts.get(name, 0) for name in (*names, *more)))
