"""Scale: thousands of tickets in one track, and a repository of many files, from the command line.

Linear is what costs no more a ticket than a quarter as many tickets do.
"""

from pathlib import Path

from benchmarks import code_tree
from benchmarks.instant_run import WORKERS, dependencies
from benchmarks.measure import Goal, Row, row_of
from benchmarks.projects import Cost, Project, call

MOST_MB = 500.0
LINEAR = Goal("<=", 1.1)
COMMANDS = ("check", "run", "status", "report")


def rows(folder: Path, tickets: int) -> list[Row]:
    """Return what each command costs on a track in layers of ten, beside a quarter of it."""
    many, few = _costs(folder / "many", tickets), _costs(folder / "few", max(tickets // 4, 1))
    found = []
    for name in COMMANDS:
        took = f"{many[name].wall_s:.0f} s; a quarter in {few[name].wall_s:.0f} s"
        figures = {
            "limit": [few[name].cpu_s * 1e3 / max(tickets // 4, 1)],
            "ours": [many[name].cpu_s * 1e3 / tickets],
        }
        memory = {"limit": [MOST_MB], "ours": [many[name].memory_mb]}
        found += [
            row_of(
                f"many tickets, {name}",
                "ms of CPU a ticket",
                figures,
                limit_is="a quarter as many",
                goal=LINEAR,
                note=f"{tickets:,} in {took}",
            ),
            row_of(
                f"many tickets, {name}, memory",
                "MB",
                memory,
                limit_is="the goal itself",
                goal=Goal("<=", 1.0),
            ),
        ]
    return found


def _costs(folder: Path, tickets: int) -> dict[str, Cost]:
    project = Project(folder)
    project.plan(dependencies("layered", tickets))
    words = {
        "check": ["check", "../track.json"],
        "run": project.run_words(WORKERS),
        "status": ["status"],
        "report": ["report", "--output", "../report.html"],
    }
    return {name: project.cost_of(*words[name]) for name in COMMANDS}


def file_rows(folder: Path, rounds: int, files: int) -> list[Row]:
    """Return what the code tree costs with many files, and what a run on them takes."""
    found = code_tree.rows(folder / "tree", rounds, files, "many files")
    project = Project(folder / "project", files)
    edits = [call("write_file", path="part0/file0.py", content="changed = True\n")]
    tickets = project.plan(dependencies("chain", 4), [*edits, call("run_command", command="true")])
    cost = project.cost_of(*project.run_words(WORKERS))
    status = project.cost_of("status")
    return [
        *found,
        row_of(
            "many files, a run",
            "s a ticket",
            {"limit": [status.wall_s], "ours": [cost.wall_s / tickets]},
            limit_is="`trackside status`",
            note=f"{files:,} files, a chain of {tickets} tickets, an edit and a command in each",
        ),
    ]
