"""The run's own git repository: every state of the code tree, kept by its id.

It is bare, borrows the objects of the user's repository, and never writes there. It has no refs:
nothing in it is ever removed (docs/decisions/0002-trees-without-refs.md).
"""

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from events.ids import CommitId, TreeId
from workspace.errors import (
    GitDamageError,
    GitFailedError,
    RepositoryLostError,
    RepositoryMissingError,
    TreeMissingError,
    WorkspaceError,
)
from workspace.filling import filling
from workspace.folders import remove_folder
from workspace.git import IDENTITY, Git, text_of
from workspace.loose import LooseObjects
from workspace.objects import Objects
from workspace.user_repository import UserRepository

GITLINK = "160000"
"""The mode of a submodule: a commit of another repository, of which we have no objects."""

# Whatever the configuration of a machine, the same trees merge to the same tree and the worktree
# holds the very bytes of the tree. Objects are never pruned, not even by `git gc` or `git prune`.
_CONFIG = """\
[core]
	autocrlf = false
	excludesFile = /dev/null
	fsync = loose-object
	fsyncMethod = batch
	ignoreCase = false
	logAllRefUpdates = false
	precomposeUnicode = false
	protectHFS = false
	splitIndex = false
[extensions]
	preciousObjects = true
[gc]
	auto = 0
	pruneExpire = never
[merge]
	conflictStyle = merge
	directoryRenames = conflict
	renameLimit = 7000
	renames = true
"""

# The last word on attributes, over every .gitattributes: no conversion, no filter, no driver.
_ATTRIBUTES = (
    "* -text !crlf !eol !filter !ident !working-tree-encoding !merge !diff !conflict-marker-size\n"
)

# What commands leave behind and nobody would commit, also where a repository forgot to ignore it.
# A .gitignore that says `!name` wins; files that are tracked already stay tracked.
_EXCLUDE = """\
__pycache__/
*.py[co]
.pytest_cache/
.mypy_cache/
.ruff_cache/
.hypothesis/
.DS_Store
"""

_LAST = "info/exclude"
"""The file that is written last when a repository is made: where it is, all is."""


_ALTERNATES = "objects/info/alternates"
_LENDERS = "info/lenders"
"""Repositories of other runs that this one borrows from: a path a line, relative to this one.

The folders of runs lie side by side, so what a lender names its borrower can name likewise.
"""


# Every line of a diff begins with a word or a sign, so none looks like this.
_HEAD_OF_DIFF = re.compile(r"^([0-9a-f]{40,64} [0-9a-f]{40,64})\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Repository:
    r"""A run's repository. Any thread may use it; objects are durable when a call returns.

    Paths that it takes and gives keep every byte: one that is no UTF-8 is a lone surrogate. Text
    for people and for events (`diff`, conflicts, errors) is valid Unicode, with such bytes shown
    as ``\xff``.
    """

    path: Path
    user: UserRepository
    borrowed: str = ""
    """Where objects lie that it needs, a line each, if that is not what its own file says."""
    loose: LooseObjects = field(init=False, repr=False, compare=False)
    """Its objects, without a git."""

    def __post_init__(self) -> None:
        """Look at the repository's configuration."""
        object.__setattr__(self, "loose", LooseObjects(self.git))

    @classmethod
    def create(cls, run_git: Path, user_repo: Path, lender: Path | None = None) -> "Repository":
        """Return the repository at `run_git`, made if it is not there; again is harmless.

        A new one may borrow from the repository of another run, `lender`, and from all that this
        one borrows from: it has their objects then without a copy, as long as they stay.

        Raises:
            RepositoryRefusedError: `user_repo` is not (in) a checkout; see `UserRepository.find`.
        """
        user = UserRepository.find(user_repo)
        if not (run_git / _LAST).exists():
            remove_folder(run_git)  # what a crash has left of it
            for folder in ("info", "objects/info"):
                (run_git / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(run_git / "config", _CONFIG)
            Git(run_git, config=(("init.defaultBranch", "none"),)).run(
                *("init", "--quiet", "--bare", "--template="),
                *(f"--object-format={user.object_format}", "--", str(run_git)),
            )
            _write(run_git / "info/attributes", _ATTRIBUTES)
            if shallow := _read(user.shallow):
                _write(run_git / "shallow", shallow)
            if lender is not None:
                beside = f"../../{lender.parent.name}/{lender.name}\n"
                _write(run_git / _LENDERS, beside + _read(lender / _LENDERS))
            _write(run_git / _LAST, _EXCLUDE + _read(user.exclude))
        return cls._borrowing(run_git, user)

    @classmethod
    def open(cls, run_git: Path, user_repo: Path) -> "Repository":
        """Return the repository that `create` made, also when `user_repo` has been moved since.

        Raises:
            RepositoryMissingError: nothing was created at `run_git`, or it is gone.
            RepositoryLostError: a part of it is, or it goes meanwhile.
            RepositoryRefusedError: see `UserRepository.find`.
        """
        _require_created(run_git)
        return cls._borrowing(run_git, UserRepository.find(user_repo))

    @classmethod
    def look(cls, run_git: Path, user_repo: Path) -> "Repository":
        """Return the same for reading only: nothing is written in `run_git`. Raises as `open`."""
        _require_created(run_git)
        user = UserRepository.find(user_repo)
        borrowed = _borrowed(run_git, user)
        up_to_date = _read(run_git / _ALTERNATES) == borrowed
        return cls(run_git.resolve(), user, "" if up_to_date else borrowed)

    @classmethod
    def _borrowing(cls, run_git: Path, user: UserRepository) -> "Repository":
        borrowed = _borrowed(run_git, user)
        if _read(run_git / _ALTERNATES) != borrowed:
            try:
                _write(run_git / _ALTERNATES, borrowed)
            except (FileNotFoundError, NotADirectoryError) as error:
                raise RepositoryLostError(run_git) from error
        return cls(run_git.resolve(), user)

    @property
    def git(self) -> Git:
        """Git on the run's repository, without a worktree."""
        return Git(self.path, git_dir=self.path, borrowed=self._lent)

    @property
    def _lent(self) -> str:
        return ":".join(self.borrowed.rstrip("\n").split("\n"))

    def objects(self) -> Objects:
        """Return a reader of the objects; close it."""
        return Objects(self.git)

    def scratch(self, folder: Path) -> "Repository":
        """Return a new repository in `folder` that borrows from this one.

        What is written there is never seen here.
        """
        made = Repository.create(folder, self.user.top)
        mine = self.borrowed or _read(self.path / _ALTERNATES)
        _write(made.path / _ALTERNATES, f"{_quoted(self.path / 'objects')}\n{mine}")
        return made

    def tree_of(self, commit: CommitId) -> TreeId:
        """Return the tree of `commit`; raises as `trees_of` does."""
        return self.trees_of(commit)[0]

    def trees_of(self, *names: CommitId | TreeId) -> list[TreeId]:
        """Return the tree of each commit; a tree is its own.

        Raises:
            TreeMissingError: one of them is not there.
        """
        try:
            said = self.git.line("rev-parse", *(f"{name}^{{tree}}" for name in names))
        except GitFailedError as error:
            raise self._reason(error, *names) from error
        return [TreeId(tree) for tree in said.split("\n")]

    def commit(
        self, tree: TreeId, parents: Sequence[CommitId], message: str, date: int
    ) -> CommitId:
        """Return the id of a commit, written now; the same arguments give the same id.

        Args:
            tree: What it holds.
            parents: In order; none for a root.
            message: Kept as it is, with one line break at its end.
            date: Seconds since 1970, for author and committer, shown as UTC.
        """
        words = message.rstrip("\n") + "\n"
        if self._can_write_commit(tree, parents, words):
            who = f"{IDENTITY[0]} <{IDENTITY[1]}> {date} +0000"
            heads = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
            lines = [*heads, f"author {who}", f"committer {who}", "", words]
            return CommitId(self.loose.keep_commit("\n".join(lines).encode(), tree))
        when = {"GIT_AUTHOR_DATE": f"@{date} +0000", "GIT_COMMITTER_DATE": f"@{date} +0000"}
        lineage = [word for parent in parents for word in ("-p", parent)]
        _, said = self.git.ask(
            *("commit-tree", "--no-gpg-sign", *lineage, "-F", "-", f"{tree}^{{tree}}"),
            stdin=words.encode("utf-8", "surrogateescape"),
            answers=(0,),
            extra=when,
        )
        return CommitId(said.decode().strip())

    def _can_write_commit(self, tree: TreeId, parents: Sequence[CommitId], words: str) -> bool:
        """Return whether a commit needs no git: it would check no more, and change no character."""
        if not words.isascii() or "\0" in words or len(set(parents)) != len(parents):
            return False
        with suppress(WorkspaceError):
            self.loose.tree(tree)
            return all(map(self.loose.owns, parents))
        return False

    def submodules(self, tree: TreeId) -> frozenset[str]:
        """Return the paths of the submodules in `tree`.

        Raises:
            GitFailedError: the tree is not there.
        """
        listed = text_of(self.git.run("ls-tree", "-r", "-d", "-z", tree)).split("\0")[:-1]
        return frozenset(
            name
            for facts, _, name in (line.partition("\t") for line in listed)
            if facts.startswith(GITLINK)
        )

    def changed_paths(self, before: TreeId | CommitId, after: TreeId | CommitId) -> list[str]:
        """Return the paths whose bytes or mode differ, in git's order; a move is two paths."""
        listed = self._compared(before, after, "-z", "--name-only", "--no-renames")
        return [text_of(name) for name in listed.split(b"\0")[:-1]]

    def diff(
        self,
        before: TreeId | CommitId,
        after: TreeId | CommitId,
        paths: Sequence[str] | None = None,
    ) -> str:
        """Return the unified diff for people, of all files or of `paths` (files or folders).

        Control characters inside files are not escaped; that is for whoever shows it.
        """
        said = self._compared(before, after, "-p", "--find-renames", paths=paths)
        return said.decode("utf-8", "backslashreplace")

    def diffs(self, pairs: Sequence[tuple[TreeId, TreeId]]) -> list[str]:
        """Return what `diff` says of each pair, in order, by one process for all of them.

        Of a pair of which a tree is not there it is empty.
        """
        if not pairs:
            return []
        heads = [f"{before} {after}" for before, after in pairs]
        said = self.git.run(
            *("diff-tree", "--stdin", "-r", "-p", "--no-color", "--no-ext-diff", "--no-textconv"),
            "--find-renames",
            stdin="".join(f"{head}\n" for head in heads).encode(),
        )
        parts = _HEAD_OF_DIFF.split(said.decode("utf-8", "backslashreplace"))
        found = dict(zip(parts[1::2], parts[2::2], strict=True))
        return [found.get(head, "") for head in heads]

    def checkout_to(self, tree: TreeId | CommitId, directory: Path) -> None:
        """Write the files of `tree` into `directory`, which is made if missing; no ``.git``.

        Nothing is written elsewhere. If it fails, the directory is as it was: empty, or not there.

        Raises:
            TreeMissingError: the tree is not there.
            GitDiskError, OSError: the disk takes no more.
            WorkspaceError: there is something in the directory, or it can be none.
        """
        self.trees_of(tree)
        with filling(directory) as (place, scratch):
            git = Git(
                place, self.path, work_tree=place, index=scratch / "index", borrowed=self._lent
            )
            git.run("read-tree", "-u", "--reset", tree)

    def _compared(
        self, before: str, after: str, *options: str, paths: Sequence[str] | None = None
    ) -> bytes:
        limits = ["--", *paths] if paths is not None else ["--"]
        try:
            return self.git.run(
                *("diff-tree", "-r", "--no-color", "--no-ext-diff", "--no-textconv", *options),
                *("--end-of-options", f"{before}^{{tree}}", f"{after}^{{tree}}", *limits),
            )
        except GitFailedError as error:
            raise self._reason(error, before, after) from error

    def _reason(self, error: GitFailedError, *names: str) -> WorkspaceError:
        """Return what is behind a failure to read: a missing object, or else something new."""
        for name in names:
            code, _ = self.git.ask("cat-file", "-e", f"{name}^{{tree}}", answers=(0, 1, 128))
            if code != 0:
                return TreeMissingError(name, str(self.path))
        if isinstance(error, GitDamageError):
            return error
        return WorkspaceError(f"{self.path}: {error}")


def _require_created(run_git: Path) -> None:
    if not (run_git / _LAST).exists() or not (run_git / _ALTERNATES).parent.is_dir():
        raise RepositoryMissingError(str(run_git))


def _borrowed(run_git: Path, user: UserRepository) -> str:
    """Return where the objects lie that a run's repository borrows, as ``alternates`` has it."""
    lenders = [run_git / name / "objects" for name in _read(run_git / _LENDERS).splitlines()]
    there = [user.objects, *(place.resolve() for place in lenders if place.is_dir())]
    return "".join(f"{_quoted(place)}\n" for place in there)


def _quoted(path: Path) -> str:
    """Return `path` as a line of ``objects/info/alternates`` that no character can break."""
    text = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "surrogateescape")
    except FileNotFoundError:
        return ""


def _write(path: Path, text: str) -> None:
    """Replace a small file, durably and at once."""
    scratch = path.with_name(path.name + ".new")
    with scratch.open("w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)
