"""Whole runs whose models, tools and files answer at once: what is left is trackside itself.

The log, its sums and syncs, the rules, the actors, the view and the album that listen are the real
ones, and every event that a ticket with one answer and no check leaves behind is recorded.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, assert_never
from unittest.mock import patch

from actors.conductor import Rest
from actors.system import Surroundings, System
from actors.workshop import Workshop
from cli.planning import plan_of
from cli.redaction import Redactor
from cli.run_album import RunAlbum
from cli.run_view import RunView
from events import run_rules
from events.action import Action, Outcome
from events.attempt import Attempt
from events.attempt_commands import (
    AttemptCommand,
    BeginCall,
    RecordCommit,
    RecordContext,
    RecordMerge,
    RecordReply,
    RecordToolResult,
    RequestTool,
)
from events.attempt_due import (
    CallModel,
    ConsiderTool,
    MakeCommit,
    MergeTree,
    OpenContext,
    PrepareCall,
    RunTool,
)
from events.attempt_terms import Call
from events.conversation import Usage
from events.ids import CallId, CommitId, Digest, RunId, TicketId, TreeId
from events.policy import PRESETS
from events.run_commands import RecordDelivery
from events.run_terms import Start
from events.settings import Models, Settings
from events.streams import EVENT_TYPES, RUN
from events.ticket import Ticket
from events.track import TrackSpec
from models.service import ModelService
from store.blobs import MemoryBlobs
from store.clocks import clocks
from store.codec import Codec
from store.disk import REAL_DISK, Disk, RealDisk
from store.entity import Entity
from store.jsonl import JsonlLog
from store.run_folder import LOG_NAME, RunFolder

WORKERS = 8
CODEC = Codec(EVENT_TYPES)
REDACT = Redactor({})
"""What the program does with every record: here, as nearly always, there is nothing to replace."""

Shape = Literal["chain", "fan-out", "layered"]

_SYSTEM = "You are a worker. You mend one ticket in your own worktree, and nothing else. " * 6
_TASK = "Mend the till so that it gives change. Read till.py first, and keep its public names. " * 6
_EDIT = '{"path": "till.py", "content": "def change(paid, due):\\n    return paid - %d\\n"}'
_WRITES = Action(kind="tool", tool="write_file", effect="write", paths=("till.py",))
_TOOLS = ("read_file", "list_files", "search", "write_file", "edit_file", "run_command", "finish")


class UnsyncedDisk(RealDisk):
    """For logs that are made to be read: syncing would only take time."""

    def fdatasync(self, fd: int) -> None:
        del fd


class InstantHands:
    """Does at once what `actors.hands.Hands` does with worktrees, models and git."""

    edits = 0
    """Turns that change a file before the one that is the last."""

    def __init__(self, _workshop: Workshop, attempt: str) -> None:
        self._hash = hashlib.sha256(attempt.encode()).hexdigest()

    def take_up(self, _state: Attempt) -> None:
        """Find the worktree as it was."""

    def put_down(self) -> None:
        """Leave nothing behind."""

    def perform(self, step: Any, state: Attempt) -> AttemptCommand:  # noqa: ANN401 - a union
        match step:
            case OpenContext():
                return RecordContext(_SYSTEM, _TASK, _TOOLS, (), Digest(self._hash))
            case PrepareCall():
                return BeginCall(Digest(self._hash), 400, 0.25)
            case CallModel() if state.answers < self.edits:
                call = Call(CallId(""), "write_file", _EDIT % state.answers)
                return RecordReply("Next.", (call,), "", state.model, Usage(400, 25), 0.0, 0.0)
            case CallModel():
                call = Call(CallId(""), "finish", '{"summary": "The till gives change."}')
                return RecordReply("Done.", (call,), "", state.model, Usage(400, 25), 0.0, 0.0)
            case ConsiderTool(call=call) if call.tool == "write_file":
                return RequestTool(call.call, _WRITES)
            case ConsiderTool(call=call):
                return RequestTool(call.call, Action(kind="tool", tool="finish"), words="Done.")
            case RunTool(call=call):
                tree = TreeId(hashlib.sha1(f"{self._hash}{call.call}".encode()).hexdigest())
                return RecordToolResult(call.call, Outcome(ok=True, text="Written."), tree)
            case MergeTree():
                return RecordMerge(TreeId(self._hash[:40]))
            case MakeCommit():
                return RecordCommit(CommitId(self._hash[-40:]))
            case _:
                raise AssertionError(step)


class BusyHands(InstantHands):
    """Changes many files at once, one a turn."""

    edits = 38


def dependencies(shape: Shape, tickets: int) -> Iterator[tuple[str, Sequence[str]]]:
    """Give each ticket with what it depends on: one row, one heap, or layers of ten, all to all."""
    for number in range(tickets):
        match shape:
            case "chain":
                needs = [f"T{number - 1}"] if number else []
            case "fan-out":
                needs = ["T0"] if number else []
            case "layered":
                layer = number // 10
                needs = [f"T{(layer - 1) * 10 + other}" for other in range(10)] if layer else []
            case _:
                assert_never(shape)
        yield f"T{number}", needs


def start_of(tickets: int) -> Start:
    return Start(
        run=RunId("bench"),
        track=TrackSpec(id="bench", title="Bench", tickets=()),
        tickets=tickets,
        settings=Settings(workers=WORKERS, deliver="none", models=Models(ladder=("scripted:x",))),
        policy=PRESETS["auto"],
        base=CommitId("0" * 40),
        base_tree=TreeId("0" * 40),
        repository="/bench",
    )


def conduct(
    folder: Path,
    shape: Shape,
    tickets: int,
    disk: Disk = REAL_DISK,
    hands: type[InstantHands] = InstantHands,
) -> JsonlLog:
    """Carry a run of no-op tickets to its end; return its log, closed.

    States of a long one are kept in the cache folder of the environment.
    """
    plan = [
        Ticket(
            id=TicketId(name),
            description=f"Mend part {name} of the till",
            depends_on=tuple(map(TicketId, needs)),
        )
        for name, needs in dependencies(shape, tickets)
    ]
    view = RunView()
    path = folder / LOG_NAME
    with JsonlLog.open(
        path, CODEC, on_records=view.take_all, redact=REDACT, program="bench", disk=disk
    ) as log:
        log.subscribe(view.take)
        album = RunAlbum(RunFolder(folder), log, view)
        log.subscribe(album.take)
        planning = Entity(log, RUN, run_rules.DECIDER)
        for command in plan_of(start_of(tickets), plan):
            planning.execute(command)
        rest = _rest_of(log, view, folder, hands)
        if rest.error is not None:
            raise rest.error
        assert view.world.run.plan.count("completed") == tickets
        log.seal()
    album.vouch()
    return log


def _rest_of(log: JsonlLog, view: RunView, folder: Path, hands: type[InstantHands]) -> Rest:
    with _system(log, view, folder, hands) as system:
        system.start()
        return system.wait()


@contextmanager
def _system(
    log: JsonlLog, view: RunView, folder: Path, hands: type[InstantHands]
) -> Iterator[System]:
    nothing: Any = None
    models = ModelService(Models(), {})
    workshop = Workshop(
        run=RunId("bench"),
        repository=nothing,
        worktrees=folder,
        spares=nothing,
        runner=nothing,
        models=models,
        blobs=MemoryBlobs(),
        command_env=(),
        environment={},
        price=lambda _model, _usage: 0.0,
    )
    around = Surroundings(
        clocks=lambda: clocks(datetime.now(UTC).isoformat()),
        deliver=lambda _run, commit: RecordDelivery(commit, "none"),
        mourn=lambda _down: None,
        stale=lambda _refusal: None,
    )
    with patch("actors.system.Hands", hands):
        system = System(log, view.world, workshop, around, qa_model="scripted:x")
        try:
            yield system
        finally:
            models.close()
            assert system.stop(), "an actor did not end"
