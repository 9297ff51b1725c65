"""One ticket of a track: what it asks for, and the table of its life."""

from typing import Annotated, Literal

import msgspec

from events.errors import CommandRefusedError
from events.ids import ApprovalId, TicketId
from events.payload import Text

TicketState = Literal[
    "locked", "pending", "step_paused", "in_progress", "completed", "blocked", "skipped"
]
Priority = Literal["high", "medium", "low"]
Cause = Literal["dependency", "rejected", "failed", "gave_up", "stuck", "budget", "manual"]
"""Why a ticket is blocked."""

Move = Literal[
    "unlock",
    "assign",
    "park",
    "unpark",
    "complete",
    "requeue",
    "block",
    "skip",
    "release",
    "relock",
]

DONE: frozenset[TicketState] = frozenset({"completed", "skipped"})
"""States that satisfy a dependent."""
OPEN: frozenset[TicketState] = frozenset({"locked", "pending", "step_paused", "in_progress"})
"""States from which a ticket still moves by itself or by an answer."""

TRANSITIONS: dict[tuple[TicketState, Move], TicketState] = {
    ("locked", "unlock"): "pending",
    ("locked", "block"): "blocked",
    ("locked", "skip"): "skipped",
    ("pending", "assign"): "in_progress",
    ("pending", "park"): "step_paused",
    ("pending", "block"): "blocked",
    ("pending", "skip"): "skipped",
    ("step_paused", "unpark"): "in_progress",
    ("step_paused", "requeue"): "pending",
    ("step_paused", "block"): "blocked",
    ("step_paused", "skip"): "skipped",
    ("in_progress", "park"): "step_paused",
    ("in_progress", "complete"): "completed",
    ("in_progress", "requeue"): "pending",
    ("in_progress", "block"): "blocked",
    ("in_progress", "skip"): "skipped",
    ("blocked", "release"): "pending",
    ("blocked", "relock"): "locked",
}
"""Every legal transition."""


class ContextFile(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A file that the worker should know, and in which view."""

    path: str
    view: Literal["raw", "curated", "skeleton", "outline"] | None = None
    """None: curated for the first entry of a ticket, skeleton for the others."""


class Block(msgspec.Struct, gc=False, frozen=True, omit_defaults=True):
    """Why a ticket stands still."""

    cause: Cause
    reason: Text = ""
    by: TicketId | None = None
    """The ticket at whose block this one waits, if the cause is a dependency."""


class Ticket(msgspec.Struct, gc=False, frozen=True, kw_only=True, omit_defaults=True):
    """One piece of work for one worker, and where it is in its life."""

    id: TicketId
    description: str
    depends_on: tuple[TicketId, ...] = ()
    assigned_to: str = "unassigned"
    target_file: str | None = None
    context_requirements: tuple[ContextFile, ...] = ()
    step_mode: bool = False
    priority: Priority = "medium"
    model_override: str | None = None
    check: str | None = None
    max_attempts: Annotated[int, msgspec.Meta(ge=1)] = 3

    status: TicketState = "locked"
    block: Block | None = None
    attempts: int = 0
    """Attempts begun, in all."""
    tries: int = 0
    """Attempts begun since a person last released the ticket; counted against `max_attempts`."""
    begun_anew: int = 0
    """Attempts that a fork has called off: they count neither as tries nor as rungs."""
    lesson: Text = ""
    """What the last failed attempt hands to the next one."""
    waits_for: ApprovalId | None = None

    @property
    def title(self) -> str:
        """The first line of the description that is not blank."""
        lines = (line.strip() for line in self.description.splitlines())
        return next((line for line in lines if line), self.id)

    @property
    def last_attempt(self) -> int:
        """The number of the last attempt it may have, unless a person releases it again."""
        return self.attempts - self.tries + self.max_attempts

    def move(self, move: Move) -> "Ticket":
        """Return the ticket after `move`.

        Raises:
            CommandRefusedError: the table has no such transition.
        """
        after = TRANSITIONS.get((self.status, move))
        if after is None:
            raise CommandRefusedError(move, f'ticket "{self.id}" is {self.status}')
        return msgspec.structs.replace(self, status=after)

    def mark_complete(self) -> "Ticket":
        """Return the ticket as completed; one that is pending is taken up first."""
        taken_up = self.move("assign") if self.status == "pending" else self
        return msgspec.structs.replace(taken_up.move("complete"), waits_for=None)

    def mark_blocked(
        self, reason: Text, cause: Cause = "manual", by: TicketId | None = None
    ) -> "Ticket":
        """Return the ticket as blocked, with its cause."""
        return msgspec.structs.replace(
            self.move("block"), block=Block(cause, reason, by), waits_for=None
        )


LIFE = (
    "status", "block", "attempts", "tries", "begun_anew", "lesson", "waits_for",
)  # fmt: skip
"""Fields that say where a ticket is in its life; its author wrote the others."""
