"""The only code that changes the user's repository: one new ref, or one fast-forward.

Both ways hand over objects first, then move one ref by compare-and-swap, so that a crash between
leaves nothing but objects that nobody names, and doing it again is harmless.
"""

import shlex
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from events.ids import CommitId, RunId
from workspace.errors import DeliveryRefusedError, GitFailedError, RepositoryLostError
from workspace.git import Git, bytes_of, printable, silenced, text_of
from workspace.in_the_way import in_the_way
from workspace.tree import Repository
from workspace.user_repository import UserRepository

_UNDER_WAY = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_LOG", "rebase-apply")


def branch_of(run: RunId) -> str:
    """Return the name of the branch that a run delivers."""
    return f"trackside/{run}"


def deliver_branch(
    repository: Repository,
    commit: CommitId,
    base: CommitId,
    branch: str,
    expected_old: CommitId | None = None,
) -> None:
    """Make `branch` of the user's repository point to `commit`; nothing else there changes.

    Args:
        repository: The run's repository, which holds `commit`.
        commit: A descendant of `base`.
        base: The commit the run began with, which the user has.
        branch: Without ``refs/heads/``.
        expected_old: Where the branch was left by an earlier delivery; None if there was none.

    Raises:
        DeliveryRefusedError: the branch is somewhere else or checked out, its name is impossible,
            or `base` is gone.
    """
    user = repository.user
    ref = f"refs/heads/{branch}"
    found = _target(user, ref)
    if found == commit:
        return
    if found is None and expected_old is None:
        require_free(user, branch)
    elif found != expected_old:
        raise DeliveryRefusedError(_elsewhere(user, branch, found, expected_old))
    else:
        _refuse_checked_out(user, branch)
    _hand_over(repository, commit, base)
    old = expected_old or "0" * len(commit)
    try:
        user.git.run("update-ref", "--no-deref", "-m", "trackside: delivered", ref, commit, old)
    except GitFailedError as error:
        raise DeliveryRefusedError(
            f"branch {branch} of {user.top} could not be written: {error.words}"
        ) from error


def require_free(user: UserRepository, branch: str) -> None:
    """Check that the user's repository can have a new `branch` of this name.

    Raises:
        DeliveryRefusedError: it has one, if only to be (a checkout waits for its first commit),
            another one is in its way, or no branch is named so.
    """
    ref = f"refs/heads/{branch}"
    if user.git.ask("check-ref-format", ref)[0] != 0:
        raise DeliveryRefusedError(f"{printable(branch)!r} cannot be the name of a branch")
    near = f"refs/heads/{branch.partition('/')[0]}"
    listed = user.git.run("for-each-ref", "--format=%(objectname) %(refname)", near)
    for line in text_of(listed).splitlines():
        found, _, other = line.partition(" ")
        if other == ref:
            raise DeliveryRefusedError(_elsewhere(user, branch, CommitId(found), None))
        if ref.startswith(f"{other}/") or other.startswith(f"{ref}/"):
            name = other.removeprefix("refs/heads/")
            raise DeliveryRefusedError(
                f"branch {printable(name)} of {user.top} is in the way of {branch}; rename it"
                f" (git branch -m {shlex.quote(printable(name))} NEW)"
            )
    _refuse_checked_out(user, branch)


def deliver_apply(repository: Repository, commit: CommitId, base: CommitId) -> None:
    """Fast-forward the user's checkout, its index and its branch to `commit`.

    They may be at `base`, or at what the run has delivered since: any commit between both.
    Untracked files stay, ignored ones too; one that is in the way is a reason to refuse.

    Raises:
        DeliveryRefusedError: no branch is checked out, it has moved, the checkout has
            changes or a file in the way, an operation is under way, or a changed file goes
            through a filter.
    """
    user = repository.user
    _refuse_unless_on_branch(user)
    tip = user.resolve("HEAD")
    if tip == commit:
        return
    if tip != base and tip not in repository.git.line("rev-list", f"{base}..{commit}").split():
        raise DeliveryRefusedError(
            f"{user.top} has moved from {base[:12]} to {tip[:12]} since the run began; take the"
            " branch of the run and merge it yourself"
        )
    git = replace(user.git, config=silenced(user.git))
    _refuse_filtered(repository, git, commit, tip)
    _hand_over(repository, commit, tip)
    if _state_of(git, user, repository.path, tip, commit) == tip:
        git.ask("update-index", "-q", "--refresh", "--ignore-submodules")
        _switch(git, tip, commit)
    try:
        git.run("update-ref", "-m", "trackside: fast-forward", "HEAD", commit, tip)
    except GitFailedError as error:
        _switch(git, commit, tip)
        raise DeliveryRefusedError(
            f"the branch of {user.top} could not be moved: {error.words}"
        ) from error


def _target(user: UserRepository, ref: str) -> CommitId | None:
    _, said = user.git.ask("rev-parse", "--verify", "-q", "--end-of-options", ref)
    return CommitId(said.decode().strip()) or None


def _elsewhere(
    user: UserRepository, branch: str, found: CommitId | None, expected: CommitId | None
) -> str:
    if found is None:
        return f"branch {branch} of {user.top} was deleted; it was at {expected}"
    if expected is None:
        return f"branch {branch} of {user.top} exists already, at {found[:12]}; rename or delete it"
    return (
        f"branch {branch} of {user.top} was moved from {expected[:12]} to {found[:12]} by"
        " somebody else; rename it, then deliver again"
    )


def _refuse_checked_out(user: UserRepository, branch: str) -> None:
    """Refuse a branch that a checkout is on, this one or a linked one, also without a commit."""
    listed = text_of(user.git.run("worktree", "list", "--porcelain", "-z"))
    for checkout in listed.split("\0\0"):
        place, *facts = checkout.split("\0")
        if f"branch refs/heads/{branch}" in facts:
            holder = printable(place.removeprefix("worktree "))
            raise DeliveryRefusedError(
                f"branch {branch} is checked out in {holder}; switch to another there"
            )


def _hand_over(repository: Repository, commit: CommitId, base: CommitId) -> None:
    """Copy the objects from `base` to `commit` into the user's repository."""
    user = repository.user
    if not user.has(base):
        raise DeliveryRefusedError(f"{user.top}: the base commit {base[:12]} is not there any more")
    pack = repository.git.run(
        *("pack-objects", "--revs", "--stdout", "--quiet"),
        stdin=f"{commit}\n^{base}\n".encode(),
    )
    user.git.run("unpack-objects", "-q", stdin=pack)


def _refuse_unless_on_branch(user: UserRepository) -> None:
    if user.git.ask("symbolic-ref", "-q", "HEAD")[0] != 0:
        raise DeliveryRefusedError(
            f"{user.top}: no branch is checked out (detached HEAD); check one out"
        )
    for name in _UNDER_WAY:
        if (user.git_dir / name).exists():
            raise DeliveryRefusedError(f"{user.top}: {name} says that an operation is under way")


def _refuse_filtered(repository: Repository, git: Git, commit: CommitId, base: CommitId) -> None:
    """Refuse a file that the user's git would run a program for, since ours does not run it."""
    changed = bytes_of(repository.changed_paths(base, commit))
    fields = text_of(git.run("check-attr", "-z", "--stdin", "filter", stdin=changed)).split("\0")
    for path, value in zip(fields[:-1:3], fields[2::3], strict=True):
        if value not in ("unspecified", "unset"):
            raise DeliveryRefusedError(
                f"{printable(path)} goes through the filter {printable(value)!r}, which trackside"
                " does not run; take the branch of the run and merge it yourself"
            )


def _state_of(
    git: Git, user: UserRepository, scratch: Path, base: CommitId, commit: CommitId
) -> CommitId:
    """Return which of both the checkout holds, exactly, and refuse any other; nothing is changed.

    It may hold the new one while the branch is at the old one, if a delivery was cut short. The
    index is a copy, since even a look refreshes it.
    """
    with _folder_in(scratch) as folder:
        copy = replace(
            git, index=Path(folder, "index"), config=(*git.config, ("core.splitIndex", "false"))
        )
        index = user.git_dir / "index"
        if index.exists():
            shutil.copy(index, folder)
        copy.ask("update-index", "-q", "--refresh", "--ignore-submodules")
        for held in (base, commit):
            if copy.ask("diff-index", "--cached", "--quiet", held, "--")[0] == 0:
                break
        else:
            raise DeliveryRefusedError(_dirty(user, "staged changes"))
        if copy.ask("diff-files", "--quiet", "--ignore-submodules=all")[0] != 0:
            raise DeliveryRefusedError(_dirty(user, "changes that are not committed"))
        if held == base and (place := in_the_way(user, base, commit)):
            raise DeliveryRefusedError(
                f"{user.top} cannot be fast-forwarded: {printable(place)} is in the way, and git"
                " does not track it; move it away, then merge the branch of the run yourself"
            )
        _switch(copy, held, commit, "--dry-run")
    return held


@contextmanager
def _folder_in(repository: Path) -> Iterator[str]:
    """Give a folder of our own in the run's repository, which is gone afterwards."""
    try:
        made = tempfile.TemporaryDirectory(prefix="index-", dir=repository)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RepositoryLostError(repository) from error
    with made as folder:
        yield folder


def _dirty(user: UserRepository, what: str) -> str:
    return f"{user.top} has {what}; commit or stash them, or take the branch of the run"


def _switch(git: Git, old: CommitId, new: CommitId, *options: str) -> None:
    try:
        git.run("read-tree", *options, "-m", "-u", old, new)
    except GitFailedError as error:
        raise DeliveryRefusedError(
            f"{git.directory} cannot be fast-forwarded: {error.words}"
        ) from error
