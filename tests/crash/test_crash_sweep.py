"""A run killed at places all over the program ends as if nobody had killed it.

This is the quick sweep, a sample. `make crash` is the whole one.
"""

from collections.abc import Iterator

import pytest

from tests.crash.sweep import Kills, Sweep, points_of, spread, tried
from tests.crash.trial import POSITION, Kill, Program

POINTS = 24
GROUPS = 4

pytestmark = pytest.mark.timeout(300)  # a loaded machine is no failure


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sweep]:
    with Program() as one, Program() as other:
        yield Sweep(tmp_path_factory.mktemp("crash"), [one, other])


@pytest.mark.parametrize("group", range(GROUPS))
def test_a_killed_run_is_resumed_to_the_same_end(sweep: Sweep, group: int) -> None:
    plan: list[Kills] = sweep.plan(POINTS)[group::GROUPS]
    verdicts = [*sweep.play(plan)]
    assert not [str(verdict) for verdict in verdicts if verdict.wrong]
    assert tried(verdicts) >= len(plan) // 2, "threads share syncs, so some points are not reached"


def test_points_cover_every_record_and_every_place() -> None:
    points = points_of({"before git commit-tree": 2}, 3)
    assert points == [
        Kill(POSITION, 2),
        Kill(POSITION, 3),
        Kill("before git commit-tree", 1),
        Kill("before git commit-tree", 2),
    ]
    assert spread(points, 2) == [points[0], points[2]]
