"""Kills a run everywhere, and shows that it always ends in the same place.

python -m tests.crash.sweep [POINTS]    the whole sweep; exit code 1 if anything is wrong
"""

import os
import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory

from tests.crash.track import make_shop
from tests.crash.trial import POSITION, Kill, Program, Trial, Verdict

Kills = tuple[Kill, ...]
ROOM_BYTES = 2 << 30
KINDS = (
    "exit codes",
    "tree differences",
    "state differences",
    "lost events",
    "doubled events",
    "repeated effects",
    "repeated model calls",
    "tracebacks",
)


class Sweep:
    """Plays trials side by side, and holds each to what a run that nobody killed comes to."""

    def __init__(self, folder: Path, programs: Sequence[Program]) -> None:
        self._folder = folder
        self._shop = folder / "shop"
        make_shop(self._shop)
        self._idle: SimpleQueue[Program] = SimpleQueue()
        self._side_by_side = len(programs)
        self._numbers = iter(range(1_000_000))
        self._lock = threading.Lock()
        for program in programs:
            self._idle.put(program)
        clean = self._trial(programs[0])
        assert not (verdict := clean.play()).wrong, verdict
        self._wanted, self._answers = clean.result(), Counter(clean.look().answered)
        self._events = len(clean.look().lines)
        self._in_run = points_of(clean.passed(), self._events)
        half = self._trial(programs[0])
        assert not (verdict := half.play(Kill(POSITION, self._events // 2))).wrong, verdict
        self._in_resume = points_of(half.passed(), 0)

    def plan(self, points: int) -> list[Kills]:
        """Return trials that die so often together: once in the run, or in three resumes as well.

        Of ten deaths, four are alone. The others come in chains, which begin early in the run; and
        of its resumes the first dies soon, the last one late, so that each has its way to go.
        """
        alone = [(kill,) for kill in spread(self._in_run, points * 4 // 10)]
        chains = max(1, (points - len(alone)) // 4)
        early = [Kill(POSITION, number) for number in range(9, self._events // 4)]
        soon = sorted(spread(self._in_resume, 3 * chains), key=self._how_late)
        first, second, third = soon[:chains], soon[chains : 2 * chains], soon[2 * chains :]
        begun = [early[number * len(early) // chains] for number in range(chains)]
        return [*alone, *zip(begun, first, reversed(second), third, strict=True)]

    def _how_late(self, kill: Kill) -> float:
        """Return which part of a resume has passed before `kill`."""
        last = max(other.number for other in self._in_resume if other.place == kill.place)
        return kill.number / last

    def play(self, plan: Sequence[Kills]) -> Iterator[Verdict]:
        """Give the verdicts, in the order of `plan`."""
        with ThreadPoolExecutor(self._side_by_side) as pool:
            yield from pool.map(self._play, plan)

    def _play(self, kills: Kills) -> Verdict:
        program = self._idle.get()
        try:
            trial = self._trial(program)
            verdict = trial.play(*kills)
            if not verdict.wrong:
                self._compare(trial, verdict)
            if not verdict.wrong:
                shutil.rmtree(trial.home)
            return verdict
        finally:
            self._idle.put(program)

    def _compare(self, trial: Trial, verdict: Verdict) -> None:
        tree, states = trial.result()
        if tree != self._wanted[0]:
            verdict.accuse("tree differences", tree)
        if states != self._wanted[1]:
            verdict.accuse("state differences", states)
        if Counter(trial.look().answered) != self._answers:
            verdict.accuse("state differences", "other answers of the model are on record")
        if left := [*(trial.home / "cache").glob("trackside/*/*")]:
            verdict.accuse("state differences", f"worktrees are left: {left}")

    def _trial(self, program: Program) -> Trial:
        with self._lock:
            number = next(self._numbers)
        return Trial(program, self._folder / str(number), self._shop)


def points_of(passed: dict[str, int], events: int) -> list[Kill]:
    """Return all the points where such a process can be killed."""
    return [
        *(Kill(POSITION, number) for number in range(2, events + 1)),
        *(Kill(place, n) for place in sorted(passed) for n in range(1, passed[place] + 1)),
    ]


def spread(points: Sequence[Kill], most: int) -> list[Kill]:
    """Return up to `most` of `points`, evenly spread: every kind of place has its share."""
    most = min(most, len(points))
    return [points[index * len(points) // most] for index in range(most)]


def tried(verdicts: Sequence[Verdict]) -> int:
    """Return at how many points a process has really died."""
    return sum(verdict.reached for verdict in verdicts)


def table(verdicts: Sequence[Verdict], seconds: float) -> str:
    """Return the sum of the verdicts as a table."""
    rows = {
        "points tried": tried(verdicts),
        "not reached": sum(len(verdict.kills) for verdict in verdicts) - tried(verdicts),
        "runs": len(verdicts),
        **{kind: sum(kind in verdict.wrong for verdict in verdicts) for kind in KINDS},
        "seconds": round(seconds),
    }
    return "\n".join(f"{name:<20}{value:>7}" for name, value in rows.items())


def fast_folder() -> Path | None:
    """Return a folder in memory, if there is room: what a killed process wrote stays there too."""
    memory = Path("/dev/shm")  # below it is a folder of its own
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > ROOM_BYTES
    return memory if roomy else None


def main(points: int) -> int:
    """Sweep and print; return the exit code."""
    began = time.monotonic()
    with ExitStack() as ends:
        folder = ends.enter_context(TemporaryDirectory(prefix="crash-", dir=fast_folder()))
        programs = [ends.enter_context(Program()) for _ in range(max(2, os.cpu_count() or 2))]
        verdicts = []
        sweep = Sweep(Path(folder), programs)
        plan = sweep.plan(points)
        for verdict in sweep.play(plan):
            verdicts.append(verdict)
            if verdict.wrong:
                sys.stdout.write(f"{verdict}\n")
            elif len(verdicts) % 50 == 0:
                sys.stderr.write(f"{len(verdicts)} of {len(plan)}\n")
    sys.stdout.write(f"{table(verdicts, time.monotonic() - began)}\n")
    enough = tried(verdicts) >= points * 5 // 6
    return int(not enough or any(verdict.wrong for verdict in verdicts))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 600))
