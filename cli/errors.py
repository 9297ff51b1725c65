"""What the door refuses.

    events.errors.TracksideError
    +-- InputUnreadableError            a file that was named cannot be read

Wrong contents of a file are the rules' own errors: see `events.errors`.
"""

from events.errors import TracksideError


class InputUnreadableError(TracksideError):
    """A file that a person named is missing, is no file, is too large, or may not be read."""

    def __init__(self, path: str, reason: str) -> None:
        """Remember which file and say why."""
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}")
