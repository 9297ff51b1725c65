"""Files of a tree as a context shows them."""

import pytest

from events.errors import TracksideError
from events.ids import CommitId
from tests.git_repo import GitRepo
from workspace.context import FileAt
from workspace.tree import Repository
from workspace.tree_files import file_at

LINKS = {
    "src/direct.py": "app.py",
    "up": "./src/../src//app.py",
    "folder": "src",
    "again": "folder/direct.py",
    "gone": "src/gone.py",
    "to-folder": "src/",
    "root": "src/..",
    "loop": "loop",
    "outside": "../readme",
    "absolute": "/etc/passwd",
}


def found(repo: GitRepo, repository: Repository, path: str) -> FileAt | None:
    tree = repository.tree_of(CommitId(repo.git("rev-parse", "HEAD")))
    with repository.objects() as objects:
        return file_at(objects, tree, path)


@pytest.fixture
def linked(repo: GitRepo, base: CommitId) -> GitRepo:
    assert base
    for name, target in LINKS.items():
        (repo.path / name).symlink_to(target)
    repo.commit()
    return repo


@pytest.mark.parametrize(
    "path", ["src/direct.py", "up", "folder/app.py", "folder/direct.py", "again"]
)
def test_links_to_a_file_of_the_tree_are_followed(
    linked: GitRepo, repository: Repository, path: str
) -> None:
    blob = linked.git("rev-parse", "HEAD:src/app.py")
    assert found(linked, repository, path) == FileAt(b"one\ntwo\nthree\n", blob, "src/app.py")


def test_a_file_is_where_it_is(linked: GitRepo, repository: Repository) -> None:
    blob = linked.git("rev-parse", "HEAD:src/app.py")
    assert found(linked, repository, "src/app.py") == FileAt(b"one\ntwo\nthree\n", blob)
    for nothing in ("src", "src/gone.py", "readme/x"):
        assert found(linked, repository, nothing) is None


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("gone", "is a symlink to 'src/gone.py', where no file is"),
        ("to-folder", "is a symlink to 'src', where no file is"),
        ("root", "is a symlink to a folder"),
        ("loop", "run in a circle"),
        ("outside", "leaves the worktree"),
        ("absolute", "leaves the worktree"),
    ],
)
def test_links_to_anything_else_are_told(
    linked: GitRepo, repository: Repository, path: str, reason: str
) -> None:
    with pytest.raises(TracksideError, match=reason):
        found(linked, repository, path)
