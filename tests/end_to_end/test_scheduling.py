"""Which ticket is next, and what it waits for."""

from itertools import pairwise

from events import run_events as run
from tests.end_to_end.project import Project, ended, hear, started
from tests.end_to_end.scripts import command, done, turn

WAITING = 3


def test_priority_decides_among_ready_tickets_and_then_their_order_in_the_file(
    project: Project,
) -> None:
    project.plan(
        {"id": "later"},
        {"id": "last", "priority": "low"},
        {"id": "first", "priority": "high"},
        {"id": "freed", "priority": "high", "depends_on": ["later"]},
        {"id": "also-later"},
        {"id": "done-before", "status": "completed"},
    )
    names = ["later", "last", "first", "freed", "also-later"]
    project.script({name: [[done()]] for name in names})
    assert project.run("--workers", "1").code == 0
    assigned = [event.ticket for event in project.events(run.TicketAssigned)]
    assert assigned == ["first", "later", "freed", "also-later", "last"]


def test_a_completed_ticket_unlocks_its_dependents_without_waiting_for_its_siblings(
    project: Project,
) -> None:
    running, go, reached = project.fifo("running"), project.fifo("go"), project.fifo("reached")
    project.plan({"id": "slow"}, {"id": "quick"}, {"id": "next", "depends_on": ["quick"]})
    project.script(
        {
            "slow": [[turn(command(f"echo up >{running}; cat {go}")), done()]],
            "quick": [[done()]],
            "next": [[turn(command(f"echo up >{reached}")), done()]],
        }
    )
    with started(*project.words()) as process:
        assert hear(running, process) == "up"
        assert hear(reached, process) == "up"
        go.write_text("go\n")
        assert ended(process).code == 0
    completed = [event.ticket for event in project.events(run.TicketCompleted)]
    assert completed.index("quick") < completed.index("slow")


def test_a_time_that_is_over_before_the_run_goes_on_pauses_it_all_the_same(
    project: Project,
) -> None:
    names = [f"T{number}" for number in range(8)]
    project.configure("[limits]\nrun_wall_s = 0.000001")
    project.plan({"id": "T0"}, *({"id": b, "depends_on": [a]} for a, b in pairwise(names)))
    project.script({name: [[turn(command("true")), done()]] for name in names})
    assert project.run().code == WAITING
    (paused,) = project.events(run.RunPaused)
    assert "limits.run_wall_s is reached" in paused.reason
    assert project.ticket("T7").status == "locked"
