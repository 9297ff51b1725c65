"""How an attempt ends: with a result, a reason and the lesson for the next one."""

from events.attempt import (
    Attempt,
)
from events.attempt_events import (
    AttemptEnded,
)
from events.attempt_terms import Result
from events.lesson import LESSON_CHARS, clipped, lesson_of


def ended(state: Attempt, result: Result, reason: str) -> AttemptEnded:
    reason = clipped(reason, LESSON_CHARS)
    lesson = lesson_of(state.bound.number, reason, state.changed, state.hints)
    return AttemptEnded(result, reason, lesson)
