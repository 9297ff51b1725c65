"""Runs at every stage of their life, each reached by commands alone."""

from typing import Any

from events import run_rules
from events.ids import ApprovalId, AttemptId, CommitId, TreeId
from events.run import Run
from events.run_commands import (
    AssignTickets,
    BlockTicket,
    CancelRun,
    EndRun,
    GrantMerge,
    ParkTicket,
    PauseRun,
    QueueMerge,
    RecordResult,
    ReleaseTicket,
    RunCommand,
)
from events.run_events import RunEvent
from events.ticket import Ticket
from tests.histories import ATTEMPT, T1, begins, commit, ticket, tree
from tests.scenario import Scenario

RunScenario = Scenario[Run, RunCommand, RunEvent]

NEW: RunScenario = Scenario.of(run_rules.DECIDER)
A1 = ApprovalId("T1.1.c1")
GRANT = GrantMerge(at_s=1_800_000_000, position=40)


def run_of(*tickets: Ticket, **start: Any) -> RunScenario:  # noqa: ANN401 - any field of the start
    """Return a run of `tickets` that has assigned nothing yet."""
    return NEW.after(begins(*tickets, **start))


def assigned(*tickets: Ticket, **start: Any) -> RunScenario:  # noqa: ANN401 - any field
    """Return a run of `tickets`, else of T1 and T2 that depends on it, with its workers busy."""
    plan = tickets or (ticket("T1"), ticket("T2", "T1"))
    return run_of(*plan, **start).after(AssignTickets())


def failed(attempt: str = "T1.1", result: Any = "failed", **fields: Any) -> RecordResult:  # noqa: ANN401
    """Return the news that an attempt came to nothing."""
    return RecordResult(AttemptId(attempt), result, "no luck", "try harder", **fields)


def completed(attempt: str = "T1.1", number: int = 1) -> RecordResult:
    """Return the news that an attempt made the `number`-th commit."""
    made: tuple[CommitId, TreeId] = (commit(number), tree(number))
    return RecordResult(AttemptId(attempt), "completed", commit=made[0], tree=made[1])


def merged(scenario: RunScenario, *attempts: str) -> RunScenario:
    """Return the run after these attempts were merged, one by one."""
    for number, attempt in enumerate(attempts, start=1):
        scenario = scenario.after(QueueMerge(AttemptId(attempt)), GRANT, completed(attempt, number))
    return scenario


STAGES: dict[str, RunScenario] = {
    "new": NEW,
    "planning": NEW.after(begins(ticket("T1"), tickets=2)),
    "ready": run_of(ticket("T1"), ticket("T2", "T1")),
    "assigned": assigned(),
    "parked": assigned().after(ParkTicket(ATTEMPT, A1)),
    "queued": assigned().after(QueueMerge(ATTEMPT)),
    "granted": assigned().after(QueueMerge(ATTEMPT), GRANT),
    "paused": assigned().after(PauseRun("ann")),
    "ticket blocked": assigned().after(BlockTicket(T1, "ann")),
    "cancelling": assigned().after(CancelRun("ann")),
    "completed": merged(assigned(ticket("T1")), "T1.1").after(EndRun()),
    "blocked": assigned().after(failed(result="rejected"), EndRun()),
    "cancelled": assigned().after(CancelRun("ann"), EndRun()),
    "going on": assigned().after(failed(result="rejected"), EndRun(), ReleaseTicket(T1, "ann")),
}
