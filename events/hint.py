"""One hint: a failure is put to QA, and what comes back is at most 20 words."""

from collections.abc import Sequence
from typing import Literal, assert_never

import msgspec

from events.action import Outcome
from events.base import Command, Event
from events.conversation import Usage
from events.decider import Decider
from events.errors import CommandRefusedError
from events.ids import AttemptId, CallId
from events.payload import Text

MAX_WORDS = 20
"""product.md, section 1: a hint has at most 20 words."""
MAX_CHARS = 400
"""A line of output can be one endless word."""

Source = Literal["model", "extract", "person"]
"""Who wrote a hint: the QA model, the rules that stand in for it, or a person, in a fork."""


class Failure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong, for QA to read."""

    attempt: AttemptId
    call: CallId
    """The tool call, or ``check1``, ``setup``, ``merge_check``."""
    outcome: Outcome
    number: int = 1
    """1, 2, ... over the failures of the attempt."""


class AskHint(Command, frozen=True, tag="hint.ask"):
    """Put a failure to QA."""

    failure: Failure


class RecordHint(Command, frozen=True, tag="hint.record"):
    """Take down what QA said."""

    words: str
    source: Source
    model: str = ""
    """Who was asked, if anybody, also if nothing came of it."""
    usage: Usage = Usage()
    prompt: Text = ""
    problem: str = ""
    """Why the rules had to stand in for the model, or its first words were cut, if so."""
    calls: int = 0
    """Answers of the model; a hint that is too long is asked for once more."""
    failed: int = 0
    """Calls of it that came to nothing."""
    usd: float | None = None
    """What all of them cost by the prices of the day; None: nobody knows."""
    reply: Text = ""
    """The last answer of the model, whole; empty if there was none."""
    root: str = ""
    """The folder of the worktree, if the output names it: QA reads it without."""


HintCommand = AskHint | RecordHint


class HintAsked(Event, frozen=True, tag="hint.asked"):
    """QA has the failure before it."""

    failure: Failure


class HintGiven(Event, frozen=True, tag="hint.given"):
    """QA has answered."""

    words: str
    source: Source
    model: str = ""
    usage: Usage = Usage()
    prompt: Text = ""
    """What the model was asked last, whole; empty if it was not."""
    problem: str = ""
    calls: int = 0
    failed: int = 0
    usd: float | None = None
    reply: Text = ""
    """What it answered last, whole; empty if it did not, and in logs of before this was kept."""
    root: str = ""
    """The folder that QA read the output without; empty as well in logs of before it was kept."""


HintEvent = HintAsked | HintGiven


class Hint(msgspec.Struct, frozen=True, omit_defaults=True):
    """A failure and its hint."""

    failure: Failure | None = None
    given: HintGiven | None = None


def cut(words: str) -> str:
    r"""Return the first `MAX_WORDS` words on one line, `MAX_CHARS` characters at most.

    >>> cut("one  two\nthree")
    'one two three'
    """
    return " ".join(words.split()[:MAX_WORDS])[:MAX_CHARS].rstrip()


def decide(command: HintCommand, state: Hint) -> Sequence[HintEvent]:
    """Return what happens when `command` meets `state`.

    Raises:
        CommandRefusedError: the failure was put before, or never, or its hint is given.
    """
    match command:
        case AskHint(failure=failure) if state.failure is None:
            return [HintAsked(failure)]
        case RecordHint() if state.failure is not None and state.given is None:
            return [
                HintGiven(
                    cut(command.words),
                    command.source,
                    command.model,
                    command.usage,
                    command.prompt,
                    command.problem,
                    command.calls,
                    command.failed,
                    command.usd,
                    command.reply,
                    command.root,
                )
            ]
        case AskHint() | RecordHint():
            standing = "it was never asked" if state.failure is None else "it is settled"
            raise CommandRefusedError(command, standing)
        case _:
            assert_never(command)


def evolve(state: Hint, event: HintEvent) -> Hint:
    """Return the hint after `event`."""
    match event:
        case HintAsked(failure=failure):
            return Hint(failure)
        case HintGiven():
            return msgspec.structs.replace(state, given=event)
        case _:
            assert_never(event)


DECIDER: Decider[Hint, HintCommand, HintEvent] = Decider(Hint(), decide, evolve, HintCommand)
