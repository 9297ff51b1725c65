"""What goes wrong at the code tree.

TracksideError
+-- WorkspaceError                  anything of this room
    +-- GitUnusableError            git is not installed, or too old
    +-- GitFailedError              a git command said no; its own words are kept
    |   +-- GitTimeoutError         ... or did not come back
    |   +-- GitDamageError          ... as an object that it needs is damaged or gone
    +-- GitDiskError                git could not write: the disk is full, failing or read-only
    +-- RepositoryRefusedError      this folder cannot be a run's repository, and why
    +-- RepositoryMissingError      a run's own repository, with all its trees, is gone
    +-- RepositoryLostError         a repository that is worked with has gone away meanwhile
    +-- RevisionUnknownError        no such commit in the user's repository
    +-- TreeMissingError            a recorded tree or commit is in no object store
    +-- ObjectDamagedError          ... or is there, and its bytes are not what they were
    +-- WorktreeBusyError           another process works in the worktree
    +-- SandboxUnavailableError     a level of the sandbox cannot be had, and what to install
    +-- SandboxPathError            a path of the sandbox's settings cannot be used
    +-- DeliveryRefusedError        the user's repository is not as the delivery needs it
"""

from events.errors import TracksideError, fault_of
from events.secret_patterns import without_secrets


class WorkspaceError(TracksideError):
    """Something about the code tree that a person can act on."""


class GitUnusableError(WorkspaceError):
    """There is no git that can do the work."""

    fault = "refused"


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


class GitDamageError(GitFailedError):
    """What git was to read is not what was written, or is gone."""

    fault = "damaged"


class GitDiskError(WorkspaceError):
    """The disk did not let git do its work; the same may succeed once it is mended."""

    fault = "disk"

    def __init__(self, command: str, words: str) -> None:
        """Keep the git subcommand, and what it said (one line, printable)."""
        self.command = command
        self.words = words
        super().__init__(f"git {command} cannot write: {words}; mend that, then resume")


class RepositoryRefusedError(WorkspaceError):
    """A folder cannot serve as the user's repository."""


class RepositoryMissingError(WorkspaceError):
    """The repository of a run, with every tree that it made, is not there any more."""

    fault = "damaged"

    def __init__(self, place: str) -> None:
        """Say where it should be."""
        self.place = place
        super().__init__(
            f"{place}: the run has no git repository, so its trees are lost; put that folder back, "
            "or start the track again"
        )


class RepositoryLostError(WorkspaceError):
    """A repository, or a part of it, has been taken away from a process that works with it."""

    fault = "damaged"

    def __init__(self, place: object) -> None:
        """Say where it was."""
        self.place = place
        super().__init__(
            f"{place}: this git repository, or a part of it, has been deleted or moved away; put "
            "it back, then resume"
        )


class RevisionUnknownError(WorkspaceError):
    """A revision names no commit."""


class TreeMissingError(WorkspaceError):
    """A tree or commit is not in the run's repository nor in the user's objects."""

    fault = "damaged"

    def __init__(self, tree: str, place: str) -> None:
        """Keep the id, and say where it was looked for."""
        self.tree = tree
        super().__init__(
            f"{place}: object {tree} is missing; the run's git folder or the repository's objects"
            " were pruned or damaged"
        )


class ObjectDamagedError(WorkspaceError):
    """An object of git is there, but it is not what its id says."""

    fault = "damaged"

    def __init__(self, name: str, place: str) -> None:
        """Keep the id, and say where it is."""
        self.name = name
        super().__init__(f"{place}: object {name} is damaged")


class WorktreeBusyError(WorkspaceError):
    """A worktree is held by a process that does not let go."""

    fault = "held"


class DeliveryRefusedError(WorkspaceError):
    """Nothing was delivered, and the user's repository is as it was."""


class SandboxUnavailableError(WorkspaceError):
    """Commands cannot be confined in this way on this machine."""

    def __init__(self, level: str, reason: str) -> None:
        """Name the level, and say what is missing."""
        self.level = level
        super().__init__(f"sandbox {level}: {reason}")


class SandboxPathError(WorkspaceError):
    """The settings give commands a path that cannot be given."""

    def __init__(self, key: str, path: str, reason: str) -> None:
        """Name the key of the section ``sandbox``, its path, and what is wrong with it."""
        self.path = path
        super().__init__(f"sandbox.{key}: {_shown(path)} {reason}")


class ToolError(WorkspaceError):
    """A tool call cannot be done as asked; nothing was changed. The model reads ``str()`` of it."""


class PathRefusedError(ToolError):
    """A path breaks a rule; it was not touched."""

    def __init__(self, path: str, reason: str) -> None:
        """Name the path, escaped and shortened, and the rule that it breaks."""
        self.path = path
        super().__init__(f"path {_shown(path)} is refused: {reason}")


class FileRefusedError(ToolError):
    """What is at a path is not what the tool needs."""

    def __init__(self, path: str, reason: str) -> None:
        """Name the path, and say what is there instead."""
        self.path = path
        super().__init__(f"{_shown(path)} {reason}")


class EditRefusedError(ToolError):
    """A text does not fit the file as it is now."""

    def __init__(self, path: str, reason: str) -> None:
        """Name the file, and say what does not fit."""
        self.path = path
        super().__init__(f"{_shown(path)}: {reason}")


class SecretRefusedError(ToolError):
    """A placeholder of a secret cannot be put back; nothing was written."""

    def __init__(self, where: str, placeholder: str, meanings: int) -> None:
        """Name the file or the argument, the placeholder, and how many things it stands for."""
        self.placeholder = placeholder
        held = "no secret that is there" if meanings == 0 else f"{meanings} different texts there"
        super().__init__(
            f"{_shown(where)}: {placeholder} stands for {held}, and a secret is never written; "
            "leave its line as it is and use replace_text elsewhere, or have the code read the "
            "secret from the environment"
        )


class CommandNotStartedError(WorkspaceError):
    """The system could not start a command; nothing of it ran."""

    def __init__(self, command: str, cause: Exception) -> None:
        """Name the command, and give the system's reason."""
        self.command = command
        if not isinstance(cause, PermissionError):  # which a command itself may have brought about
            self.fault = fault_of(cause)
        super().__init__(f"command {_shown(command)} could not be started: {cause}")


class RunnerClosedError(WorkspaceError):
    """Commands are no longer taken, because the program is ending."""


class WorktreeUnusableError(WorkspaceError):
    """The disk is full, failing or read-only, or the system is out of a resource."""

    fault = "disk"

    def __init__(self, root: object, cause: OSError) -> None:
        """Name the worktree, and give the system's reason."""
        self.root = root
        super().__init__(f"the worktree {root} cannot be used: {cause}; mend it, then resume")


class WorktreeLostError(WorkspaceError):
    """Somebody has deleted the folder in which an attempt works, or what is kept beside it."""

    fault = "disk"

    def __init__(self, root: object) -> None:
        """Name the worktree."""
        self.root = root
        super().__init__(
            f"the worktree {root} was deleted, or the index beside it; resume makes it again, with "
            "all that is on record"
        )


def _shown(text: str) -> str:
    limit = 120
    text = without_secrets(text)
    if len(text) <= limit:
        return repr(text)
    return f"{text[:limit]!r}... ({len(text)} characters)"
