"""What the page of a run is made of: tables of plain values, as the page reads them.

Positions count from 1, as in the log; every other number that names a row counts from 0.
"""

from typing import Any

import msgspec

Delta = tuple[Any, ...]
"""What one event changes, in the words of the page:

* ``("t", ticket, state)``, ``("a", attempt, activity)``, ``("r", standing)``
* ``("n", attempt)``: a new attempt, the next row of the table
* ``("u", attempt, tier, model, input, cached, output, thinking, usd)``: a model call was answered;
  `usd` is null if nobody knows the price
* ``("q", change)``: so many more questions wait for a person
* ``("f",)``: the run is forked here; what was used before is its parent's cost
"""

TextId = int
"""A row of the pool of texts."""


class TicketFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One ticket, as its author wrote it last."""

    id: str
    title: str
    description: TextId
    needs: tuple[int, ...]
    """Tickets that it depends on."""
    layer: int
    """1 more than the highest layer that it depends on."""
    row: int
    """Its place in the layer, chosen so that lines cross little."""
    bends: tuple[tuple[tuple[int, int], ...], ...]
    """For each of `needs` the layers and rows that the line to it goes through."""
    facts: tuple[tuple[str, str], ...]


class TurnFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One turn, as later prompts of its attempt repeat it."""

    text: TextId
    calls: tuple[tuple[str, str, TextId], ...]
    """Id, tool, arguments."""
    results: tuple[tuple[str, str, TextId, bool], ...]
    """Id, tool, what the model was told, and whether it was done."""
    note: str


class AttemptFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt, as the log left it."""

    id: str
    ticket: int
    number: int
    model: str
    begun: int
    """Position of its assignment."""
    system: TextId
    message: TextId
    tools: tuple[str, ...]
    turns: tuple[TurnFacts, ...]
    result: str
    reason: str


class Events(msgspec.Struct, frozen=True, kw_only=True):
    """All records, a column each; the row of position p is p - 1."""

    at: list[int]
    """Milliseconds since the first one."""
    x: list[int]
    """The same with long silences cut short: the axis that is drawn."""
    stream: list[int]
    type: list[int]
    words: list[str]
    cause: list[int]
    """Position of what led to it; 0 if nothing on record did."""
    ticket: list[int]
    """What it is about; -1 if it is about none."""
    attempt: list[int]
    details: list[TextId]
    """A JSON list of blocks, see `replay.reports.details`."""
    deltas: list[tuple[Delta, ...]]


class RunFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The run as a whole."""

    id: str
    track: str
    title: str
    goal: TextId
    standing: str
    began: str
    position: int
    sum: str
    """The digest of the log."""
    digest: str
    """Of the state at its end."""
    program: str
    """The version of trackside that wrote the report."""
    lineage: tuple[tuple[str, int], ...]
    """Of a fork: parent and position, the nearest last."""
    facts: tuple[tuple[str, str], ...]
    note: str
    """What could not be shown, or was wrong with the end of the log; empty if nothing."""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Everything but the texts."""

    run: RunFacts
    streams: tuple[str, ...]
    types: tuple[str, ...]
    states: tuple[str, ...]
    activities: tuple[str, ...]
    tickets: tuple[TicketFacts, ...]
    attempts: tuple[AttemptFacts, ...]
    events: Events
    notable: tuple[int, ...]
    """Positions that are worth a stop."""
    silences: tuple[tuple[int, int], ...]
    """Where the axis is cut short: the position after the silence, and its true length in ms."""
    chunks: tuple[int, ...]
    """How many texts each chunk of the pool holds."""
