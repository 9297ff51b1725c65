"""Whole runs, by the deciders alone: whatever happens on the way, they end, and they end well."""

from random import Random

import msgspec
import pytest

from events.attempt_events import AnswerTaken, AttemptEnded
from events.budget import Amount
from events.decider import Decider
from events.ids import ApprovalId, StreamId, TicketId
from events.policy import PRESETS, Policy, Rule
from events.run import CloseBooks, Run, due
from events.run_commands import StartRun
from events.run_events import TicketAssigned, TicketCompleted
from events.settings import Budget, Limits, Settings
from events.streams import DECIDERS, kind_of
from events.ticket import DONE, TRANSITIONS, Ticket, TicketState
from events.track import TrackSpec, is_over
from events.world import World
from events.world import evolve as believe
from tests.histories import start, ticket
from tests.simulated_world import SimulatedWorld

SEEDS = range(200)
STEPS = 20_000
"""More than any run needs; the longest of these takes a tenth of it."""

EXACT = Policy("exact", (
    Rule(verdict="ask", kind=("in_doubt", "merge"), expires_s=60.0),
    Rule(verdict="allow", argv=("make",)),
    Rule(verdict="deny", tool=("read_file",)),
    Rule(verdict="allow"),
))  # fmt: skip
LEGAL = {(before, after) for (before, _), after in TRANSITIONS.items()} | {
    # A gated spawn is assigned and parked, a parked result unparked and requeued, in one decision.
    (state, state)
    for state in ("locked", "pending", "step_paused", "in_progress", "blocked", "skipped")
}


def random_start(seed: int, most: int = 11) -> StartRun:
    """Return the start of a run of up to `most` tickets that depend on earlier ones."""
    random = Random(seed)
    plan: list[Ticket] = []
    for number in range(1, random.randint(2, most + 1)):
        needs = [held.id for held in plan if random.random() < 0.3]
        plan.append(
            ticket(
                f"T{number}",
                *needs,
                status="completed" if not needs and random.random() < 0.1 else "locked",
                priority=random.choice(["high", "medium", "low"]),
                step_mode=random.random() < 0.1,
                max_attempts=random.randint(1, 3),
                check=random.choice([None, "make test"]),
            )
        )
    settings = Settings(
        budget=Budget(
            run_tokens=random.choice([None, None, 25, 100]),
            attempt_tokens=random.choice([None, None, 20, 60]),
        ),
        workers=random.randint(1, 3),
        limits=Limits(turns=6, model_tries=3, stuck_after=random.randint(2, 4)),
    )
    track = TrackSpec(id="shop", setup=random.choice([None, "make deps"]), tickets=())
    policy = random.choice([*PRESETS.values(), EXACT])
    begun = start(plan, settings=settings, track=track, policy=policy)
    return StartRun(begun, tuple(plan))


def play(seed: int, *, operator: bool = True) -> SimulatedWorld:
    """Return a run that was played to its end, and looked at after every step.

    A run that ends blocked is taken up again once: an operator releases one ticket.
    """
    played = SimulatedWorld(seed, random_start(seed), operator=operator)
    releases = 1
    for _ in range(STEPS):
        if played.run.standing == "ended" and not due(played.run):
            if played.run.ending != "blocked" or not releases:
                return played
            releases -= 1
            played.tell(played.random.choice(played.releases()))
        before, cuts = {held.id: held.status for held in played.run.plan}, played.cuts
        played.step()
        look(played, before if cuts == played.cuts else {})
    pytest.fail(f"seed {seed}: the run does not end")


def look(played: SimulatedWorld, before: dict[TicketId, TicketState]) -> None:
    """Check what must hold after every step; `before` is empty if a power cut took steps back."""
    run = played.run
    was = {held.id: before.get(held.id, held.status) for held in run.plan}
    moves = {(was[held.id], held.status) for held in run.plan if was[held.id] != held.status}
    assert moves <= LEGAL | {("pending", "step_paused")}
    under_way = {held.id for held in run.plan if held.status in {"in_progress", "step_paused"}}
    assert {active.ticket for active in run.active.values()} == under_way
    assert all(held.tries <= held.max_attempts for held in run.plan)
    merging = [
        attempt
        for attempt in run.active
        if played.world.attempt(attempt).stage in {"merging", "merge_checking", "committing"}
    ]
    allowed = [run.grant.attempt] if run.grant is not None else []
    assert run.standing == "cancelling" or run.ending == "cancelled" or set(merging) <= set(allowed)
    assert {*run.queue, *allowed} <= set(run.active)
    assert len({*run.queue, *allowed}) == len(run.queue) + len(allowed)
    check_the_ledger(run)
    if is_over(run.plan) and run.standing in {"running", "paused"}:
        assert CloseBooks() in due(run)


def check_the_ledger(run: Run) -> None:
    """No budget is exceeded, with all that may still come of the calls that are out."""
    ledger, limits = run.ledger, run.ledger.limits
    held = ledger.spent.tokens + ledger.set_aside.tokens
    assert held <= (limits.run_tokens or held)
    for used in ledger.used.values():
        assert used.tokens <= (limits.attempt_tokens or used.tokens)
    assert ledger.spent == sum(ledger.used.values(), Amount())
    assert ledger.set_aside == sum(ledger.reserved.values(), Amount())


@pytest.mark.parametrize("group", range(10))
def test_every_run_ends_and_every_refold_is_the_live_state(group: int) -> None:
    crashes = 0
    for seed in SEEDS[group::10]:
        played = play(seed)
        crashes += played.crashes
        assert played.refolded() == played.world, f"seed {seed}"
        check_the_end(played)
        check_the_record(played)
    assert crashes, "a test of crashes without a crash"


def check_the_end(played: SimulatedWorld) -> None:
    run = played.run
    states = {held.status for held in run.plan}
    if run.ending == "cancelled":
        return
    assert states <= {"completed", "skipped", "blocked"}
    assert run.ending == ("blocked" if "blocked" in states else "completed")
    for held in run.plan:
        assert (held.status == "blocked") == (held.block is not None)
        assert held.waits_for is None


def check_the_record(played: SimulatedWorld) -> None:
    """Check the order of what happened, from the record alone."""
    done, tip, held = set[str](), played.run.facts.base, World()
    over, answers = set[StreamId](), set[ApprovalId]()
    for position, (stream, event) in enumerate(played.records(), start=1):
        held = believe(held, stream, event, position)
        assert stream not in over, "an attempt that is over stays over"
        match event:
            case TicketAssigned():
                needs = held.run.plan[event.ticket].depends_on
                assert all(held.run.plan[need].status in DONE for need in needs)
                assert event.base == tip
            case TicketCompleted():
                assert played.parents[event.commit] == tip, "one commit a ticket, on the tip"
                assert event.ticket not in done
                done.add(event.ticket)
                tip = event.commit
            case AttemptEnded():
                over.add(stream)
            case AnswerTaken(approval=approval):
                assert approval not in answers, "an approval is used once"
                answers.add(approval)
            case _:
                pass
    assert tip == played.run.commit


@pytest.mark.parametrize("seed", SEEDS[::20])
def test_a_crash_after_every_single_step_changes_nothing(seed: int) -> None:
    played = SimulatedWorld(seed, random_start(seed, most=3))
    while played.run.standing != "ended":
        played.crash()
        played.step()
    check_the_record(played)


@pytest.mark.parametrize("seed", SEEDS[::10])
def test_every_decision_can_be_derived_again_from_the_record(seed: int) -> None:
    played, states = play(seed), dict[StreamId, object]()
    for stream, cause, events in played.decisions:
        decider: Decider[object, object, object] = DECIDERS[kind_of(stream)]  # type: ignore[type-var]
        command = msgspec.json.decode(cause, type=decider.command_type)
        state = states.get(stream, decider.initial)
        assert tuple(decider.decide(command, state)) == events
        states[stream] = decider.fold(events, state)
    assert states == dict(played.world.states)
