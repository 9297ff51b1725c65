"""The life of one ticket: every state, every move."""

from typing import get_args

import pytest

from events.errors import CommandRefusedError
from events.ids import ApprovalId, TicketId
from events.ticket import DONE, OPEN, TRANSITIONS, Block, Move, Ticket, TicketState

STATES: tuple[TicketState, ...] = get_args(TicketState)
MOVES: tuple[Move, ...] = get_args(Move)
T1 = TicketId("T1")


def at(status: TicketState) -> Ticket:
    return Ticket(id=T1, description="mend the till", status=status)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("move", MOVES)
def test_a_move_leads_where_the_table_says_and_nowhere_else(state: TicketState, move: Move) -> None:
    after = TRANSITIONS.get((state, move))
    if after is None:
        with pytest.raises(CommandRefusedError) as refused:
            at(state).move(move)
        assert str(refused.value) == f'{move} is refused: ticket "T1" is {state}'
    else:
        assert at(state).move(move) == at(after)


def test_the_table_is_the_life_that_is_promised() -> None:
    promised = {
        ("locked", "pending"), ("locked", "blocked"), ("locked", "skipped"),
        ("pending", "in_progress"), ("pending", "step_paused"),
        ("pending", "blocked"), ("pending", "skipped"),
        ("step_paused", "in_progress"), ("step_paused", "pending"),
        ("step_paused", "blocked"), ("step_paused", "skipped"),
        ("in_progress", "step_paused"), ("in_progress", "completed"), ("in_progress", "pending"),
        ("in_progress", "blocked"), ("in_progress", "skipped"),
        ("blocked", "pending"), ("blocked", "locked"),
    }  # fmt: skip
    assert {(before, after) for (before, _), after in TRANSITIONS.items()} == promised


def test_every_state_is_open_or_done_or_blocked() -> None:
    assert {"blocked"} | OPEN | DONE == set(STATES)
    assert not OPEN & DONE


def test_what_is_done_never_moves_again() -> None:
    assert not [state for state, _ in TRANSITIONS if state in DONE]


def test_completing_a_pending_ticket_takes_it_up_first() -> None:
    assert at("pending").mark_complete() == at("completed")


def test_completing_a_ticket_in_progress_ends_its_wait() -> None:
    waiting = Ticket(
        id=T1, description="x", status="in_progress", waits_for=ApprovalId("T1.1.merge")
    )
    assert waiting.mark_complete().waits_for is None


@pytest.mark.parametrize("state", ["locked", "step_paused", "completed", "blocked", "skipped"])
def test_only_a_pending_or_working_ticket_can_be_completed(state: TicketState) -> None:
    with pytest.raises(CommandRefusedError, match=f'ticket "T1" is {state}'):
        at(state).mark_complete()


def test_a_blocked_ticket_remembers_cause_reason_and_blocker() -> None:
    blocked = at("locked").mark_blocked("T0 failed", "dependency", TicketId("T0"))
    assert blocked.status == "blocked"
    assert blocked.block == Block("dependency", "T0 failed", TicketId("T0"))


def test_a_ticket_blocked_by_hand_says_so() -> None:
    assert at("pending").mark_blocked("later").block == Block("manual", "later")


@pytest.mark.parametrize(
    ("description", "title"),
    [("mend it", "mend it"), ("\n\n  mend it \nplease", "mend it"), (" \n ", "T1")],
)
def test_the_title_is_the_first_line_that_says_something(description: str, title: str) -> None:
    assert Ticket(id=T1, description=description).title == title
