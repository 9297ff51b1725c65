"""How a command is confined: the one place that knows, and says honestly what it is worth."""

from pathlib import Path
from typing import Literal

import msgspec

Level = Literal["bwrap", "landlock", "none"]
"""How much the kernel keeps a command from, the strongest first. See docs/sandbox.md."""

PROCESSES = 2048
"""How many a confined command may have at once, threads included. Root is not held to it."""
OPEN_FILES = 8192
"""... each of its processes may have open."""
FILE_BYTES = 4 * 1024**3
"""How large a file it may make."""


class Sandbox(msgspec.Struct, frozen=True):
    """A way to run a shell command. This one confines nothing; `bubblewrap` and `landlock` do."""

    level: Level
    confines: bool
    """Whether a command's effects cannot leave the worktree."""
    description: str
    """What holds and what does not, for people."""
    wraps: bool = False
    """Whether the first process of `argv` is not the command but holds its sandbox.

    It ends by itself after the command, and all of the command ends with it.
    """
    not_stronger: str = ""
    """Why there is no stronger level, where the strongest was asked for."""

    @property
    def profile(self) -> str:
        """All that decides what a command may do, for digests: an approval is bound to it."""
        return self.level

    def argv(self, command: str, worktree: Path, home: Path) -> tuple[str, ...]:
        """Return the program and its arguments that run the shell string `command`.

        Args:
            command: For ``/bin/sh -c``.
            worktree: Where it works, absolute. It must exist.
            home: The command's own home folder, absolute. It must exist.
        """
        del worktree, home
        return ("/bin/sh", "-c", command)


NO_SANDBOX = Sandbox(
    level="none",
    confines=False,
    description=(
        "Commands run with all your rights: they can read and change any file of yours and use the"
        " network. They get a clean environment, a home folder of their own and a time limit, and"
        " every process that they start is ended with them."
    ),
)
"""Nothing is confined. Used only where a person allows each command, or asked for it by name."""
