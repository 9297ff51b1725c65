"""Ten thousand tickets: what one of them costs does not depend on the others."""

from events import run_rules
from events.run import Assign, CloseBooks, Run, due
from events.run_commands import (
    AssignTickets,
    EndRun,
    GrantMerge,
    PlanTickets,
    QueueMerge,
    RecordResult,
    RunCommand,
    StartRun,
)
from events.run_events import RunEvent
from events.settings import Settings
from events.ticket import Ticket
from tests.histories import commit, start, ticket, tree

WORKERS = 8
CHUNK = 200
"""Tickets planned by one command."""
EVENTS_PER_TICKET = 5
"""Unlocked, assigned, queued, granted, completed."""


def layered(number_of_tickets: int) -> tuple[Ticket, ...]:
    """Return tickets of which each depends on up to three that stand well before it."""
    return tuple(
        ticket(f"T{at}", *(f"T{at - back}" for back in (50, 51, 97) if at >= back))
        for at in range(number_of_tickets)
    )


def complete(plan: tuple[Ticket, ...]) -> tuple[Run, list[RunEvent]]:
    """Return the run of `plan` at its end, every attempt green at once, and all its events."""
    run, events = run_rules.DECIDER.initial, list[RunEvent]()

    def do(command: RunCommand) -> None:
        nonlocal run
        for event in run_rules.decide(command, run):
            run = run_rules.DECIDER.evolve(run, event)
            events.append(event)

    do(StartRun(start(plan, settings=Settings(workers=WORKERS)), plan[:CHUNK]))
    for at in range(CHUNK, len(plan), CHUNK):
        do(PlanTickets(plan[at : at + CHUNK]))
    made = 0
    while CloseBooks() not in due(run):
        assert Assign() in due(run)
        do(AssignTickets())
        assert len(run.active) <= WORKERS
        for attempt in list(run.active):
            do(QueueMerge(attempt))
        while run.queue:
            do(GrantMerge(at_s=0, position=len(events)))
            assert run.grant is not None
            made += 1
            merged = (commit(made), tree(made))
            do(RecordResult(run.grant.attempt, "completed", commit=merged[0], tree=merged[1]))
    do(EndRun())
    return run, events


def test_ten_thousand_tickets_are_completed_in_events_that_grow_with_their_number_alone() -> None:
    plan = layered(10_000)
    run, events = complete(plan)
    assert run.ending == "completed"
    assert run.plan.count("completed") == len(plan)
    assert run.commit == commit(len(plan))
    born_ready = sum(not held.depends_on for held in plan)
    of_the_run = 2 + len(plan) // CHUNK
    assert len(events) == EVENTS_PER_TICKET * len(plan) - born_ready + of_the_run
    assert run_rules.DECIDER.fold(events) == run
