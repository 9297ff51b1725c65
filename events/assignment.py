"""Which tickets start next, on which model, and what binds their attempts."""

from events.action import Action
from events.attempt_terms import Terms
from events.ids import attempt_id
from events.ladder import archetype_of, model_for
from events.policy import judge
from events.run import Active, Run
from events.run_events import (
    RunEvent,
    TicketAssigned,
)
from events.ticket import Ticket


def assign(state: Run) -> list[RunEvent]:
    """Return an assignment for each free worker; a spawn that waits for a person takes none."""
    events: list[RunEvent] = []
    free = state.free_workers
    for ticket in state.plan.in_line():
        if not free:
            break
        assigned = _assignment(state, ticket)
        events.append(assigned)
        free -= not assigned.gated
    return events


def _assignment(state: Run, ticket: Ticket) -> TicketAssigned:
    number = ticket.attempts + 1
    spawn = judge(
        state.facts.policy,
        Action(kind="spawn"),
        ticket=ticket.id,
        archetype=ticket.assigned_to,
        step=ticket.step_mode or archetype_of(state, ticket).trust == "step",
        amendments=state.amendments.get(ticket.id, ()),
    )
    return TicketAssigned(
        ticket.id,
        attempt_id(ticket.id, number),
        number,
        model_for(state, ticket, number),
        state.commit,
        state.tree,
        gated=spawn.verdict == "ask",
    )


def terms_of(state: Run, active: Active) -> Terms:
    """Return what binds an attempt, from the run as it was when the attempt was assigned."""
    facts, ticket = state.facts, state.plan[active.ticket]
    return Terms(
        attempt=active.attempt,
        number=active.number,
        ticket=ticket,
        model=active.model,
        base=active.base,
        base_tree=active.base_tree,
        title=facts.track.title,
        goal=facts.track.description,
        setup=facts.track.setup or "",
        check=ticket.check or facts.track.check or "",
        lesson=ticket.lesson,
        limits=facts.settings.limits,
        raw_max_tokens=facts.settings.context.raw_max_tokens,
        max_output_tokens=facts.settings.models.max_output_tokens,
        policy=facts.policy,
        amendments=state.amendments.get(ticket.id, ()),
        archetype=archetype_of(state, ticket),
        fallback=facts.settings.models.fallback or "",
        budgeted=state.ledger.limits.limits_anything,
    )
