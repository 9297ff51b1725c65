"""What an attempt is told before it starts: the ticket, its goal, and what went before."""

from collections.abc import Sequence

import msgspec

from events.attempt_terms import Terms
from events.ids import AttemptId
from events.payload import ReadText
from events.ticket import Ticket


class Brief(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that a worker's context is made of, but for the files. Equal briefs, equal contexts.

    Of the ticket only what its author wrote is told: id, description, target and context files.
    """

    attempt: AttemptId
    number: int
    """1, 2, ... within the ticket."""
    ticket: Ticket
    model: str
    title: str = ""
    """The title of the track."""
    goal: str = ""
    """The description of the track: what all its tickets are for."""
    check: str = ""
    """The command that must exit 0 before the ticket counts as completed; empty if none."""
    archetype_prompt: str = ""
    """Added to the system prompt."""
    lesson: str = ""
    """What the attempt before handed on; empty for the first."""
    tools: tuple[str, ...] = ()
    """Names of the tools that the worker may call."""


def brief_of(terms: Terms, tools: Sequence[str], read: ReadText) -> Brief:
    """Return what the worker of an attempt is told, from the terms that bind it.

    Args:
        terms: of the attempt.
        tools: names of the tools that it may call, in the order in which models are told of them.
        read: resolves the texts that are kept beside the log.
    """
    return Brief(
        attempt=terms.attempt,
        number=terms.number,
        ticket=terms.ticket,
        model=terms.model,
        title=terms.title,
        goal=read(terms.goal),
        check=terms.check,
        archetype_prompt=terms.archetype.prompt,
        lesson=read(terms.lesson),
        tools=tuple(tools),
    )
