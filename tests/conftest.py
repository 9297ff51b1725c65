"""What holds for every test: hypothesis is calm, and no actor outlives its test."""

import os
from collections.abc import Iterator

import pykka
import pytest
from hypothesis import settings

ACTOR_STOP_S = 5.0

# A loaded machine must not turn a property into a race, so there is no deadline. In CI the same
# commit meets the same examples; elsewhere every run looks for new ones.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture(autouse=True)
def no_actor_is_left() -> Iterator[None]:
    """Fail the test that leaves an actor running, and stop the actor, so that pytest can end."""
    yield
    left = pykka.ActorRegistry.get_all()
    if left:
        names = ", ".join(str(ref) for ref in left)
        pykka.ActorRegistry.stop_all(timeout=ACTOR_STOP_S)
        pytest.fail(f"actors left running: {names}")
