"""Many workers on few cores: how much of the time the slots for model calls stand idle.

A whole run of trackside, with real git, files, log and actors; only the model is one that answers
from a playbook, and takes its time about it.
"""

import asyncio
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

from benchmarks.measure import Goal, Row, row_of
from benchmarks.projects import Project, call
from cli.main import main
from events.conversation import Completion, Prompt
from models.scripted import ScriptedModel

TURNS = 4
"""Calls of one ticket."""
MOST_IDLE = 5.0

_SHARES = "slots.json"


class Clock:
    """Counts the calls that are out, and takes down when that changed."""

    def __init__(self) -> None:
        self.out = 0
        self.changes: list[tuple[float, int]] = []
        self.begun: dict[str, float] = {}
        """When each ticket made its first call."""

    def count(self, change: int) -> None:
        self.out += change
        self.changes.append((time.monotonic(), self.out))

    def idle_share(self, slots: int) -> float:
        """Return the share of slot time without a call, in percent.

        It is taken from the first call until the last ticket makes its first one: as long as
        there is a ticket that nobody works on, no slot need be idle.
        """
        begin, end = min(self.begun.values()), max(self.begun.values())
        used = sum(
            max(0.0, min(until, end) - max(at, begin)) * out
            for (at, out), (until, _) in pairwise(self.changes)
        )
        return 100.0 * (1 - used / ((end - begin) * slots))


def rows(folder: Path, workers: int, answer_s: float, tries: int = 4) -> list[Row]:
    """Return the row of a run whose every worker has `tries` tickets to do, one after another.

    An answer of the model takes `answer_s` seconds; those of real ones take 2 to 20.
    """
    tickets = workers * tries
    project = Project(folder)
    (project.repo / "trackside.toml").write_text(f"[models]\nparallel = {workers}\n")
    edits = [call("write_file", path="till.py", content=f"turn = {n}\n") for n in range(TURNS - 1)]
    project.plan([(f"T{number}", ()) for number in range(tickets)], edits)
    words = ["benchmarks.model_slots", str(folder), str(workers), str(answer_s)]
    subprocess.run(
        [sys.executable, "-P", "-m", *words],
        env=project.environment,
        cwd=project.repo,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
        timeout=900,
    )
    idle = float((folder / _SHARES).read_text())
    return [
        row_of(
            "many workers, model slots idle",
            "%",
            {"limit": [MOST_IDLE], "ours": [idle]},
            limit_is="the goal itself",
            goal=Goal("<=", 1.0),
            note=f"{workers} workers, {tickets} tickets of {TURNS} calls, {answer_s:g} s each",
        )
    ]


def _conducted(folder: Path, workers: int, answer_s: float) -> int:
    """Run the track in this process with a model that takes its time; return the exit code."""
    clock, answer = Clock(), ScriptedModel.complete

    async def slowly(self: ScriptedModel, prompt: Prompt) -> Completion:
        clock.begun.setdefault(prompt.key.ticket, time.monotonic())
        clock.count(1)
        try:
            await asyncio.sleep(answer_s)
            return await answer(self, prompt)
        finally:
            clock.count(-1)

    model = f"scripted:{folder / 'playbook.json'}"
    words = ["run", str(folder / "track.json"), "--model", model, "--workers", str(workers)]
    with patch.object(ScriptedModel, "complete", slowly):
        code = main([*words, "--repo", str(folder / "repo")])
    (folder / _SHARES).write_text(str(clock.idle_share(workers)))
    return code


if __name__ == "__main__":
    sys.exit(_conducted(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
