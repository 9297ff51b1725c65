"""What goes wrong at the code tree.

    TracksideError
    +-- WorkspaceError                  anything of this room
        +-- GitUnusableError            git is not installed, or too old
        +-- GitFailedError              a git command said no; its own words are kept
        |   +-- GitTimeoutError         ... or did not come back
        +-- RepositoryRefusedError      this folder cannot be a run's repository, and why
        +-- RevisionUnknownError        no such commit in the user's repository
        +-- TreeMissingError            a recorded tree is not (or no longer) in the run's repository
        +-- WorktreeBusyError           another process works in the worktree
        +-- DeliveryRefusedError        the user's repository is not as the delivery needs it
"""

from events.errors import TracksideError


class WorkspaceError(TracksideError):
    """Something about the code tree that a person can act on."""


class GitUnusableError(WorkspaceError):
    """There is no git that can do the work."""


class GitFailedError(WorkspaceError):
    """A git command ended in another way than its caller can answer."""

    def __init__(self, command: str, exit_code: int, words: str) -> None:
        """Keep the git subcommand, its exit code, and what it said (one line, printable)."""
        self.command = command
        self.exit_code = exit_code
        self.words = words
        super().__init__(f"git {command} failed (exit {exit_code}): {words or 'it said nothing'}")


class GitTimeoutError(GitFailedError):
    """A git command was ended because it took too long."""

    def __init__(self, command: str, timeout_s: float) -> None:
        """Say how long it was waited for."""
        super().__init__(command, -9, f"no answer within {timeout_s:g} s")


class RepositoryRefusedError(WorkspaceError):
    """A folder cannot serve as the user's repository."""


class RevisionUnknownError(WorkspaceError):
    """A revision names no commit."""


class TreeMissingError(WorkspaceError):
    """A tree or commit is not in the run's repository nor in the user's objects."""

    def __init__(self, tree: str, place: str) -> None:
        """Keep the id, and say where it was looked for."""
        self.tree = tree
        super().__init__(
            f"{place}: object {tree} is missing; the run's git folder or the repository's objects"
            " were pruned or damaged"
        )


class WorktreeBusyError(WorkspaceError):
    """A worktree is held by a process that does not let go."""


class DeliveryRefusedError(WorkspaceError):
    """Nothing was delivered, and the user's repository is as it was."""
