"""Others at the same work, where they are installed: `pip install --group bench` brings them.

Each is None where it is not. Mypy need not know them, so they are imported by name.
"""

import operator
import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, TypedDict

Plan = Sequence[tuple[str, Sequence[str]]]


class _State(TypedDict):
    done: Annotated[list[str], operator.add]


def _module(name: str) -> Any:  # noqa: ANN401 - a module of others
    try:
        return import_module(name)
    except ImportError:
        return None


_graph = _module("langgraph.graph")
_saver = _module("langgraph.checkpoint.sqlite")
_application = _module("eventsourcing.application")
_domain = _module("eventsourcing.domain")
_dbos = _module("dbos")


def _run_graph(folder: Path, plan: Plan) -> None:
    graph = _graph.StateGraph(_State)
    for name, needs in plan:
        graph.add_node(name, lambda _state, name=name: {"done": [name]})
        graph.add_edge(list(needs) if needs else _graph.START, name)
    connection = sqlite3.connect(folder / "graph.sqlite", check_same_thread=False)
    connection.execute("pragma synchronous = full")
    try:
        app = graph.compile(checkpointer=_saver.SqliteSaver(connection))
        config = {"configurable": {"thread_id": "1"}, "recursion_limit": len(plan) + 10}
        ended = app.invoke({"done": []}, config, durability="sync")
        assert len(ended["done"]) == len(plan)
    finally:
        connection.close()


def note(self: Any, text: str) -> None:  # noqa: ANN401 - an aggregate
    self.text = text


Ticket: Any = _domain and type(
    "Ticket",
    (_domain.Aggregate,),
    {"note": _domain.event("Noted")(note), "__module__": __name__, "__qualname__": "Ticket"},
)
"""Stands here because its events are found again by its name."""


class Aggregate:
    """An aggregate in SQLite, one event of 400 bytes after another."""

    def __init__(self, folder: Path, opened: ExitStack) -> None:
        place = {"PERSISTENCE_MODULE": "eventsourcing.sqlite"}
        place["SQLITE_DBNAME"] = str(folder / "aggregate.sqlite")
        self._app = _application.Application(env={**os.environ, **place})
        opened.callback(self._app.close)
        self._ticket = Ticket()

    def append(self, number: int) -> None:
        self._ticket.note(text=f"{number:0400}")
        self._app.save(self._ticket)

    def replay(self) -> None:
        self._app.repository.get(self._ticket.id)


class Workflows:
    """DBOS on SQLite: a workflow whose every step is a ticket, and is on record when it is done."""

    def __init__(self, folder: Path, opened: ExitStack) -> None:
        """Launch it; that is no part of what is measured."""
        place = f"sqlite:///{folder / 'dbos.sqlite'}"
        config = {"name": "bench", "system_database_url": place, "run_admin_server": False}
        _dbos.DBOS(config={**config, "log_level": "ERROR", "enable_otlp": False})
        opened.callback(lambda: _dbos.DBOS.destroy(destroy_registry=True))
        step = _dbos.DBOS.step()(_do_nothing)

        def follow(plan: Plan) -> int:
            return sum(step(name) for name, _ in plan)

        self._workflow = _dbos.DBOS.workflow()(follow)
        _dbos.DBOS.launch()

    def run(self, plan: Plan) -> None:
        """Carry a plan of steps that do nothing to its end; they are in an order that it allows."""
        assert self._workflow(plan) == len(plan)


def _do_nothing(name: str) -> int:
    return len(name[:1])


langgraph_run: Callable[[Path, Plan], None] | None = _run_graph if _graph and _saver else None
"""Carries a plan of nodes that do nothing to its end, each step durable."""

open_workflows: type[Workflows] | None = Workflows if _dbos else None
"""A program may have one at a time."""

open_aggregate: type[Aggregate] | None = Aggregate if _application and _domain else None
