"""Kills a run everywhere, and shows that it always ends in the same place.

python -m tests.crash.sweep [POINTS]    the whole sweep; exit code 1 if anything is wrong
"""

import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory

from tests.crash.trial import POSITION, Kill, Program, Trial, Verdict

Kills = tuple[Kill, ...]
KINDS = (
    "exit codes",
    "tree differences",
    "state differences",
    "lost events",
    "doubled events",
    "repeated effects",
    "repeated calls",
    "tracebacks",
)


class Sweep:
    """Plays trials side by side, and holds each to what a run that nobody killed comes to."""

    def __init__(self, folder: Path, programs: Sequence[Program]) -> None:
        self._folder = folder
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
        """Return so many trials: six of ten die in the run, three in its resume, one in both."""
        in_run = [(kill,) for kill in spread(self._in_run, points * 6 // 10)]
        middle = spread([Kill(POSITION, number) for number in range(9, self._events - 9)], 7)
        in_resume = [
            (middle[number % len(middle)], kill)
            for number, kill in enumerate(spread(self._in_resume, points * 3 // 10))
        ]
        rest = max(1, points - len(in_run) - len(in_resume))
        twice = [
            (Kill(POSITION, number), *spread(self._in_resume, rest + 2)[turn : turn + 2])
            for turn, number in enumerate(
                kill.number for kill in spread([Kill("", n) for n in range(9, self._events)], rest)
            )
        ]
        return [*in_run, *in_resume, *twice]

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
        return Trial(program, self._folder / str(number))


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


def table(verdicts: Sequence[Verdict], seconds: float) -> str:
    """Return the sum of the verdicts as a table."""
    reached = [verdict for verdict in verdicts if verdict.reached]
    rows = {
        "points tried": len(verdicts),
        "deaths": sum(verdict.reached for verdict in verdicts),
        "not reached": len(verdicts) - len(reached),
        **{kind: sum(kind in verdict.wrong for verdict in verdicts) for kind in KINDS},
        "seconds": round(seconds),
    }
    return "\n".join(f"{name:<20}{value:>7}" for name, value in rows.items())


def main(points: int) -> int:
    """Sweep and print; return the exit code."""
    began = time.monotonic()
    with TemporaryDirectory(prefix="crash-") as folder, Program() as one, Program() as other:
        verdicts = []
        sweep = Sweep(Path(folder), [one, other])
        plan = sweep.plan(points)
        for verdict in sweep.play(plan):
            verdicts.append(verdict)
            if verdict.wrong:
                sys.stdout.write(f"{verdict}\n")
            elif len(verdicts) % 50 == 0:
                sys.stderr.write(f"{len(verdicts)} of {len(plan)}\n")
    sys.stdout.write(f"{table(verdicts, time.monotonic() - began)}\n")
    return int(any(verdict.wrong for verdict in verdicts))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 600))
