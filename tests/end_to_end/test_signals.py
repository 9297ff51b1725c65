"""One writer, and how it is asked to stop."""

import os
import select
import signal
import time
from pathlib import Path

import pytest

from events import attempt_events as attempt
from tests.end_to_end.project import Project, ended, hear, started, trackside
from tests.end_to_end.scripts import command, done, turn, write

INTERRUPTED, HELD = 130, 5
REFUSED_S, STOPPED_S = 5.0, 10.0
"""Both take a fraction of a second; what waited for the command instead would wait for ever."""


@pytest.fixture
def held_open(project: Project) -> Project:
    """A project whose run waits in a command until somebody writes to the pipe ``go``."""
    running, go = project.fifo("running"), project.fifo("go")
    wait = command(f"echo up >{running}; cat {go} >/dev/null & wait")
    project.plan({"id": "A"}, {"id": "B", "depends_on": ["A"]})
    project.script(
        {
            "A": [[turn(write("a.txt", "a\n")), turn(wait), done()]],
            "B": [[turn(write("b.txt", "b\n")), done()]],
        }
    )
    return project


def test_a_second_process_is_refused_and_told_who_holds_the_run(held_open: Project) -> None:
    with started(*held_open.words()) as process:
        hear(held_open.outside / "running", process)
        before = time.monotonic()
        refused = held_open.resume()
        assert time.monotonic() - before < REFUSED_S
        assert refused.code == HELD
        assert str(process.pid) in refused.err
        assert len(refused.err.splitlines()) == 1
        (held_open.outside / "go").write_text("go\n")
        assert ended(process).code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_lets_a_run_rest_and_a_resume_completes_it(
    held_open: Project, number: signal.Signals
) -> None:
    running, go = held_open.outside / "running", held_open.outside / "go"
    with started(*held_open.words()) as process:
        hear(running, process)
        below = descendants(process.pid)
        assert below
        before = time.monotonic()
        process.send_signal(number)
        stopped = ended(process)
        assert time.monotonic() - before < STOPPED_S
        assert stopped.code == INTERRUPTED
        assert not {pid for pid in below if Path(f"/proc/{pid}").exists()}
        assert "trackside resume run" in stopped.out
    asked = len(held_open.events(attempt.ReplyRecorded))
    assert asked == 2
    with started("resume", "--repo", str(held_open.repo.path)) as process:
        hear(running, process)
        go.write_text("go\n")
        assert ended(process).code == 0
    assert len(held_open.events(attempt.ReplyRecorded)) == asked + 3
    assert len(held_open.events(attempt.ToolDoubted)) == 1


def test_a_second_signal_ends_the_process_at_once(held_open: Project) -> None:
    running = held_open.outside / "running"
    go = held_open.outside / "go"
    deaf = command(f"trap '' TERM; echo up >{running}; while :; do read x <{go}; done")
    held_open.script({"A": [[turn(deaf), done()]], "B": [[done()]]})
    with started(*held_open.words()) as process:
        hear(running, process)
        below = descendants(process.pid)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        assert ended(process).code == INTERRUPTED
    wait_for_the_end_of(below)


def test_a_kill_of_the_process_ends_its_commands(held_open: Project) -> None:
    with started(*held_open.words()) as process:
        hear(held_open.outside / "running", process)
        below = descendants(process.pid)
        process.kill()
        process.wait()
        wait_for_the_end_of(below)


def test_a_run_that_ended_can_be_resumed_and_has_nothing_to_do(project: Project) -> None:
    project.plan({"id": "A"})
    project.script({"A": [[done()]]})
    assert project.run().code == 0
    before = project.records()
    again = trackside("resume", "--repo", str(project.repo.path))
    assert again.code == 0
    assert [type(each.event).__name__ for each in project.records()[len(before) :]] == ["LogOpened"]


def descendants(pid: int) -> set[int]:
    """The processes below a process, as its threads started them."""
    found: set[int] = set()
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, file.read_text().split()):
            found |= {child} | descendants(child)
    return found


def wait_for_the_end_of(pids: set[int]) -> None:
    """Return once these processes, which are no children of ours, have ended."""
    for pid in pids:
        try:
            fd = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        with os.fdopen(fd) as process:
            assert select.select([process], [], [], 10.0)[0]
