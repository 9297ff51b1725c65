"""One digest for the whole state of a run."""

import os
import subprocess
import sys
from itertools import permutations
from pathlib import Path

from events import world
from events.base import Event
from events.hint import Failure, HintAsked
from events.ids import StreamId
from events.run_events import RunPaused, RunStarted, TicketAssigned, TicketsPlanned
from events.state_digest import state_digest
from events.world import World
from tests.events.attempts import STAGES
from tests.histories import ATTEMPT, C1, RED, T1, commit, start, ticket, tree

PLAN = (ticket("T1"), ticket("T2", "T1"))
STREAMS: dict[str, tuple[Event, ...]] = {
    "run": (
        RunStarted(start(PLAN)),
        TicketsPlanned(PLAN),
        TicketAssigned(T1, ATTEMPT, 1, "flash", commit(0), tree(0)),
    ),
    "attempt/T1.1": STAGES["tool red"].history,
    "hint/T1.1.c1": (HintAsked(Failure(attempt=ATTEMPT, call=C1, outcome=RED)),),
}


def folded(*names: str) -> World:
    held, position = World(), 0
    for name in names:
        for event in STREAMS[name]:
            position += 1
            held = world.evolve(held, StreamId(name), event, position)
    return held


def test_equal_states_have_equal_digests_however_their_streams_grew() -> None:
    assert len({state_digest(folded(*names)) for names in permutations(STREAMS)}) == 1


def test_equal_states_have_equal_digests_whatever_the_seed_of_hashes() -> None:
    script = (
        "from rpds import HashTrieMap as Map; from events.attempt import Attempt\n"
        "from events.state_digest import state_digest; from events.world import World\n"
        "attempt = Attempt(outputs=Map({f'c{number}': 'x' for number in range(40)}))\n"
        "print(state_digest(World(states=Map({'attempt/T1.1': attempt}))))\n"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(digests) == 1


def test_another_state_has_another_digest() -> None:
    digests = {state_digest(World()), *(state_digest(folded(name)) for name in STREAMS)}
    paused = world.evolve(folded("run"), StreamId("run"), RunPaused("ann"), 4)
    assert len({*digests, state_digest(paused)}) == 2 + len(STREAMS)


def test_a_run_has_a_digest_before_its_plan_is_whole() -> None:
    begun = world.evolve(World(), StreamId("run"), RunStarted(start(PLAN)), 1)
    assert state_digest(begun) != state_digest(folded("run"))
