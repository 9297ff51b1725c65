"""What the rules refuse.

    TracksideError                      anything of ours that is not a bug
    +-- CommandRefusedError             the command makes no sense in this state
    +-- TrackInvalidError               the plan is wrong: all its problems, each with its place
    +-- PolicyInvalidError              the policy file is wrong, likewise
    +-- SettingsInvalidError            the configuration is wrong, likewise
    +-- documents.DocumentError         the bytes are no JSON or TOML at all

Rooms above add their own branches below `TracksideError`; whoever catches it can show one line.
"""

from collections.abc import Sequence


class TracksideError(Exception):
    """Something a person can act on. ``str()`` is one clear line: what, where, what to do."""


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
