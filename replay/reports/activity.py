"""What an attempt is at, in one word: what the bars of the timeline are cut into."""

from events.attempt import Attempt, owes_setup
from events.ticket import TicketState

ACTIVITIES = (
    "over", "context", "setup", "model", "tool", "check", "qa", "waits", "queue", "merge",
    "between",
)  # fmt: skip
"""``waits`` is for a person, ``queue`` for the turn to be merged, ``between`` for trackside."""

_OF_STAGE = {
    "new": "context",
    "opening": "context",
    "turns": "between",
    "checking": "check",
    "submitted": "queue",
    "merging": "merge",
    "merge_checking": "check",
    "committing": "merge",
    "over": "over",
}


def activity_of(attempt: Attempt, ticket: TicketState) -> str:
    """Return what an attempt is at; `ticket` is how its ticket stands."""
    if attempt.stage == "over":
        return "over"
    if attempt.gate is not None or ticket == "step_paused":
        return "waits"
    if attempt.failure is not None:
        return "qa"
    if attempt.terms is not None and owes_setup(attempt):
        return "setup"
    if attempt.stage == "turns" and attempt.running is not None:
        return "tool"
    if attempt.stage == "turns" and attempt.call is not None:
        return "model"
    return _OF_STAGE[attempt.stage]
