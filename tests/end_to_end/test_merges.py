"""Tickets that are worked on side by side, and meet at the tip of the run."""

from events import attempt_events as attempt
from events import run_events as run
from tests.end_to_end.project import Project
from tests.end_to_end.scripts import call, command, done, hint, turn, write


def meeting(project: Project, name: str, other: str) -> dict[str, object]:
    """A command that ends only after its counterpart in another worktree has begun."""
    return command(f"echo here >{project.outside / name} & cat {project.outside / other}; wait")


def test_of_two_edits_to_one_line_the_second_is_done_again_on_the_first(project: Project) -> None:
    project.fifo("a")
    project.fifo("b")
    project.plan({"id": "A"}, {"id": "B"})

    def edit(value: int, old: int = 2) -> dict[str, object]:
        return call("replace_text", path="app.py", old=f"B = {old}\n", new=f"B = {value}\n")

    def add(word: str) -> list[dict[str, object]]:
        return [
            turn(write("app.py", f"A = 1\nB = 2 + {word}\nC = 3\n"), expect=("app.py",)),
            done(),
        ]

    project.script(
        {
            "A": [[turn(meeting(project, "a", "b")), turn(edit(20)), done()], add("20")],
            "B": [[turn(meeting(project, "b", "a")), turn(edit(21)), done()], add("21")],
        }
    )
    ended = project.run("--workers", "2")
    assert ended.code == 0
    (again,) = project.events(run.TicketRequeued)
    assert "conflict" in again.lesson
    assert "app.py" in again.lesson
    merged = [event.ticket for event in project.events(run.TicketCompleted)]
    assert merged[1] == again.ticket
    onto = project.events(run.MergeGranted)[-1].onto
    assert onto.commit == project.events(run.TicketCompleted)[0].commit
    assert "B = 2 + 2" in project.file("app.py")


def test_of_two_that_are_green_alone_and_red_together_the_second_is_sent_back(
    project: Project,
) -> None:
    project.fifo("a")
    project.fifo("b")
    project.plan(
        {"id": "A"}, {"id": "B"}, check="! test -f a.txt -a -f b.txt || { echo both; exit 4; }"
    )

    def work(name: str) -> list[dict[str, object]]:
        other = "b" if name == "a" else "a"
        return [turn(meeting(project, name, other), write(f"{name}.txt", "x\n")), done()]

    def instead(name: str) -> list[dict[str, object]]:
        return [turn(write(f"{name}-instead.txt", "x\n"), expect=("Only one may stay.",)), done()]

    project.script(
        {"A": [work("a"), instead("a")], "B": [work("b"), instead("b")]},
        hint("both", "Only one may stay."),
    )
    assert project.run("--workers", "2").code == 0
    (again,) = project.events(run.TicketRequeued)
    assert "Only one may stay." in again.lesson
    red = [ran for ran in project.events(attempt.CheckRan) if not ran.outcome.ok]
    assert [ran.merged for ran in red] == [True]


def test_a_dependent_starts_from_the_work_of_its_dependencies(project: Project) -> None:
    project.plan({"id": "A"}, {"id": "B", "depends_on": ["A"]})
    project.script(
        {
            "A": [[turn(write("a.txt", "made by A\n")), done()]],
            "B": [[turn(call("read_file", path="a.txt")), done("made by A")]],
        }
    )
    assert project.run().code == 0
    first, second = project.events(run.TicketAssigned)
    assert second.base == project.events(run.TicketCompleted)[0].commit != first.base
