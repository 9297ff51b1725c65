"""Three trees make one, or name their conflict."""

import pytest

from events.ids import CommitId, TreeId
from tests.git_repo import read_blob
from workspace.errors import TreeMissingError
from workspace.merge import Conflicted, Merged, altered, merge
from workspace.tree import Repository
from workspace.worktree import Worktree


def changed(worktree: Worktree, base: CommitId, **files: bytes | None) -> TreeId:
    """Return the tree of `base` with these files written, or deleted where None."""
    worktree.materialise(base)
    for path, content in files.items():
        if content is None:
            (worktree.folder / path).unlink()
        else:
            (worktree.folder / path).write_bytes(content)
    return worktree.snapshot().tree


def test_changes_of_different_files_go_together(
    repository: Repository, worktree: Worktree, base: CommitId
) -> None:
    ours = changed(worktree, base, a=b"A\n")
    theirs = changed(worktree, base, b=b"B\n", readme=None)
    both = changed(worktree, base, a=b"A\n", b=b"B\n", readme=None)
    assert merge(repository, base, ours, theirs) == Merged(both)
    assert merge(repository, base, theirs, ours) == Merged(both)


def test_commits_and_trees_are_taken_alike(
    repository: Repository, worktree: Worktree, base: CommitId
) -> None:
    ours, theirs = changed(worktree, base, a=b"A\n"), changed(worktree, base, b=b"B\n")
    tip = repository.commit(ours, [base], "T1", 5)
    by_tree = merge(repository, repository.tree_of(base), ours, theirs)
    assert merge(repository, base, tip, theirs) == by_tree


def test_a_side_without_change_yields_to_the_other(
    repository: Repository, worktree: Worktree, base: CommitId
) -> None:
    tree, other = repository.tree_of(base), changed(worktree, base, a=b"A\n")
    assert merge(repository, base, base, other) == Merged(other)
    assert merge(repository, base, other, base) == Merged(other)
    assert merge(repository, base, other, other) == Merged(other)
    assert merge(repository, base, base, base) == Merged(tree)


def test_a_conflict_names_its_places(
    repository: Repository, worktree: Worktree, base: CommitId
) -> None:
    ours = changed(worktree, base, readme=b"ours\n", **{"run.sh": b"ours\n", "a": b"A\n"})
    theirs = changed(worktree, base, readme=b"theirs\n", **{"run.sh": None})
    assert merge(repository, base, ours, theirs) == Conflicted(
        ("readme", "run.sh"),
        "CONFLICT (content): Merge conflict in readme\n"
        "CONFLICT (modify/delete): run.sh deleted in theirs and modified in ours."
        "  Version ours of run.sh left in tree.",
    )


def test_names_in_a_conflict_are_valid_text(
    repository: Repository, worktree: Worktree, base: CommitId
) -> None:
    name = "a\nb\udcff"
    ours = changed(worktree, base, **{name: b"1\n"})
    theirs = changed(worktree, base, **{name: b"2\n"})
    found = merge(repository, base, ours, theirs)
    assert isinstance(found, Conflicted)
    assert found.paths == ("a\\nb\\xff",)
    assert "CONFLICT (add/add)" in found.detail
    assert found.detail.isprintable()


def test_line_endings_are_merged_as_bytes(
    repository: Repository, worktree: Worktree, base: CommitId
) -> None:
    changed(worktree, base, **{".gitattributes": b"* text=auto eol=crlf merge=union\n"})
    root = repository.commit(
        changed(worktree, base, **{".gitattributes": b"* text eol=crlf merge=union\n"}), [], "r", 0
    )
    ours = changed(worktree, root, readme=b"hello\r\n")
    theirs = changed(worktree, root, **{"run.sh": b"x\r\n"})
    found = merge(repository, root, ours, theirs)
    assert isinstance(found, Merged)
    assert read_blob(repository, found.tree, "readme") == b"hello\r\n"
    theirs = changed(worktree, root, readme=b"other\n")
    assert isinstance(merge(repository, root, ours, theirs), Conflicted)


def test_a_missing_side_is_named(repository: Repository, base: CommitId) -> None:
    with pytest.raises(TreeMissingError, match="2222"):
        merge(repository, base, base, CommitId("2" * 40))


LINES = b"".join(b"line %d\n" % number for number in range(30))


def test_a_change_that_lands_elsewhere_in_its_file_is_the_same(
    repository: Repository, worktree: Worktree, base: CommitId
) -> None:
    long = repository.commit(changed(worktree, base, long=LINES), [base], "long", 5)
    shown = changed(worktree, long, long=LINES.replace(b"line 20", b"ours"), a=b"\0A")
    tip = changed(worktree, long, long=LINES.replace(b"line 1\n", b"two\nlines\n"), b=b"B\n")
    merged = merge(repository, long, tip, shown)
    assert isinstance(merged, Merged)
    assert altered(repository, (repository.tree_of(long), shown), (tip, merged.tree)) == ()


@pytest.mark.parametrize(
    "lands",
    [
        {"a": b"other\n"},
        {"a": None, "c": b"A\n"},
        {"a": b"A\n", "readme": b"more\n"},
        {"a": b"A"},
        {"a": b"\0A\n"},
        {},
    ],
)
def test_a_file_whose_change_differs_is_named(
    lands: dict[str, bytes | None], repository: Repository, worktree: Worktree, base: CommitId
) -> None:
    before = changed(worktree, base, b=b"B\n")
    shown = changed(worktree, base, a=b"A\n")
    kept = {path: content for path, content in lands.items() if content is not None}
    after = changed(worktree, base, b=b"B\n", **kept)
    found = altered(repository, (repository.tree_of(base), shown), (before, after))
    assert found == tuple(sorted({"a", *lands} - ({"a"} if lands.get("a") == b"A\n" else set())))


def test_two_binary_files_are_told_apart(
    repository: Repository, worktree: Worktree, base: CommitId
) -> None:
    tree = repository.tree_of(base)
    one, other = changed(worktree, base, a=b"\0A"), changed(worktree, base, a=b"\0B")
    assert altered(repository, (tree, one), (tree, one)) == ()
    assert altered(repository, (tree, one), (tree, other)) == ("a",)
