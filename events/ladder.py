"""Which model an attempt gets: the ticket's own, its archetype's, or the rung of the ladder."""

from events.run import Run
from events.settings import Archetype
from events.ticket import Ticket


def archetype_of(state: Run, ticket: Ticket) -> Archetype:
    """Return the kind of worker that the ticket asks for."""
    return state.facts.settings.archetypes.get(ticket.assigned_to, Archetype())


def model_for(state: Run, ticket: Ticket, number: int) -> str:
    """Return the model of the `number`-th attempt; one that a fork called off was on no rung."""
    fixed = ticket.model_override or archetype_of(state, ticket).model
    ladder = state.facts.settings.models.ladder
    number -= ticket.begun_anew
    return fixed or ladder[min(number, len(ladder)) - 1]
