"""How a command is confined: the one place that knows, and says honestly what it is worth."""

from typing import Literal

import msgspec

Level = Literal["none"]
"""How much the kernel keeps a command from. Stronger levels will stand beside it."""


class Sandbox(msgspec.Struct, frozen=True):
    """A way to run a shell command."""

    level: Level
    confines: bool
    """Whether a command's effects cannot leave the worktree."""
    description: str
    """What holds and what does not, for people."""

    def argv(self, command: str) -> tuple[str, ...]:
        """Return the program and its arguments that run the shell string `command`."""
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
