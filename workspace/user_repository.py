"""The user's repository: found, and read with plumbing that runs none of what it holds."""

from dataclasses import dataclass, replace
from pathlib import Path

from events.ids import CommitId
from workspace.errors import GitFailedError, RepositoryRefusedError, RevisionUnknownError
from workspace.git import Git, printable, silenced


@dataclass(frozen=True, slots=True)
class UserRepository:
    """Where the parts of the user's repository are; all paths are absolute.

    It may be a linked worktree or a submodule, be shallow, and borrow objects from others.
    """

    top: Path
    """The checkout."""
    git_dir: Path
    """``.git``, or the part of it that belongs to this linked worktree."""
    objects: Path
    shallow: Path
    """The list of commits whose parents are not there; no such file if all are."""
    exclude: Path
    """``info/exclude``: what this clone never wants tracked."""
    object_format: str
    """``sha1`` or ``sha256``."""

    @classmethod
    def find(cls, directory: Path) -> "UserRepository":
        """Return the repository whose checkout holds `directory`.

        Raises:
            RepositoryRefusedError: there is none, it is bare, or it does not say where it is.
        """
        git = Git(directory)
        if not directory.is_dir():
            raise RepositoryRefusedError(f"{printable(str(directory))}: no such folder")
        try:
            lines = git.line(
                *("rev-parse", "--path-format=absolute", "--show-toplevel", "--absolute-git-dir"),
                *("--git-path", "objects", "--git-path", "shallow", "--git-path", "info/exclude"),
                "--show-object-format",
            ).split("\n")
        except GitFailedError as error:
            raise _refusal(git, error) from error
        if len(lines) != len(cls.__dataclass_fields__):
            raise RepositoryRefusedError(
                f"{printable(str(directory))}: a line break in the path of a repository is not"
                " supported; rename the folder"
            )
        *paths, object_format = lines
        top, git_dir, objects, shallow, exclude = map(Path, paths)
        found = cls(top, git_dir, objects, shallow, exclude, object_format)
        if not (found.top / ".git").exists():
            raise RepositoryRefusedError(
                f"{directory}: its repository claims {found.top} as its checkout, but there is no"
                " .git; see core.worktree in its configuration"
            )
        return found

    @property
    def git(self) -> Git:
        """Git on this repository, for reading; see `git.silenced` before it compares files."""
        return Git(self.top, git_dir=self.git_dir, work_tree=self.top)

    def resolve(self, revision: str) -> CommitId:
        """Return the commit that `revision` names now: a branch, a tag, an id, ``HEAD~2``.

        Raises:
            RepositoryRefusedError: the repository has no commit yet, or is a partial clone that
                lacks files of this one.
            RevisionUnknownError: it names no commit.
        """
        found = self._commit(revision)
        if found is not None:
            self._refuse_holes(found)
            return found
        if self._commit("HEAD") is None and not self.git.run("for-each-ref", "--count=1"):
            raise RepositoryRefusedError(
                f"{self.top}: the repository has no commits yet; make the first one"
            )
        raise RevisionUnknownError(f"{self.top}: {printable(revision)!r} names no commit")

    def has(self, commit: CommitId) -> bool:
        """Return whether `commit` is in the repository."""
        return self._commit(commit) is not None

    def has_changes(self) -> bool:
        """Return whether files that git tracks are not as committed; nothing is written.

        Of a checkout that git cannot look at it is not known, so there are none.
        """
        looked = replace(self.git, config=silenced(self.git))
        options = ("--porcelain", "--untracked-files=no", "--ignore-submodules=all")
        code, said = looked.ask("status", *options, answers=(0, 1, 128))
        return code == 0 and bool(said)

    def _refuse_holes(self, commit: CommitId) -> None:
        partial = r"^(extensions\.partialclone|remote\..*\.promisor)$"
        if self.git.ask("config", "--get-regexp", partial)[0] != 0:
            return
        listed = self.git.run("rev-list", "--objects", "--no-walk", "--missing=print", commit)
        if holes := sum(line.startswith(b"?") for line in listed.split(b"\n")):
            raise RepositoryRefusedError(
                f"{self.top}: a partial clone that lacks {holes} objects of {commit[:12]};"
                " get them with `git fetch --refetch --no-filter`, or check the commit out"
            )

    def _commit(self, revision: str) -> CommitId | None:
        if "\0" in revision:
            return None
        wanted = f"{revision}^{{commit}}"
        code, said = self.git.ask(
            *("rev-parse", "--verify", "-q", "--end-of-options", wanted),
            answers=(0, 1, 128),  # 128: an ambiguous name
        )
        return CommitId(said.decode().strip()) if code == 0 else None


def _refusal(git: Git, error: GitFailedError) -> RepositoryRefusedError:
    """Return why a folder is in no checkout."""
    where = printable(str(git.directory.absolute()))
    try:
        bare = git.line("rev-parse", "--is-bare-repository") == "true"
    except GitFailedError:
        why = "" if "not a git repository" in error.words else f" ({error.words})"
        return RepositoryRefusedError(f"{where}: no git repository{why}; name one with --repo DIR")
    if bare:
        return RepositoryRefusedError(
            f"{where}: a bare repository has no checkout to work on; clone it"
        )
    return RepositoryRefusedError(f"{where}: this is inside a .git folder; name the checkout")
