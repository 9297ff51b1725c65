"""What a worker has under way ends when it is told to halt, while the run goes on."""

from events.attempt_events import ToolFinished
from tests.end_to_end.project import Project, ended, hear, started, trackside
from tests.end_to_end.scripts import call, command, done, turn

COMPLETED = 0
LONG_S = 30
"""Much more than it takes a command to end; B waits so long only if A goes on."""


def test_the_command_of_a_ticket_that_is_skipped_ends_before_the_run_does(
    project: Project,
) -> None:
    running, held, never = (project.fifo(name) for name in ("running", "held", "never"))
    project.plan({"id": "A"}, {"id": "B"})
    stays = f"exec 3>{held}; echo up >{running}; cat {never}"
    until_it_ends = call("run_command", command=f"cat {held}", timeout_s=LONG_S)
    project.script({"A": [[turn(command(stays)), done()]], "B": [[turn(until_it_ends), done()]]})
    with started(*project.words()) as process:
        hear(running, process)
        place = ["--repo", str(project.repo.path)]
        assert trackside("skip", "run", "A", *place).code == COMPLETED
        assert ended(process).code == COMPLETED
    assert project.ticket("A").status == "skipped"
    (result,) = [
        one.event.outcome
        for one in project.records()
        if isinstance(one.event, ToolFinished) and one.stream == "attempt/B.1"
    ]
    assert result.ok, "the command of A was still there"
