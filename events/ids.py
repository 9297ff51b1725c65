"""The names of things. Each is text; the types keep one from being taken for another."""

from typing import NewType

RunId = NewType("RunId", str)
TicketId = NewType("TicketId", str)
AttemptId = NewType("AttemptId", str)
"""``T1.2``: the second attempt at ticket T1."""
CallId = NewType("CallId", str)
"""``c5``: the fifth tool call of an attempt; unique within its attempt."""
ApprovalId = NewType("ApprovalId", str)
"""``T1.2.c5``: derived from what it is about, so that nothing has to count."""
StreamId = NewType("StreamId", str)
"""``run``, ``attempt/T1.2``, ``hint/T1.2.c5``, ``approval/T1.2.c5``, ``log``."""
TreeId = NewType("TreeId", str)
"""The state of all files of a worktree, as a git tree id (hex; its length is the repository's)."""
CommitId = NewType("CommitId", str)
Digest = NewType("Digest", str)
"""sha256 in lower-case hex."""


def attempt_id(ticket: TicketId, number: int) -> AttemptId:
    """Return the id of the `number`-th attempt (1, 2, ...) at `ticket`.

    >>> attempt_id(TicketId("T1"), 2)
    'T1.2'
    """
    return AttemptId(f"{ticket}.{number}")


def ticket_of(attempt: AttemptId) -> tuple[TicketId, int]:
    """Return the ticket and the number of an attempt.

    >>> ticket_of(AttemptId("T1.2"))
    ('T1', 2)
    """
    ticket, _, number = attempt.rpartition(".")
    return TicketId(ticket), int(number)


def stream_of(kind: str, name: str) -> StreamId:
    """Return the id of the stream that keeps the thing `name` of a `kind`.

    >>> stream_of("attempt", "T1.2")
    'attempt/T1.2'
    """
    return StreamId(f"{kind}/{name}")
