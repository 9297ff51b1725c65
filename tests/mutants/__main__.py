"""Breaks what holds the items of docs/reliability.md, one thing at a time: their tests must notice.

python -m tests.mutants [ITEM...]    exit code 1 if anything survives
"""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.mutants.bench import Bench
from tests.mutants.table import Mutation, mutations

GREEN_LIMIT_S = 1200.0

Say = Callable[[str], object]


def tried(bench: Bench, mutation: Mutation) -> str:
    """Return `red`, or how the mutation came through."""
    bench.copy(mutation)
    found = bench.run(mutation.red, mutation.limit_s)
    return "red" if found == "red" or (found == "late" and mutation.hangs) else f"SURVIVED: {found}"


def try_all(bench: Bench, wanted: Sequence[Mutation], say: Say) -> int:
    """Try mutations one by one, and say what came of each; return the exit code."""
    bench.copy()
    found = bench.run(sorted({test for one in wanted for test in one.red}), GREEN_LIMIT_S)
    if found != "green":
        say(f"without any mutation the tests are not green: {found}")
        return 1
    red = 0
    for one in wanted:
        verdict = tried(bench, one)
        red += verdict == "red"
        say(f"{one.item:>3}  {one.what}  {verdict}")
    say(f"mutations {len(wanted)}, red {red}, survived {len(wanted) - red}")
    return int(red < len(wanted))


def main(items: Sequence[str]) -> int:
    """Try the mutations of these items, or all without any; return the exit code."""
    wanted = [one for one in mutations() if not items or str(one.item) in items]
    with TemporaryDirectory(prefix="mutants-") as folder:
        return try_all(Bench(Path(folder)), wanted, partial(print, flush=True))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
