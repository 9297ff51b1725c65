"""Runs trackside many times in forks of one process that has imported everything, and kills it.

    python -m tests.crash.program < jobs > answers    one JSON object a line, both ways

What runs is the program itself. Around its edges (system calls of the store, git, commands, models,
worktrees) stand watchmen that only count, and at the count that was asked for the process kills
itself with SIGKILL: before the call, after it, or in the middle of a write.
"""

import functools
import json
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import actors.hands
import cli.conduct
import cli.main
import cli.resume
import cli.run
import cli.sandboxing
import cli.summary_text
import cli.wiring
import models.scripted
import models.service
import store.disk
import store.entity
import store.group_commit
import store.jsonl
import store.run_folder
import workspace.command
import workspace.git
import workspace.user_repository
import workspace.worktree

POSITION = "after-position"
LIMIT_S = 100

EDGES: tuple[tuple[Any, str], ...] = (
    *((store.disk.RealDisk, name) for name in (
        "open", "write", "fdatasync", "fsync", "ftruncate", "rename", "mkdir",
    )),
    (workspace.git.Git, "ask"),
    (workspace.worktree.Worktree, "materialise"),
    (workspace.worktree.Worktree, "restore"),
    (workspace.worktree.Worktree, "snapshot"),
    (workspace.worktree.Worktree, "remove"),
    (workspace.command.CommandRunner, "run"),
    (actors.hands.Hands, "_kept"),
    (store.group_commit.GroupCommit, "_publish"),
    (store.jsonl.JsonlLog, "enqueue"),
    (store.jsonl.JsonlLog, "seal"),
    (cli.conduct, "remove_folder"),
    (cli.conduct, "deliver"),
)  # fmt: skip
"""Where a watchman stands: the owner of a function, and its name."""


class Watch:
    """Counts who passes, and kills the process at one passing of one place."""

    def __init__(self, place: str, number: int) -> None:
        self.passed: Counter[str] = Counter()
        self._wanted = (place, number)
        self._lock = threading.Lock()

    def pass_by(self, place: str) -> None:
        with self._lock:
            self.passed[place] += 1
            if (place, self.passed[place]) == self._wanted:
                os.kill(os.getpid(), signal.SIGKILL)

    def stand_around(self, owner: Any, name: str) -> None:  # noqa: ANN401  # a class or a module
        real = getattr(owner, name)

        @functools.wraps(real)
        def watched(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # whatever it is given
            place = _place(name, args)
            self.pass_by(f"before {place}")
            if name == "write":
                self._write_half(args[1], args[2])
            answer = real(*args, **kwargs)
            self.pass_by(f"after {place}")
            return answer

        setattr(owner, name, watched)

    def _write_half(self, fd: int, data: bytes) -> None:
        with self._lock:
            self.passed["half write"] += 1
            if ("half write", self.passed["half write"]) == self._wanted:
                os.write(fd, data[: len(data) // 2])
                os.kill(os.getpid(), signal.SIGKILL)


def _place(name: str, args: tuple[Any, ...]) -> str:
    return f"git {args[1]}" if name == "ask" else name.strip("_")


def keep_books(home: Path, watch: Watch) -> None:
    """Note apart from the log, at once: which calls reach the model, what was acknowledged."""
    ask, flush = models.scripted.ScriptedModel.complete, store.jsonl.JsonlLog.flush
    calls = os.open(home / "calls", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    acknowledged = os.open(home / "acknowledged", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def complete(self: Any, prompt: Any) -> Any:  # noqa: ANN401
        key = prompt.key
        if key.tier != models.scripted.QA_TIER:
            os.write(calls, f"attempt/{key.ticket}.{key.attempt} {key.turn}\n".encode())
        watch.pass_by("before model")
        answer = await ask(self, prompt)
        watch.pass_by("after model")
        return answer

    def noted(log: store.jsonl.JsonlLog, position: int) -> None:
        flush(log, position)
        os.write(acknowledged, b"%d\n" % position)

    models.scripted.ScriptedModel.complete = complete  # type: ignore[method-assign]
    store.jsonl.JsonlLog.flush = noted  # type: ignore[assignment]


def play(job: dict[str, Any]) -> int:
    """Be trackside, in a process of its own; returns its exit code, if it lives so long."""
    home, place, number = Path(job["home"]), job["place"], job["number"]
    os.chdir(home / "shop")
    os.environ |= {
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_STATE_HOME": str(home / "state"),
        "COLUMNS": "200",
    }
    if place == POSITION:
        os.environ["TRACKSIDE_FAILPOINT"] = f"{place}:{number}"
    for name, fd in (("stdout", 1), ("stderr", 2)):
        file = os.open(home / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, fd)
    watch = Watch(place, number)
    keep_books(home, watch)
    for owner, name in EDGES:
        watch.stand_around(owner, name)
    code = cli.main.main(job["words"])
    (home / "passed.json").write_text(json.dumps(watch.passed))
    return code


def forked(act: Callable[[], int]) -> int:
    """Return the exit code of `act` in a fork of this process; minus the signal that killed it."""
    child = os.fork()
    if not child:
        code = 99
        try:
            signal.alarm(LIMIT_S)  # nobody waits for a fork that hangs
            code = act()
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    """Answer each job with the exit code of its fork, until there is none."""
    for line in sys.stdin:
        job = json.loads(line)
        sys.stdout.write(f"{forked(functools.partial(play, job))}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
