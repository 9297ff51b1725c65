"""Limits of the server: per minute they are waited for, per day they park the run."""

import json
import re
from collections import Counter
from itertools import pairwise

import pytest

from events import attempt_events as attempt
from events import run_events as run
from events.hint import HintGiven
from tests.end_to_end.gemini_run import answered, brain_of, lead_to, place_of, refused
from tests.end_to_end.project import Project, ended, started, trackside
from tests.end_to_end.scripts import command, done, turn, write
from tests.gemini_replies import Gate, Reply, drip, quota_per_day, rate_limit, say
from tests.gemini_server import Answer, Exchange, GeminiServer, Request

FLASH, PRO = "gemini-2.5-flash", "gemini-2.5-pro"
RETRY_S = 0.2
"""What the server asks to wait: short, so that the test is."""
STORM = 60
"""Requests that the server refuses: more for each of 8 workers than a turn has tries."""


class Refusing:
    """Refuses requests for one model: the first `many`, or while it is told to."""

    def __init__(self, refusal: Reply, then: Answer, many: int = 10**9, model: str = FLASH) -> None:
        self.left = many
        self._refusal = refusal
        self._then = then
        self._model = model

    def __call__(self, request: Request) -> Reply:
        if request.model != self._model or self.left == 0:
            return self._then(request)
        self.left -= 1
        return self._refusal


def with_one_model(project: Project, text: str = "", models: str = "") -> None:
    """Configure a run that asks one model, and no other unless `models` says so."""
    project.configure(f'{text}\n[models]\nladder = ["{FLASH}"]\nqa = "{FLASH}"\n{models}\n')


def simple(project: Project, *names: str) -> None:
    """Plan tickets of two turns each that need nothing of each other."""
    project.plan(*({"id": name} for name in names))
    project.script({name: [[turn(write(f"{name}.txt", name)), done()]] for name in names})


def test_a_storm_of_rate_limits_fails_no_ticket_and_no_request_comes_too_soon(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_one_model(project, "workers = 8")
    simple(project, *"ABCDEFGH")
    with GeminiServer(Refusing(rate_limit(f"{RETRY_S}s"), brain_of(project), STORM)) as server:
        lead_to(server, monkeypatch)
        assert trackside(*project.words_by(None)).code == 0
    assert (len(refused(server)), len(answered(server))) == (STORM, 16)
    assert {event.result for event in project.events(attempt.AttemptEnded)} == {"completed"}
    assert too_soon(server) == []

    failed = project.events(attempt.CallFailed)
    assert len(failed) == STORM
    assert {(event.kind, event.holds) for event in failed} == {("rate_limit", False)}
    assert min(event.delay_s for event in failed) == RETRY_S
    waits = project.events(run.ModelWaited)
    assert {wait.reason for wait in waits} <= {"delay", "server", "parallel"}
    delays = Counter(wait.seconds for wait in waits if wait.reason == "delay")
    assert delays == Counter(event.delay_s for event in failed)
    assert all(wait.seconds > 0 for wait in waits if wait.reason == "server")
    assert {wait.model for wait in waits} == {FLASH}


def too_soon(server: GeminiServer) -> list[str]:
    """Return the requests that came before the server allowed it.

    Who asks has heard of a refusal if it is its own, or if it was sent before the last request
    that the same worker made: its answer came later. All times are of one monotonic clock, and a
    refusal binds from when it was heard of, which is after its request came.
    """
    last: dict[str, Exchange] = {}
    early = []
    for request in sorted(server.requests, key=lambda each: each.at):
        worker, _, _ = place_of(request)
        before = last.get(worker)
        heard = [
            each
            for each in refused(server)
            if before is not None and (each is before or each.sent < before.request.at)
        ]
        early += [
            f"{worker} at {request.at}, refused at {each.request.at}"
            for each in heard
            if request.at < each.request.at + RETRY_S
        ]
        last[worker] = next(each for each in server.exchanges if each.request is request)
    return early


def test_a_limit_that_lasts_parks_the_run_in_the_end(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_one_model(project, f"[limits]\nrate_wait_s = {2.5 * RETRY_S}")
    simple(project, "A")
    with GeminiServer(Refusing(rate_limit(f"{RETRY_S}s"), brain_of(project), 3)) as server:
        lead_to(server, monkeypatch)
        parked = trackside(*project.words_by(None))
        assert (parked.code, len(server.requests)) == (3, 3)
        assert f"paused by trackside: {FLASH}: the server answered 429" in parked.out
        assert project.resume().code == 0
    assert [event.holds for event in project.events(attempt.CallFailed)] == [False, False, True]


def ask_qa(
    project: Project, monkeypatch: pytest.MonkeyPatch, refusal: Reply, many: int
) -> tuple[HintGiven, list[Request]]:
    """Have QA refused `many` times; return its hint, and what it asked."""
    project.configure(f'[models]\nladder = ["{PRO}"]\nqa = "{FLASH}"')
    project.plan({"id": "A"})
    project.script({"A": [[turn(command("echo no reactor; exit 3")), done()]]})
    brain = brain_of(project, qa=lambda _: say(json.dumps({"hint": "Build one."})))
    with GeminiServer(Refusing(refusal, brain, many)) as server:
        lead_to(server, monkeypatch)
        assert trackside(*project.words_by(None)).code == 0
    (given,) = project.events(HintGiven)
    return given, [request for request in server.requests if request.model == FLASH]


def test_qa_waits_for_a_limit_per_minute_as_long_as_the_server_asks_to(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, asked = ask_qa(project, monkeypatch, rate_limit(f"{RETRY_S}s"), 2)
    assert (given.words, given.source, given.problem) == ("Build one.", "model", "")
    assert (given.calls, given.failed) == (1, 2)
    assert all(after.at >= before.at + RETRY_S for before, after in pairwise(asked))
    waits = {(wait.attempt, wait.model, wait.reason) for wait in project.events(run.ModelWaited)}
    assert waits <= {("A.1", FLASH, "server")}
    tiers = {tier["model"]: tier["use"] for tier in project.answer("usage")["tiers"]}
    assert (tiers[FLASH]["calls"], tiers[FLASH]["failed"]) == (1, 2)
    assert trackside("verify", "run", "--repo", str(project.repo.path)).code == 0


@pytest.mark.parametrize(
    ("delay", "times"), [("61s", 1), ("0.001s", 6)], ids=["too long", "again and again"]
)
def test_rules_give_the_hint_where_qa_would_wait_for_too_long(
    project: Project, monkeypatch: pytest.MonkeyPatch, delay: str, times: int
) -> None:
    given, asked = ask_qa(project, monkeypatch, rate_limit(delay), 100)
    assert (given.source, given.calls, given.failed) == ("extract", 0, times)
    assert "the server answered 429" in given.problem
    assert len(asked) == times


def test_a_quota_of_the_day_parks_the_run_and_says_when_it_comes_back(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_one_model(project, "workers = 2")
    simple(project, "A", "B")
    brain = brain_of(project)
    refusing = Refusing(quota_per_day(), brain)

    def answer(request: Request) -> Reply:
        return brain(request) if place_of(request) == ("A", 1, 1) else refusing(request)

    with GeminiServer(answer) as server:
        lead_to(server, monkeypatch)
        parked = trackside(*project.words_by(None))
        assert parked.code == 3
        back = r"the quota of the day comes back at \d{4}-\d\d-\d\d 0[78]:00 UTC"
        assert re.search(back, parked.out)
        status = project.answer("status")
        assert status["code"] == "paused"
        assert [command.split(" --")[0] for command in status["next"]] == ["trackside resume run"]
        assert re.search(back, status["paused"])
        assert {wait["kind"] for wait in status["waits"]} == {"model"}
        refusing.left = 0
        assert project.resume().code == 0
    asked = Counter(place_of(each.request) for each in answered(server))
    assert asked == {(name, 1, number): 1 for name in "AB" for number in (1, 2)}


def test_the_fallback_goes_on_where_the_quota_of_the_day_is_used_up(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_one_model(project, models=f'fallback = "{PRO}"')
    simple(project, "A")
    with GeminiServer(Refusing(quota_per_day(), brain_of(project))) as server:
        lead_to(server, monkeypatch)
        assert trackside(*project.words_by(None)).code == 0
    assert [request.model for request in server.requests] == [FLASH, PRO, PRO]
    assert [event.model for event in project.events(attempt.CallBegun)] == [FLASH, PRO, PRO]
    assert [event.served_by for event in project.events(attempt.ReplyRecorded)] == [PRO, PRO]
    usage = project.answer("usage")
    used = {tier["model"]: (tier["use"]["calls"], tier["use"]["failed"]) for tier in usage["tiers"]}
    assert used == {FLASH: (0, 1), PRO: (2, 0)}


def test_the_wall_time_of_a_process_pauses_the_run(project: Project) -> None:
    with_one_model(project, "[limits]\nrun_wall_s = 1.0")
    simple(project, "A", "B")
    project.plan({"id": "A"}, {"id": "B", "depends_on": ["A"]})
    gate, brain = Gate(), brain_of(project)
    slow: list[Reply] = [drip(gate)]

    def answer(request: Request) -> Reply:
        return slow.pop() if slow else brain(request)

    with GeminiServer(answer) as server:
        with started(*project.words_by(None), environment=server.environment) as process:
            assert process.stderr is not None
            for line in process.stderr:
                if b"run paused by trackside: limits.run_wall_s" in line:
                    break
            gate.open()
            parked = ended(process)
        assert parked.code == 3
        assert "paused by trackside: limits.run_wall_s is reached: 1 s" in parked.out
        assert project.ticket("A").status == "completed"
        assert project.ticket("B").status == "pending"
