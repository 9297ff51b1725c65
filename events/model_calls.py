"""How an attempt calls its model: within its limits, and again after a failure."""

from events.attempt import (
    HOLDING,
    RATE_LIMIT,
    Attempt,
    falls_back,
)
from events.attempt_commands import (
    BeginCall,
    RecordCallFailure,
)
from events.attempt_endings import ended
from events.attempt_events import (
    AttemptEnded,
    AttemptEvent,
    CallBegun,
    CallFailed,
)

FIRST_DELAY_S, LONGEST_DELAY_S, MOST_DOUBLINGS = 1.0, 60.0, 20
"""Between two tries of a model call, doubling, unless the server names a delay."""
LEAST_DELAY_S = 0.001
"""Also doubling: a server that names a delay of nothing is not asked without end."""


def begin_call(command: BeginCall, state: Attempt) -> CallBegun | AttemptEnded:
    limits = state.bound.limits
    if state.answers >= limits.turns:
        return ended(state, "failed", f"the limit of {limits.turns} turns is reached")
    if command.elapsed_s > limits.wall_s:
        return ended(state, "failed", f"the limit of {limits.wall_s:g} s is reached")
    return CallBegun(
        state.answers + 1, state.model_calls + 1, command.prompt, command.estimate, state.model
    )


def call_failure(command: RecordCallFailure, state: Attempt) -> list[AttemptEvent]:
    limits, tries = state.bound.limits, state.tries + 1
    if command.kind in HOLDING:
        return [_failed(command, holds=not falls_back(state, command.kind))]
    if command.kind == RATE_LIMIT:
        delay_s = _delay_s(command, state.too_soon)
        holds = state.rate_waited_s + delay_s > limits.rate_wait_s
        return [_failed(command, 0.0 if holds else delay_s, holds=holds)]
    if not command.retryable:
        return [_failed(command), ended(state, "failed", command.message)]
    if (command.retry_after_s or 0.0) > limits.rate_wait_s:
        return [_failed(command, holds=True)]
    if tries >= limits.model_tries:
        reason = f"{tries} tries of one model call failed, the last with: {command.message}"
        return [_failed(command), ended(state, "failed", reason)]
    return [_failed(command, _delay_s(command, state.tries))]


def _delay_s(command: RecordCallFailure, before: int) -> float:
    """Return how long to wait after a failure, `before` others like it having come before it."""
    first = FIRST_DELAY_S if command.retry_after_s is None else LEAST_DELAY_S
    ours = min(first * 2.0 ** min(before, MOST_DOUBLINGS), LONGEST_DELAY_S)
    return max(ours, command.retry_after_s or 0.0)


def _failed(command: RecordCallFailure, delay_s: float = 0.0, *, holds: bool = False) -> CallFailed:
    return CallFailed(command.kind, command.message, delay_s, command.usage, command.usd, holds)
