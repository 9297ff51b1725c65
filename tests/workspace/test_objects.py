"""Objects of the repository, read and written without a process each."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.ids import TreeId
from tests.git_repo import GitRepo, files_of, read_blob
from workspace.errors import GitFailedError, ObjectDamagedError, TreeMissingError
from workspace.merge import Merged, merge
from workspace.objects import Member, Objects, edited_tree, object_id
from workspace.tree import Repository
from workspace.worktree import Worktree

BLOB = object_id("blob", b"new\n", "0" * 40)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repo = GitRepo(tmp_path / "repo")
    repo.write("tool.sh", "#!/bin/sh\n", 0o755)
    repo.commit(**{"a/b/c.txt": "c\n", "a/b.txt": "b\n", "a-b": "-\n", "z": "z\n"})
    return Repository.create(tmp_path / "git", repo.path)


@pytest.fixture
def objects(repository: Repository) -> Iterator[Objects]:
    with repository.objects() as objects:
        yield objects


def head(repository: Repository) -> TreeId:
    return repository.tree_of(repository.user.resolve("HEAD"))


def test_an_object_is_read_by_its_id(repository: Repository, objects: Objects) -> None:
    tree = head(repository)
    found = objects.find(tree, "a/b/c.txt")
    assert found == Member("100644", object_id("blob", b"c\n", tree))
    assert objects.blob(found.object) == b"c\n"
    commit = objects.commit(repository.user.resolve("HEAD"))
    assert commit.startswith(f"tree {tree}\n".encode())


@pytest.mark.parametrize("path", ["nothing", "a/nothing", "z/below", "a/b/c.txt/below"])
def test_nothing_is_found_where_no_file_is(
    repository: Repository, objects: Objects, path: str
) -> None:
    assert objects.find(head(repository), path) is None


def test_a_missing_object_is_named_and_the_next_question_is_answered(
    repository: Repository, objects: Objects
) -> None:
    with pytest.raises(TreeMissingError, match="000 is missing"):
        objects.read("0" * 40)
    assert not objects.has("0" * 40)
    assert objects.has(head(repository))


def test_an_object_of_another_kind_is_not_taken_for_a_tree(
    repository: Repository, objects: Objects
) -> None:
    found = objects.find(head(repository), "z")
    assert found is not None
    with pytest.raises(ObjectDamagedError):
        objects.tree(found.object)


def test_bytes_that_are_not_those_of_the_id_are_found_out(repository: Repository) -> None:
    name = repository.git.line("hash-object", "-w", "--stdin", stdin=secrets.token_bytes(100_000))
    loose = repository.path / "objects" / name[:2] / name[2:]
    loose.chmod(0o600)
    whole = loose.read_bytes()
    for damaged, error in (
        (_other_blob(repository), ObjectDamagedError),
        (whole[:50_000] + b"junk" + whole[50_004:], ObjectDamagedError),
        (b"junk" + whole[4:], TreeMissingError),
    ):
        loose.write_bytes(damaged)
        with repository.objects() as objects:
            with pytest.raises(error, match=name):
                objects.blob(name)
            assert objects.has(head(repository))


def test_a_git_that_was_ended_from_outside_is_an_error_of_git(objects: Objects) -> None:
    objects._process.kill()
    objects._process.wait()
    with pytest.raises(GitFailedError, match="ended before it was asked"):
        objects.read(BLOB)


def _other_blob(repository: Repository) -> bytes:
    """Return another object's file, as somebody would put it into the place of one."""
    name = repository.git.line("hash-object", "-w", "--stdin", stdin=b"forged\n")
    return (repository.path / "objects" / name[:2] / name[2:]).read_bytes()


NAMES = st.sampled_from(["a", "a-b", "b", "c.txt", "z"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)


@settings(max_examples=20)
@given(st.dictionaries(PATHS, st.booleans(), max_size=5))
def test_a_tree_edited_on_paper_is_the_tree_that_git_writes(
    made: tuple[Repository, Path], changes: dict[str, bool]
) -> None:
    repository, folder = made
    whole = [path for path in changes if not any(path.startswith(f"{o}/") for o in changes)]
    before = head(repository)
    worktree = Worktree(repository, folder)
    worktree.materialise(before)
    edits: dict[str, Member | None] = {}
    for path in whole:
        place = folder / path
        if place.is_dir() or any(p.is_file() for p in place.parents if folder in p.parents):
            continue
        if changes[path]:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(b"new\n")
            edits[path] = Member("100644", BLOB)
        else:
            place.unlink(missing_ok=True)
            edits[path] = None
    written = worktree.snapshot_paths(list(edits))
    with repository.objects() as objects:
        assert edited_tree(objects, before, edits) == written


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repository, Path]:
    home = tmp_path_factory.mktemp("edited")
    repo = GitRepo(home / "repo")
    repo.commit(**{"a/b/c.txt": "c\n", "a/b.txt": "b\n", "a-b": "-\n", "z": "z\n"})
    return Repository.create(home / "git", repo.path), home / "worktree"


def test_a_tree_without_files_is_the_empty_tree(repository: Repository, objects: Objects) -> None:
    tree = head(repository)
    paths = dict.fromkeys(entry.path for entry in files_of(repository, tree))
    assert edited_tree(objects, tree, paths) == object_id("tree", b"", tree)


def test_a_cache_without_room_still_answers(
    monkeypatch: pytest.MonkeyPatch, repository: Repository
) -> None:
    monkeypatch.setattr("workspace.objects.CACHE_BYTES", 0)
    tree = head(repository)
    with repository.objects() as objects:
        for _ in range(2):
            assert objects.find(tree, "a/b/c.txt") is not None


def test_what_is_written_in_a_scratch_repository_is_not_seen_in_the_run(
    tmp_path: Path, repository: Repository
) -> None:
    scratch = repository.scratch(tmp_path / "scratch")
    base = head(repository)
    worktree = Worktree(repository, tmp_path / "worktree")
    worktree.materialise(base)
    (worktree.folder / "z").write_bytes(b"ours\n")
    ours = worktree.snapshot().tree
    worktree.materialise(base)
    (worktree.folder / "a-b").write_bytes(b"theirs\n")
    theirs = worktree.snapshot().tree
    merged = merge(scratch, base, ours, theirs)
    assert isinstance(merged, Merged)
    assert read_blob(scratch, merged.tree, "z") == b"ours\n"
    with pytest.raises(TreeMissingError):
        read_blob(repository, merged.tree, "z")
