"""Why tickets are blocked: for each the chain of causes, down to the ticket where it began."""

from collections.abc import Iterator

from cli.answers import Reason
from cli.run_view import RunView
from events.ids import TicketId
from events.ticket import Ticket
from events.track import Track

MOST_LINKS = 6
"""Of a longer chain the middle is left out, else a chain of n tickets would take n² lines."""


def because_of(view: RunView) -> dict[TicketId, tuple[Reason, ...]]:
    """Return the chain of every blocked ticket, itself first, the first cause last."""
    plan = view.world.run.plan
    blocked = [ticket for ticket in plan if ticket.status == "blocked"]
    first = _first_causes(plan, blocked)
    return {
        ticket.id: tuple(_reason(view, link) for link in _links(plan, ticket, first[ticket.id]))
        for ticket in blocked
    }


def chain_words(chain: tuple[Reason, ...]) -> str:
    """Return a chain in one line, unescaped.

    >>> failed = Reason(ticket="T1", cause="gave_up", reason="no way")
    >>> chain_words((Reason(ticket="T2", cause="dependency", reason="", by="T1"), failed))
    'needs T1; T1 gave up: no way'
    """
    return "; ".join(
        (f"{link.ticket} " if number else "") + _words(link) for number, link in enumerate(chain)
    )


def _words(link: Reason) -> str:
    if link.by is not None:
        return f"needs {link.by}"
    cause = link.cause.replace("_", " ")
    return f"{cause}: {link.reason}" if link.reason else cause


def _first_causes(plan: Track, blocked: list[Ticket]) -> dict[TicketId, TicketId]:
    """Return the ticket where each block began, in time linear in their number."""
    first: dict[TicketId, TicketId] = {}
    for ticket in blocked:
        path = [ticket.id]
        while path[-1] not in first and (by := _blocker(plan[path[-1]])) is not None:
            path.append(by)
        root = first.get(path[-1], path[-1])
        first.update(dict.fromkeys(path, root))
    return first


def _links(plan: Track, ticket: Ticket, root: TicketId) -> Iterator[Ticket]:
    link = ticket
    for _ in range(MOST_LINKS - 1):
        yield link
        by = _blocker(link)
        if by is None:
            return
        link = plan[by]
    yield plan[root]


def _blocker(ticket: Ticket) -> TicketId | None:
    return None if ticket.block is None else ticket.block.by


def _reason(view: RunView, ticket: Ticket) -> Reason:
    block = ticket.block
    assert block is not None, "a chain goes over blocked tickets only"
    return Reason(ticket=ticket.id, cause=block.cause, reason=view.text(block.reason), by=block.by)
