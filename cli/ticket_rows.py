"""Each ticket of a run as one row: its state, and what its last attempt is at."""

from cli.answers import Reason, TicketRow
from cli.blocks import because_of
from cli.run_view import RunView
from cli.standing import doing
from cli.summary import use_of
from events.attempt import Attempt
from events.attempt_due import AskApproval, due
from events.ids import attempt_id
from events.ticket import Ticket


def rows_of(view: RunView) -> tuple[TicketRow, ...]:
    """Return a row for each ticket, in file order."""
    chains = because_of(view)
    return tuple(_row(view, ticket, chains.get(ticket.id, ())) for ticket in view.world.run.plan)


def _row(view: RunView, ticket: Ticket, because: tuple[Reason, ...]) -> TicketRow:
    name = attempt_id(ticket.id, ticket.attempts)
    attempt, active = view.world.attempt(name), view.world.run.active.get(name)
    asked = "" if attempt.terms is None else attempt.terms.model
    return TicketRow(
        ticket=ticket.id,
        title=ticket.title,
        state=ticket.status,
        attempt=ticket.attempts,
        max_attempts=ticket.last_attempt,
        model=asked if active is None else active.model,
        turn=attempt.answers,
        doing="" if active is None or view.world.run.ending else _doing(view, attempt),
        commit=attempt.commit if ticket.status == "completed" else None,
        use=use_of(view.spending.of_ticket(ticket.id)),
        because=because,
    )


def _doing(view: RunView, attempt: Attempt) -> str:
    """Return what an attempt under way does or waits for."""
    match due(attempt):
        case AskApproval(gate=gate) if view.world.approval(gate.approval).answer is not None:
            return f"goes on, as {gate.approval} is answered"
        case _:
            return doing(attempt)
