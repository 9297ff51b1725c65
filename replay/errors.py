"""What the historian refuses.

    events.errors.TracksideError
    +-- ReplayError
        +-- MomentInvalidError          the text names neither a position nor a time
        +-- MomentUnknownError          the log does not reach there
        +-- DecisionSplitError          a decision is one thing: before it or after it, not within
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


class DecisionSplitError(ReplayError):
    """A run cannot be left in the middle of a decision."""

    def __init__(self, position: int, before: int, after: int) -> None:
        """Name the positions on both sides of the decision."""
        self.before = before
        self.after = after
        super().__init__(
            f"position {position} is in the middle of a decision, which counts as a whole; "
            f"take {before}, before it, or {after}, after it"
        )


class NotInHistoryError(ReplayError):
    """What was asked for is not there at that moment; ``str()`` says what is."""
