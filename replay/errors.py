"""What the historian refuses.

    events.errors.TracksideError
    +-- ReplayError
        +-- MomentInvalidError          the text names neither a position nor a time
        +-- MomentUnknownError          the log does not reach there
        +-- NotInHistoryError           no such ticket, attempt, turn or tree at that moment

Damage is the store's own: see `store.errors.DamageError`.
"""

from events.errors import TracksideError


class ReplayError(TracksideError):
    """The past cannot be asked so."""


class MomentInvalidError(ReplayError):
    """A moment is written in a form that nobody knows."""

    def __init__(self, text: str) -> None:
        """Remember the text, and say which forms there are."""
        self.text = text
        super().__init__(
            f"{text!r} is no moment: give a position, as 17, or a time, as 2026-11-22T01:35:27Z"
        )


class MomentUnknownError(ReplayError):
    """The log has no record of that moment."""


class NotInHistoryError(ReplayError):
    """What was asked for is not there at that moment; ``str()`` says what is."""
