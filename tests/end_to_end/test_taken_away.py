"""Parts of a run's folder that are taken away while it works: it ends, and goes on with them."""

import pytest

from cli import conduct
from events import run_events as run
from tests.end_to_end.project import Ended, Project, ended, hear, started
from tests.end_to_end.scripts import command, done, turn, write

COMPLETED, DAMAGED = 0, 4
LOST = "has been deleted or moved away; put it back, then resume"
UNKEPT = "the payload cannot be written (No such file or directory); put back what was taken"


def stopped_without(part: str, project: Project, ended: Ended, words: str) -> None:
    """Hold a run whose `part` was taken away to one line, and to having made no other one."""
    assert ended.code == DAMAGED, ended.err
    (line,) = (line for line in ended.err.splitlines() if line.startswith("trackside: "))
    assert words in line
    assert not (project.folder_of() / part).exists(), "it would be in the way of the real one"


@pytest.mark.parametrize(
    ("part", "words"),
    [("git", LOST), ("blobs", UNKEPT), (".", "put")],
    ids=["trees", "payloads", "everything"],
)
def test_a_run_goes_on_with_what_was_taken_from_it_as_if_it_had_never_been_gone(
    project: Project, part: str, words: str
) -> None:
    running, go = project.fifo("running"), project.fifo("go")
    wait = f"test ! -p {running} || {{ echo up >{running}; cat {go}; }}"
    once = {"max_attempts": 1}
    project.plan(
        {"id": "A", "check": f"{wait}; seq 901", **once},
        {"id": "B", "depends_on": ["A"], **once},
        {"id": "C", **once},
    )
    edits = turn(write("a.txt", "a\n"), command(f"echo b >b.txt; {wait}; seq 900"))
    others = {name: [[turn(write(f"{name}.txt", name)), done()]] for name in "BC"}
    project.script({"A": [[edits, done()]], **others})
    place, away = (project.folder_of() / part).resolve(), project.folder / "away"

    with started(*project.words("--workers", "1")) as process:
        hear(running, process)  # in the command
        place.rename(away)
        running.unlink()  # so that nothing waits if it is run again
        go.write_text("go\n")
        stopped_without(part, project, ended(process), words)
    away.rename(place)
    project.fifo("running")
    with started("resume", "--repo", str(project.repo.path)) as process:
        hear(running, process)
        go.write_text("go\n")
        hear(running, process)  # in the check
        place.rename(away)
        running.unlink()
        go.write_text("go\n")
        stopped_without(part, project, ended(process), words)
    away.rename(place)

    assert project.resume().code == COMPLETED
    assert project.events(run.ActorCrashed, run.TicketRequeued) == []
    assert list(project.folder_of().glob("bug-*")) == []
    assert project.run("--workers", "1", run="calm").code == COMPLETED
    assert project.tree() == project.tree("calm")


@pytest.mark.parametrize("how", ["branch", "apply"])
def test_a_repository_that_is_gone_at_the_delivery_leaves_it_to_the_resume(
    project: Project, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    project.plan({"id": "A"})
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    place, away = project.folder_of() / "git", project.folder / "away"
    real = conduct.deliver

    with monkeypatch.context() as patch:

        def late(*args: object) -> object:
            place.rename(away)
            return real(*args)  # type: ignore[arg-type]  # whatever it is given

        patch.setattr(conduct, "deliver", late)
        stopped_without("git", project, project.run("--deliver", how), LOST)
    assert project.events(run.RunDelivered) == []
    away.rename(place)
    assert project.resume().code == COMPLETED
    (delivered,) = project.events(run.RunDelivered)
    assert (delivered.how, delivered.problem) == (how, "")
