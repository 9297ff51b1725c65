"""What the rules refuse, and what of any error is the fault of the world around the program.

    TracksideError                      anything of ours that is not a bug
    +-- CommandRefusedError             the command makes no sense in this state
    +-- TrackInvalidError               the plan is wrong: all its problems, each with its place
    +-- PolicyInvalidError              the policy file is wrong, likewise
    +-- SettingsInvalidError            the configuration is wrong, likewise
    +-- documents.DocumentError         the bytes are no JSON or TOML at all

Rooms above add their own branches below `TracksideError`; whoever catches it can show one line.
"""

import errno
from collections.abc import Sequence
from typing import Literal

Fault = Literal["held", "damaged", "disk", "refused"]
"""Another process is in the way; what is kept is not what was written; a disk or a folder refuses;
something that the program needs is not there or not as it must be."""

REFUSED_BY_SYSTEM = frozenset(
    {
        errno.EACCES,
        errno.EDQUOT,
        errno.EFBIG,
        errno.EIO,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOSPC,
        errno.EPERM,
        errno.EROFS,
    }
)
"""What the system can refuse without anybody's code being wrong."""


class TracksideError(Exception):
    """Something a person can act on. ``str()`` is one clear line: what, where, what to do."""

    fault: Fault | None = None
    """What of the world around is wrong, so that trying again is of no use before a person has
    mended it. None: nothing is, or nobody knows."""


class CommandRefusedError(TracksideError):
    """A command met a state that has no answer to it; nothing was recorded."""

    def __init__(self, command: object, reason: str) -> None:
        """Remember the command and say why it is refused."""
        self.command = command
        self.reason = reason
        name = command if isinstance(command, str) else type(command).__name__
        super().__init__(f"{name} is refused: {reason}")


class ProblemsError(TracksideError):
    """Several problems of one input, all found in one pass."""

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        """Keep every problem, in the order of the input."""
        self.source = source
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{source}: {problem}" for problem in self.problems))


class TrackInvalidError(ProblemsError):
    """The track file cannot be run as it stands."""


class PolicyInvalidError(ProblemsError):
    """The policy file cannot be used as it stands."""


class SettingsInvalidError(ProblemsError):
    """A configuration file cannot be used as it stands."""


def fault_of(error: BaseException) -> Fault | None:
    """Return what of the world around has caused `error`; None: it is for the program to answer.

    >>> fault_of(OSError(errno.ENOSPC, "No space left on device"))
    'disk'
    """
    match error:
        case TracksideError():
            return error.fault
        case OSError(errno=number) if number in REFUSED_BY_SYSTEM:
            return "disk"
        case _:
            return None
