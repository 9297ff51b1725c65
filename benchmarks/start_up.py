"""Start-up: CPU time until a command has said its first word, against Python itself."""

import resource
import subprocess
import sys
from functools import partial
from pathlib import Path

from benchmarks.instant_run import UnsyncedDisk, conduct
from benchmarks.measure import Goal, Row, Task, in_turns, row_of

_COMMANDS = {
    "--help": ["--help"],
    "status": ["status", "bench", "--repo", "."],
    "view": ["view", "till.py"],
    "report": ["report", "bench", "--repo", ".", "--output", "run.html"],
}
"""What each command is called with, in a repository of one run."""

_GOALS = {"--help": 13.0, "status": 13.0, "view": 13.0}
"""120 ms beside the 9 of Python; a run, whose first line may take 300, is the rest."""


def rows(folder: Path, rounds: int) -> list[Row]:
    run = folder / ".trackside" / "runs" / "bench"
    run.mkdir(parents=True)
    conduct(run, "layered", 20, UnsyncedDisk())
    (folder / "till.py").write_text("def change(paid: int, due: int) -> int:\n    return 0\n")
    tasks: dict[str, Task] = {"limit": lambda: _cpu_ms(folder, "-I", "-c", "pass")}
    for name, words in _COMMANDS.items():
        tasks[name] = partial(_cpu_ms, folder, "-P", "-m", "cli.main", *words)
    tasks["run"] = lambda: _cpu_ms(folder, "-P", "-c", "import cli.run, cli.conduct")
    figures = in_turns(rounds, tasks)
    limit = figures.pop("limit")
    return [
        row_of(
            f"start-up, {name}",
            "ms of CPU",
            {"limit": limit, "ours": ours},
            limit_is="python, nothing imported",
            goal=Goal("<=", _GOALS.get(name, 33.0)),
        )
        for name, ours in figures.items()
    ]


def _cpu_ms(folder: Path, *words: str) -> float:
    """Return the CPU time, in ms, of Python with these words."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e3
