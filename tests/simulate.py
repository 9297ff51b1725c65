"""Plays simulated runs, one a seed, and checks each after every step and at its end.

python -m tests.simulate [SEEDS] [FIRST]    exit code 1 if any rule is violated
"""

import os
import sys
import traceback
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

from _pytest.outcomes import Failed

from tests.events.test_whole_runs import check_the_end, check_the_record, play


class Played(NamedTuple):
    """What came of a seed."""

    seed: int
    steps: int
    """Decisions on record."""
    crashes: int
    violation: str
    """Empty if every rule held."""


def simulate(seed: int) -> Played:
    """Play the run of `seed`; never raises for what the run does."""
    try:
        played = play(seed)
        check_the_end(played)
        check_the_record(played)
        assert played.refolded() == played.world, "the refolded state is another one"
    except (Exception, Failed):  # noqa: BLE001 - whatever breaks, the seed must be told
        return Played(seed, 0, 0, traceback.format_exc())
    return Played(seed, len(played.decisions), played.crashes, "")


def all_of(seeds: Iterable[int]) -> Iterator[Played]:
    """Play the seeds side by side; give what came of them in order."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(simulate, seeds, chunksize=10)


def main(seeds: int, first: int = 0) -> int:
    """Play so many seeds and print the sum; return the exit code."""
    played = []
    for run in all_of(range(first, first + seeds)):
        played.append(run)
        if run.violation:
            sys.stdout.write(f"seed {run.seed}: {run.violation}\n")
    violations = sum(bool(run.violation) for run in played)
    rows = {
        "seeds": len(played),
        "steps": sum(run.steps for run in played),
        "crashes": sum(run.crashes for run in played),
        "violations": violations,
    }
    sys.stdout.write("".join(f"{name:<12}{value:>10}\n" for name, value in rows.items()))
    return int(violations > 0)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:] or ["1000"])))
