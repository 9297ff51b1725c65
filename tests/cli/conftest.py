"""A repository with a run, and a way to call the command line in it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.main import main
from tests.stories import Story, written

Told = tuple[int, str, str]
"""Exit code, standard output, standard error."""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder that looks like a repository."""
    (tmp_path / "shop" / ".git").mkdir(parents=True)
    return tmp_path / "shop"


@pytest.fixture
def story(shop: Path) -> Iterator[Story]:
    """A run r1 in the shop that this process holds."""
    story = written(shop)
    yield story
    story.log.close()


@pytest.fixture
def trackside(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Told]:
    """Call the command line inside of the shop."""
    monkeypatch.chdir(shop)

    def call(*words: str) -> Told:
        code = main(words)
        out, err = capsys.readouterr()
        return code, out, err

    return call
