"""Orchestrate: graphs of tickets whose work takes no time, every step of theirs durable.

The limit is a coordinator and its workers, with nothing but four records a ticket: assigned and
started, then done and completed, each pair synced before anybody acts on it.
"""

import os
import time
from collections import deque
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pykka

from benchmarks.instant_run import WORKERS, Shape, conduct, dependencies
from benchmarks.measure import Goal, Row, Task, in_turns, row_of
from benchmarks.peers import langgraph_run, open_workflows
from store.disk import RealDisk

LINE = b"x" * 399 + b"\n"
_LANGGRAPH, _DBOS = "LangGraph + SqliteSaver", "DBOS, SQLite"
GOALS: dict[Shape, Goal] = {
    "chain": Goal("<=", 3.2),  # 600 us beside the 189 us of the limit
    "fan-out": Goal("<=", 12.0),  # 120 us beside 10
    "layered": Goal("<=", 4.6),  # 120 us beside 26
}


def rows(folder: Path, rounds: int, tickets: int) -> list[Row]:
    return [*(_row(folder, rounds, tickets, shape) for shape in GOALS), _growth(folder, tickets)]


def _row(folder: Path, rounds: int, tickets: int, shape: Shape) -> Row:
    numbers = count()

    def place() -> Path:
        made = folder / f"{shape}-{next(numbers)}"
        made.mkdir()
        return made

    tasks: dict[str, Task] = {
        "limit": lambda: _timed(lambda: _bare(place(), shape, tickets), tickets),
        "ours": lambda: _timed(lambda: conduct(place(), shape, tickets), tickets),
    }
    if langgraph_run is not None:
        graph = langgraph_run
        few = min(tickets, 100)  # its steps write more, the longer the run
        tasks[_LANGGRAPH] = lambda: _timed(
            lambda: graph(place(), list(dependencies(shape, few))), few
        )
    with ExitStack() as opened:
        if open_workflows is not None:
            workflows, plan = open_workflows(place(), opened), list(dependencies(shape, tickets))
            tasks[_DBOS] = lambda: _timed(lambda: workflows.run(plan), tickets)
        figures = in_turns(rounds, tasks)
    disk = _CountingDisk()
    conduct(place(), shape, tickets, disk)
    missing = {_LANGGRAPH: langgraph_run is None, _DBOS: open_workflows is None}
    return row_of(
        f"orchestrate, {shape}",
        "us a ticket",
        figures,
        limit_is="pykka, 4 records, 2 syncs",
        goal=GOALS[shape],
        skipped=[name for name, is_missing in missing.items() if is_missing],
        note=f"{tickets:,} tickets, {WORKERS} workers; ours: {disk.syncs / tickets:.1f} syncs each",
    )


class _CountingDisk(RealDisk):
    def __init__(self) -> None:
        self.syncs = 0

    def fdatasync(self, fd: int) -> None:
        self.syncs += 1
        super().fdatasync(fd)


def _growth(folder: Path, tickets: int) -> Row:
    """Return what a ticket costs in CPU time among many, by what it costs among few."""
    numbers = count()

    def cost_among(many: int) -> float:
        place = folder / f"growth-{next(numbers)}"
        place.mkdir()
        began = time.process_time()
        conduct(place, "layered", many)
        return (time.process_time() - began) / many * 1e6

    figures = in_turns(
        3, {"limit": lambda: cost_among(tickets), "ours": lambda: cost_among(4 * tickets)}
    )
    return row_of(
        "orchestrate, 4 times as many",
        "us of CPU a ticket",
        figures,
        limit_is=f"the same with {tickets:,} tickets",
        goal=Goal("<=", 1.1),
        note=f"{4 * tickets:,} tickets",
    )


def _timed(work: Any, tickets: int) -> float:  # noqa: ANN401 - whatever it returns
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) / tickets * 1e6


class _Hand(pykka.ThreadingActor):
    use_daemon_thread = True

    def __init__(self, coordinator: "pykka.ActorRef[Any]") -> None:
        super().__init__()
        self._coordinator = coordinator

    def on_receive(self, message: str) -> None:
        self._coordinator.tell((self.actor_ref, message))


class _Coordinator(pykka.ThreadingActor):
    """Drains its inbox, syncs what that led to, and only then dispatches."""

    use_daemon_thread = True

    def __init__(self, fd: int, plan: list[tuple[str, Any]], over: pykka.Future[bool]) -> None:
        super().__init__()
        self._fd = fd
        self._left = len(plan)
        self._over = over
        self._waits = {name: len(needs) for name, needs in plan}
        self._frees: dict[str, list[str]] = {name: [] for name, _ in plan}
        for name, needs in plan:
            for need in needs:
                self._frees[need].append(name)
        self._ready = deque(name for name, needs in plan if not needs)
        self._hands: list[pykka.ActorRef[_Hand]] = []
        self._idle: list[pykka.ActorRef[_Hand]] = []

    def on_stop(self) -> None:
        for hand in self._hands:
            hand.stop()

    def on_receive(self, message: Any) -> None:  # noqa: ANN401 - pykka's
        if message == "go":
            self._hands = [_Hand.start(self.actor_ref) for _ in range(WORKERS)]
            self._idle = [*self._hands]
            self._dispatch([])
            return
        done = [message]
        while not self.actor_inbox.empty():
            done.append(self.actor_inbox.get().message)
        self._dispatch(done)

    def _dispatch(self, done: list[tuple["pykka.ActorRef[_Hand]", str]]) -> None:
        for hand, name in done:
            self._idle.append(hand)
            self._left -= 1
            for free in self._frees[name]:
                self._waits[free] -= 1
                if not self._waits[free]:
                    self._ready.append(free)
        going = [
            (self._idle.pop(), self._ready.popleft())
            for _ in range(min(len(self._idle), len(self._ready)))
        ]
        if done:
            os.write(self._fd, LINE * 2 * len(done))
            os.fdatasync(self._fd)
        if going:
            os.write(self._fd, LINE * 2 * len(going))
            os.fdatasync(self._fd)
        for hand, name in going:
            hand.tell(name)
        if not self._left:
            self._over.set(value=True)


def _bare(folder: Path, shape: Shape, tickets: int) -> None:
    fd = os.open(folder / "bare", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    over: pykka.Future[bool] = pykka.ThreadingFuture()
    coordinator = _Coordinator.start(fd, list(dependencies(shape, tickets)), over)
    try:
        coordinator.tell("go")
        over.get(timeout=60)
    finally:
        coordinator.stop(timeout=5)
        os.close(fd)
