"""A long run: whether memory, threads, descriptors, worktrees, refs or files pile up in it."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.instant_run import dependencies
from benchmarks.measure import Goal, Row, row_of
from benchmarks.projects import Project, call

MOST_GROWTH = 1.2
LOOKS = 5
_MERGED = " is merged as "


class Held(NamedTuple):
    """What the process of a run holds at one moment."""

    memory_mb: float
    threads: int
    descriptors: int
    processes: int
    """Children of its."""
    worktrees: int
    """Entries of the folder that all worktrees of the run are in."""
    temporary: int
    """Files in the folder for temporary files."""

    @classmethod
    def by(cls, process: int, project: Project) -> "Held":
        """Return what a process holds now."""
        about = Path("/proc", str(process))
        facts = dict(
            line.split(":", 1)
            for line in (about / "status").read_text().splitlines()
            if ":" in line
        )
        children = [each.read_text().split() for each in about.glob("task/*/children")]
        folders = (project.folder / "cache" / "trackside").glob("bench-*/*")
        return cls(
            memory_mb=int(facts["VmRSS"].split()[0]) / 1024,
            threads=int(facts["Threads"]),
            descriptors=len(list((about / "fd").iterdir())),
            processes=sum(map(len, children)),
            worktrees=len(list(folders)),
            temporary=len(list((project.folder / "tmp").iterdir())),
        )


def rows(folder: Path, tickets: int) -> list[Row]:
    """Return how much a run holds at its end by what it held after a tenth of its tickets."""
    folder.mkdir(exist_ok=True)
    project = Project(folder, 50)
    edits = [call("write_file", path="part0/file0.py", content="changed = True\n")]
    project.plan(dependencies("chain", tickets), [*edits, call("run_command", command="true")])
    early, late = sampled(project, tickets)
    left = ", ".join(f"{count} {name}" for name, count in leftovers(project).items())
    return [
        row_of(
            f"long run, {field.replace('_mb', '')}",
            "MB" if field == "memory_mb" else "there",
            {"limit": [float(before)], "ours": [float(after)]},
            limit_is="after a tenth of them",
            goal=Goal("<=", MOST_GROWTH),
            note=f"{tickets:,} tickets, one after another; left behind: {left}",
        )
        for field, before, after in zip(Held._fields, early, late, strict=True)
        if before
    ]


def sampled(project: Project, tickets: int) -> tuple[Held, Held]:
    """Run the track, one ticket at a time; return what it held early and late in it.

    A ticket that is merged leaves its worker a moment to go, so each is the least of a few looks.
    """
    looks: list[list[Held]] = [[], []]
    merged = 0
    with project.start(project.run_words(1)) as process:
        assert process.stderr is not None, "it was started with a pipe"
        for line in process.stderr:
            merged += _MERGED in line
            late = merged > tickets // 2
            if merged in _looks(tickets // 10) or merged in _looks(tickets - LOOKS):
                looks[late].append(Held.by(process.pid, project))
    assert process.returncode == 0
    return _least(looks[0]), _least(looks[1])


def _looks(begin: int) -> range:
    return range(max(begin, 1), max(begin, 1) + LOOKS - 1)


def _least(looks: Sequence[Held]) -> Held:
    return Held(*(min(values) for values in zip(*looks, strict=True)))


def leftovers(project: Project) -> dict[str, int]:
    """Return what a run that ended has left, by kind; a branch is what it is for."""
    refs = _git(project.repo, "for-each-ref", "--format=%(refname)", "refs/trackside")
    own = _git(project.run / "git", "for-each-ref")
    return {
        "worktrees": len(list((project.folder / "cache" / "trackside").glob("bench-*"))),
        "refs": len([*refs, *own]),
        "temporary files": len(list((project.folder / "tmp").iterdir())),
        "locks": len(list(project.run.rglob("*.lock"))),
        "unfinished objects": len(list(project.run.rglob("tmp_obj_*"))),
    }


def _git(folder: Path, *words: str) -> list[str]:
    done = subprocess.run(
        ["git", *words], cwd=folder, capture_output=True, check=True, text=True, timeout=60
    )
    return done.stdout.splitlines()
