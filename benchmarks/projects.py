"""Repositories with a track and a playbook of any size; trackside is run on them as users do."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

_GIT = ("git", "-c", "user.name=bench", "-c", "user.email=bench@localhost")
_ROOT = Path(__file__).parents[1]

Plan = Iterable[tuple[str, Sequence[str]]]
Turn = dict[str, object]


class Cost(NamedTuple):
    """What a process took."""

    wall_s: float
    cpu_s: float
    memory_mb: float
    """At its highest, without its children."""


class Project:
    """One user, one repository, one home; all below one folder."""

    def __init__(self, folder: Path, files: int = 1) -> None:
        """Make the repository, with one commit of so many files."""
        self.folder = folder
        self.repo = folder / "repo"
        self.run = self.repo / ".trackside" / "runs" / "bench"
        write_files(self.repo, files)
        for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", "begin"]):
            subprocess.run([*_GIT, *words], cwd=self.repo, check=True)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that keep the program away from the person who measures."""
        places = {"HOME": "", "XDG_CACHE_HOME": "cache", "XDG_CONFIG_HOME": "config"}
        places |= {"XDG_STATE_HOME": "state", "TMPDIR": "tmp"}
        (self.folder / "tmp").mkdir(exist_ok=True)
        found = {name: str(self.folder / place) for name, place in places.items()}
        return {**os.environ, **found, "PYTHONPATH": str(_ROOT)}

    def plan(self, plan: Plan, turns: Sequence[Turn] = ()) -> int:
        """Write track and playbook; each ticket takes `turns`, then finishes. Return how many."""
        named = [(name, list(needs)) for name, needs in plan]
        tickets = [
            {"id": name, "description": f"Do {name}.", "depends_on": needs} for name, needs in named
        ]
        book = {name: [[*turns, call("finish", summary="Done.")]] for name, _ in named}
        (self.folder / "track.json").write_text(json.dumps({"id": "bench", "tickets": tickets}))
        (self.folder / "playbook.json").write_text(json.dumps({"tickets": book}))
        return len(named)

    def run_words(self, workers: int) -> list[str]:
        """The arguments that run the track."""
        model = f"scripted:{self.folder / 'playbook.json'}"
        words = ["run", "../track.json", "--model", model, "--run-id", "bench"]
        return [*words, "--workers", str(workers)]

    def start(self, words: Sequence[str]) -> "subprocess.Popen[str]":
        """Return trackside with these arguments, under way; its standard error is a pipe."""
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "cli.main", *words],
            cwd=self.repo,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def cost_of(self, *words: str) -> Cost:
        """Return what trackside took with these arguments; it must end well."""
        began = time.perf_counter()
        process = self.start(words)
        assert process.stderr is not None, "it was started with a pipe"
        said = process.stderr.read()
        process.stderr.close()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, said[-2000:]
        took = time.perf_counter() - began
        return Cost(took, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def write_files(folder: Path, files: int) -> None:
    """Write so many small files, fifty in each folder."""
    for number in range(files):
        place = folder / f"part{number // 50}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"file{number % 50}.py").write_text(f"number = {number}\n" * 40)


def call(tool: str, **args: str) -> Turn:
    """Return a turn of a playbook: one tool call."""
    return {"calls": [{"tool": tool, "args": args}]}
