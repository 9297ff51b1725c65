"""The code as it was: which tree belongs to a moment of a run, or to a ticket at that moment."""

import msgspec

from events.ids import Digest, RunId, TicketId, TreeId, attempt_id
from events.world import World
from replay.errors import NotInHistoryError
from replay.show import planned, require_ticket


class CheckedOut(msgspec.Struct, frozen=True, kw_only=True):
    """What `checkout` answers: the folder holds exactly that tree."""

    code: str = "checked_out"
    position: int
    digest: Digest
    """Of the state at that position."""
    run: RunId
    ticket: TicketId | None
    """Whose worktree it is; null: the run's tip."""
    tree: TreeId
    directory: str


def tree_at(world: World, ticket: TicketId | None = None) -> TreeId:
    """Return the tree of the run's tip, or of the worktree of the last attempt at `ticket`.

    Raises:
        NotInHistoryError: the run was not planned yet, has no such ticket, or nobody had begun
            to work on it.
    """
    run = planned(world)
    if ticket is None:
        return run.tree
    last = attempt_id(ticket, require_ticket(run, ticket).attempts)
    tree = world.attempt(last).tree
    if not tree:
        raise NotInHistoryError(
            f'at position {world.position} nobody had begun to work on ticket "{ticket}"'
        )
    return tree
