"""Starts processes that have the program imported already, which is most of what a short one costs.

Each is a real process, which can be killed like any other: only its first half second is shared.
"""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

IMPORTED = ("cli.run", "cli.resume", "cli.conduct", "cli.wiring", "cli.failure", "models.service")
ROOT = Path(__file__).parents[2]


class Nursery:
    """Runs one process after another. For one thread."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.end_to_end.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=dict(environment),
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._parent.communicate()

    def run(self, *words: str, said: Path, **environment: str) -> int:
        """Run the program; return its exit code, or minus the signal that ended it.

        What it says is added to the file `said`.
        """
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        print(json.dumps([words, environment, str(said)]), file=self._parent.stdin, flush=True)
        return int(self._parent.stdout.readline())


def serve() -> None:
    """Fork a process for each line that comes in, and give back how it ended."""
    for name in IMPORTED:
        importlib.import_module(name)
    from cli.main import main

    for line in sys.stdin:
        words, environment, said = json.loads(line)
        child = os.fork()
        if not child:
            os.environ.update(environment)
            out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            for stream in (1, 2):
                os.dup2(out, stream)
            code = main(words)
            sys.stderr.flush()
            os._exit(code)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
