"""The recorded runs of this room: made once, and only read; a test that harms one takes a copy."""

from pathlib import Path

import pytest

from replay.archive import Archive
from store.run_folder import RunFolder
from tests.replay.recorded import PLAYBOOK, TRACK, archive_of, play


@pytest.fixture(scope="session")
def baked(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Return a run of the whole track that ended with blocked tickets."""
    home = tmp_path_factory.mktemp("baked")
    return play(home, "baked", "--workers", "3", track=TRACK, playbook=PLAYBOOK)


@pytest.fixture(scope="session")
def checkout(baked: RunFolder) -> Path:
    """Return the repository of `baked`."""
    return baked.path.parents[2]


@pytest.fixture
def archive(baked: RunFolder) -> Archive:
    return archive_of(baked)
