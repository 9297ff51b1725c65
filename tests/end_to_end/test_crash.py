"""The process is killed at any position of its log; a resume goes on, and nothing happens twice."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from events import attempt_events as attempt
from events import run_events as run
from events.ids import CallId, TreeId
from events.journal import LogOpened
from events.streams import name_of
from store.log import Recorded
from tests.end_to_end.nursery import Nursery
from tests.end_to_end.project import Project
from tests.end_to_end.scripts import call, command, done, finish, hint, turn, write

COMPLETED = 0
POSITIONS = 89
"""About as many as an uninterrupted run has; the first test holds both together."""
KILLS = [(2 + round(number * (POSITIONS - 6) / 19),) for number in range(20)]
AGAIN = [(12, 4, 3), (40, 4, 9), (60, 5, 4, 3)]
"""Kills in a run, then in its resumes: so many records behind what each of them has found."""
TOGETHER = 2
EFFECTS = {"A.1.c1", "A.1.c3", "B.2.c2"}
"""The commands of the run; each adds its name to a file outside of its worktree."""


@dataclass(frozen=True)
class Story:
    """A run that was killed, and resumed to its end."""

    project: Project
    seen: list[list[Recorded]]
    """The log at the end of each process."""
    codes: list[int]
    said: Path


def eventful(project: Project) -> None:
    """Plan a run with a failed attempt, a red check, a failed command, hints and merges."""
    ledger = project.outside / "ledger"

    def effect(name: str, then: str = "true") -> dict[str, object]:
        return command(f"echo {name} >>{ledger}; {then}")

    project.plan(
        {"id": "A", "target_file": "app.py"},
        {"id": "B", "depends_on": ["A"]},
        {"id": "C", "check": "grep -q right c.txt || { echo not right; exit 3; }"},
    )
    edit = call("replace_text", path="app.py", old="A = 1\n", new="A = 10\n")
    project.script(
        {
            "A": [
                [
                    turn(effect("A.1.c1", "echo the reactor is hot; exit 1")),
                    turn(edit, effect("A.1.c3"), expect=("Cool it down.",)),
                    done(),
                ]
            ],
            "B": [
                [turn(call("give_up", reason="too hard for me"))],
                [turn(write("b.txt", "b\n"), effect("B.2.c2")), done("too hard for me")],
            ],
            "C": [
                [
                    turn(write("c.txt", "wrong\n"), finish()),
                    turn(write("c.txt", "right\n"), text="Now.", expect=("Write it right.",)),
                    turn(text="It is right."),
                ]
            ],
        },
        hint("the reactor is hot", "Cool it down."),
        hint("not right", "Write it right."),
    )


@pytest.fixture(scope="module")
def stories(
    tmp_path_factory: pytest.TempPathFactory, template: Path
) -> dict[tuple[int, ...], Story]:
    """All runs of this module, by the positions of their kills; told beforehand, two at a time."""
    idle: SimpleQueue[Nursery] = SimpleQueue()

    def tell(kills: tuple[int, ...]) -> Story:
        project = Project(tmp_path_factory.mktemp("crash"), template)
        project.configure("")
        eventful(project)
        nursery = idle.get()
        try:
            return lived(project, nursery, kills)
        finally:
            idle.put(nursery)

    with ExitStack() as stack, ThreadPoolExecutor(TOGETHER) as pool:
        for _ in range(TOGETHER):
            idle.put(stack.enter_context(Nursery({"PATH": os.environ["PATH"]})))
        kills = [(), *KILLS, *AGAIN]
        return dict(zip(kills, pool.map(tell, kills), strict=True))


def lived(project: Project, nursery: Nursery, kills: tuple[int, ...]) -> Story:
    """Run the track; die at each of the positions, resume each time, and reach the end."""
    said = project.folder / "said.txt"
    words = project.words("--workers", "2")
    seen, codes = list[list[Recorded]](), list[int]()
    for kill in (*kills, None):
        failpoint = {}
        if kill is not None:
            at = kill + (seen[-1][-1].position if seen else 0)
            failpoint = {"TRACKSIDE_FAILPOINT": f"after-position:{at}"}
        codes.append(nursery.run(*words, said=said, **project.environment, **failpoint))
        seen.append(project.records())
        words = ["resume", "run", "--repo", str(project.repo.path)]
    return Story(project, seen, codes, said)


@pytest.fixture(scope="module")
def tree(stories: dict[tuple[int, ...], Story]) -> TreeId:
    """The final tree of the run that nobody killed."""
    return stories[()].project.tree()


def test_the_kills_are_spread_over_the_whole_run(
    stories: dict[tuple[int, ...], Story],
) -> None:
    story = stories[()]
    assert story.codes == [COMPLETED]
    assert POSITIONS - 3 <= len(story.project.records()) <= POSITIONS + 3
    check_that_nothing_happened_twice(story.project)


@pytest.mark.parametrize("kills", [*KILLS, *AGAIN])
def test_a_run_that_was_killed_goes_on(
    stories: dict[tuple[int, ...], Story], tree: TreeId, kills: tuple[int, ...]
) -> None:
    story = stories[kills]
    assert story.codes == [*[-signal.SIGKILL] * len(kills), COMPLETED], story.said.read_text()
    for before, after in pairwise(story.seen):
        assert after[: len(before)] == before
    assert story.seen[0][-1].position >= kills[0]
    assert len(story.project.events(LogOpened)) == len(kills) + 1
    check_that_nothing_happened_twice(story.project)
    assert story.project.tree() == tree


def check_that_nothing_happened_twice(project: Project) -> None:
    records = project.records()
    turns = Counter((about, each.turn) for about, each in of(records, attempt.ReplyRecorded))
    assert set(turns.values()) == {1}
    results = Counter((about, each.call) for about, each in of(records, attempt.ToolFinished))
    assert set(results.values()) == {1}
    doubts = Counter((about, each.call) for about, each in of(records, attempt.ToolDoubted))
    ledger = Counter((project.outside / "ledger").read_text().split())
    assert ledger.keys() == EFFECTS
    for name, times in ledger.items():
        about, _, call_id = name.rpartition(".")
        assert times <= 1 + doubts[about, CallId(call_id)]
    completed = [event.ticket for event in project.events(run.TicketCompleted)]
    assert sorted(completed) == ["A", "B", "C"]
    subjects = project.repo.git("log", "--format=%s", "main..trackside/run").splitlines()
    assert sorted(subjects) == ["A: Do A.", "B: Do B.", "C: Do C."]


def of(records: list[Recorded], kind: type) -> Iterator[tuple[str, Any]]:
    for each in records:
        if isinstance(each.event, kind):
            yield name_of(each.stream), each.event
