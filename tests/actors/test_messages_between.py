"""A worker goes on at once with what its last step taught, but never ahead of a message."""

import time
from typing import Any

import pykka
import pytest

from actors.conductor import Conductor
from actors.messages import Interrupt
from actors.worker import Worker
from events.attempt_events import MergeBegun, TreeMerged
from tests.end_to_end.project import Project
from tests.end_to_end.scripts import done, turn, write
from workspace.merge import merge

INTERRUPTED = 130
PASSED_ON_S = 10.0


def test_a_worker_that_is_told_to_halt_in_a_step_takes_no_other(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.plan({"id": "A"})
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})

    def interrupted(*args: Any) -> Any:  # noqa: ANN401  # whatever it is given
        (conductor,) = pykka.ActorRegistry.get_by_class(Conductor)
        (worker,) = pykka.ActorRegistry.get_by_class(Worker)
        conductor.tell(Interrupt())
        deadline = time.monotonic() + PASSED_ON_S
        while worker.actor_inbox.empty():
            assert time.monotonic() < deadline, "the Conductor passes it on"
        return merge(*args)

    monkeypatch.setattr("actors.hands.merge", interrupted)
    assert project.run().code == INTERRUPTED
    assert len(project.events(MergeBegun)) == 1
    assert not project.events(TreeMerged)
