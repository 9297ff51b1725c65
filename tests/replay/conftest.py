"""The recorded runs of this room: made once, and only read; a test that harms one takes a copy."""

from pathlib import Path

import pytest

from replay.archive import Archive
from store.run_folder import RunFolder
from tests.replay.long import tell_long
from tests.replay.recorded import (
    ASKING_PLAYBOOK,
    ASKING_TRACK,
    CRASHING_PLAYBOOK,
    CRASHING_TRACK,
    PLAYBOOK,
    POLICY,
    TRACK,
    answer_all,
    archive_of,
    copy_of,
    cut_after,
    play,
    trackside,
)


@pytest.fixture(scope="session")
def baked(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Return a run of the whole track that ended with blocked tickets."""
    home = tmp_path_factory.mktemp("baked")
    return play(home, "baked", "--workers", "3", track=TRACK, playbook=PLAYBOOK)


@pytest.fixture(scope="session")
def checkout(baked: RunFolder) -> Path:
    """Return the repository of `baked`."""
    return baked.path.parents[2]


@pytest.fixture(scope="session")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Return a run in which four questions wait for a person."""
    home = tmp_path_factory.mktemp("asking")
    policy = home / "policy.toml"
    policy.write_text(POLICY)
    words = ("--policy", str(policy))
    return play(home, "asking", *words, track=ASKING_TRACK, playbook=ASKING_PLAYBOOK)


@pytest.fixture(scope="session")
def answered(waiting: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Return the same run after all was answered."""
    home = tmp_path_factory.mktemp("answered")
    folder = copy_of(waiting, home)
    answer_all(folder)
    told = trackside("resume", "--repo", folder.path.parents[2], cache=home / "cache")
    assert told.returncode == 1, told.stderr
    return folder


@pytest.fixture(scope="session")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Return a run with a setup and a red check that crashed in a command and was resumed."""
    home = tmp_path_factory.mktemp("crashed")
    folder = play(home, "crashed", track=CRASHING_TRACK, playbook=CRASHING_PLAYBOOK)
    cut_after(folder, "attempt.tool_started")
    told = trackside("resume", "--repo", folder.path.parents[2], cache=home / "other-cache")
    assert told.returncode == 0, told.stderr
    return folder


@pytest.fixture(scope="session")
def long_run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Return a run of more than ten thousand events, without trees."""
    return tell_long(tmp_path_factory.mktemp("long"))


@pytest.fixture
def archive(baked: RunFolder) -> Archive:
    return archive_of(baked)
