"""A project of its own for each test, made from one repository, and nothing left behind."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.project import Project
from tests.git_repo import GitRepo


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    repo = GitRepo(tmp_path_factory.mktemp("template") / "repo")
    repo.write("README.md", "# A project\n\nWords.\n")
    repo.write("app.py", "A = 1\nB = 2\nC = 3\n")
    repo.write(".gitignore", "*.log\n")
    repo.commit()
    return repo.path


@pytest.fixture
def project(tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = Project(tmp_path, template)
    for name in os.environ:
        if name.startswith(("TRACKSIDE_", "GEMINI_", "GOOGLE_")):
            monkeypatch.delenv(name)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    made.configure("")
    return made


LAST_STEPS_S = 5.0
"""How long a thread that has said its last word may take to be gone."""


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """No thread and no open file outlives a run in this process."""
    threads, files = set(threading.enumerate()), _open_files()
    yield
    for late in set(threading.enumerate()) - threads:
        late.join(LAST_STEPS_S)
        assert not late.is_alive(), late.name
    assert _open_files() <= files


def _open_files() -> set[str]:
    links = (str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink())
    return {target for target in links if not target.startswith("/proc/")}
