"""A track in motion: what unlocks, what blocks, what is released, and in which order."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.errors import CommandRefusedError
from events.ids import TicketId
from events.ticket import DONE, Block, Ticket, TicketState
from events.track import Release, Track, is_over
from tests.events.track_of import ticket, track_of

A, B, C, D = map(TicketId, "ABCD")
CHAIN = {"A": [], "B": ["A"], "C": ["B"]}
DIAMOND = {"A": [], "B": ["A"], "C": ["A"], "D": ["B", "C"]}


def states(track: Track) -> dict[str, TicketState]:
    return {str(ticket.id): ticket.status for ticket in track}


def names(tickets: Sequence[Ticket]) -> str:
    return "".join(ticket.id for ticket in tickets)


def test_a_chain_of_three_runs_from_end_to_end() -> None:
    track = track_of(CHAIN)
    assert states(track) == {"A": "pending", "B": "locked", "C": "locked"}
    for name in (A, B, C):
        assert names(track.get_executable_tickets()) == name
        track = track.mark_complete(name)
    assert states(track) == dict.fromkeys("ABC", "completed")
    assert is_over(track)


def test_a_change_leaves_the_track_before_it_as_it_was() -> None:
    before = track_of(CHAIN)
    before.mark_complete(A)
    assert states(before) == {"A": "pending", "B": "locked", "C": "locked"}


def test_work_done_before_the_run_counts() -> None:
    track = track_of([ticket("A", status="completed"), ticket("B", "A"), ticket("C", "B")])
    assert states(track) == {"A": "completed", "B": "pending", "C": "locked"}


def test_a_diamond_closes_only_when_both_sides_are_done() -> None:
    track = track_of(DIAMOND).mark_complete(A).mark_complete(B)
    assert track[D].status == "locked"
    assert track.mark_complete(C)[D].status == "pending"


def test_ready_tickets_stand_in_line_by_priority_then_by_file() -> None:
    track = track_of([
        ticket("A", priority="low"), ticket("B"), ticket("C", priority="high"), ticket("D"),
    ])  # fmt: skip
    assert names(track.get_executable_tickets()) == "CBDA"
    assert track.next_ready == track[C]


def test_no_ticket_is_next_when_none_is_ready() -> None:
    assert track_of([ticket("A", status="completed")]).next_ready is None


def test_a_block_cascades_to_everything_below_and_says_through_whom() -> None:
    track = track_of({**DIAMOND, "E": []}).mark_blocked(A, "no way", "gave_up")
    assert states(track) == {**dict.fromkeys("ABCD", "blocked"), "E": "pending"}
    assert track[A].block == Block("gave_up", "no way")
    assert track[B].block == Block("dependency", by=A)
    assert track[D].block == Block("dependency", by=B)


def test_a_block_leaves_alone_what_is_completed_or_blocked_already() -> None:
    track = track_of([ticket("A"), ticket("B", "A", status="completed"), ticket("C", "A")])
    track = track.put(track[C].mark_blocked("later"))
    track = track.mark_blocked(A, "no")
    assert track[B].status == "completed"
    assert track[C].block == Block("manual", "later")


def test_a_release_frees_all_that_was_blocked_only_because_of_it() -> None:
    track = track_of(DIAMOND).mark_blocked(A, "no")
    assert track.released_with(A) == [
        Release(A, "pending"), Release(B, "locked"), Release(C, "locked"), Release(D, "locked"),
    ]  # fmt: skip


def test_a_ticket_with_two_blockers_stays_with_the_other_one() -> None:
    track = track_of({"A": [], "B": [], "C": ["A", "B"], "D": ["C"]})
    track = track.mark_blocked(A, "no").mark_blocked(B, "no")
    assert track[C].block == Block("dependency", by=A)
    assert track.released_with(A) == [Release(A, "pending"), Release(C, "blocked", B)]
    assert track.released_with(B) == [Release(B, "pending")]


def test_a_release_in_the_middle_of_a_blocked_branch_names_who_holds_it() -> None:
    track = track_of(CHAIN)
    track = track.put(track[B].mark_blocked("later")).mark_blocked(A, "no")
    assert track.released_with(B) == [Release(B, "blocked", A)]


def test_a_ticket_blocked_by_hand_is_not_released_with_its_dependency() -> None:
    track = track_of(CHAIN)
    track = track.put(track[B].mark_blocked("later")).mark_blocked(A, "no")
    assert track.released_with(A) == [Release(A, "pending")]


def test_a_release_after_the_dependency_was_done_leads_to_pending() -> None:
    track = track_of(CHAIN)
    track = track.put(track[B].mark_blocked("later")).mark_complete(A)
    assert track.released_with(B) == [Release(B, "pending")]


def test_a_skipped_ticket_satisfies_its_dependents() -> None:
    track = track_of(CHAIN)
    track = track.put(track[A].move("skip"))
    assert track.unlocked_by(A) == [B]


def test_a_parked_ticket_leaves_the_line() -> None:
    track = track_of({"A": [], "B": []})
    track = track.put(track[A].move("park"))
    assert names(track.get_executable_tickets()) == "B"


def test_a_ticket_that_only_learns_something_keeps_its_place() -> None:
    before = track_of(CHAIN)
    after = before.put(msgspec.structs.replace(before[A], lesson="mind the change"))
    assert after[A].lesson == "mind the change"
    assert (after.counts, after.ready, after.waiting_on) == (
        before.counts, before.ready, before.waiting_on,
    )  # fmt: skip


def test_an_unknown_ticket_is_refused_by_name() -> None:
    with pytest.raises(CommandRefusedError, match='lookup is refused: the track has no ticket "Z"'):
        track_of(CHAIN)[TicketId("Z")]


def test_a_track_is_over_when_only_a_person_can_move_it() -> None:
    track = track_of(CHAIN)
    assert len(track) == 3
    assert not is_over(track)
    assert is_over(track.mark_blocked(A, "no"))


def test_the_release_of_many_diamonds_visits_each_ticket_once() -> None:
    plan: dict[str, list[str]] = {"S0": []}
    for row in range(200):
        plan |= {f"L{row}": [f"S{row}"], f"R{row}": [f"S{row}"]}
        plan[f"S{row + 1}"] = [f"L{row}", f"R{row}"]
    track = track_of(plan).mark_blocked(TicketId("S0"), "no")
    assert len(track.released_with(TicketId("S0"))) == len(plan)


class Counted(tuple[TicketId, ...]):
    """Dependencies that count how often somebody goes through them."""

    __slots__ = ()
    looks = 0

    def __iter__(self) -> Iterator[TicketId]:
        Counted.looks += 1
        return super().__iter__()


def test_ten_thousand_tickets_cost_a_few_looks_at_each() -> None:
    size, Counted.looks = 10_000, 0
    tickets = [
        msgspec.structs.replace(
            ticket(f"T{n}"), depends_on=Counted(TicketId(f"T{m}") for m in range(max(0, n - 3), n))
        )
        for n in range(size)
    ]
    track = track_of(tickets)
    while (ready := track.next_ready) is not None:
        track = track.mark_complete(ready.id)
    assert track.count("completed") == size
    first = TicketId("T0")
    track = track_of(tickets).mark_blocked(first, "no")
    assert len(track.released_with(first)) == size
    assert Counted.looks <= 6 * size


@st.composite
def tracks(draw: st.DrawFn) -> Track:
    tickets: list[Ticket] = []
    for number in range(draw(st.integers(1, 8))):
        needs = (
            draw(st.lists(st.sampled_from(tickets), unique_by=lambda one: one.id))
            if tickets
            else []
        )
        born = ticket(
            f"T{number}",
            *(need.id for need in needs),
            priority=draw(st.sampled_from(["high", "medium", "low"])),
            status=draw(st.sampled_from(["locked", "locked", "locked", "completed"])),
        )
        tickets.append(born)
    return track_of(tickets)


def step(track: Track, name: TicketId, what: str) -> Track:
    """Do one thing to one ticket with all that follows from it, as a run does."""
    match what:
        case "complete":
            return track.mark_complete(name)
        case "block":
            return track.mark_blocked(name, "no")
        case "skip":
            track = track.put(track[name].move("skip"))
            return track.put_all(track[free].move("unlock") for free in track.unlocked_by(name))
        case "release":
            track[name].move("release")
            for release in track.released_with(name):
                before = track[release.ticket]
                if release.by is not None:
                    block = Block("dependency", by=release.by)
                    track = track.put(msgspec.structs.replace(before, block=block))
                else:
                    after = before.move("release" if release.to == "pending" else "relock")
                    track = track.put(msgspec.structs.replace(after, block=None))
            return track
        case _:
            return track.put(track[name].move(what))  # type: ignore[arg-type] # a drawn Move


def check(track: Track) -> None:
    """Work out again, from the tickets alone, all that the track keeps beside them."""
    by_name = {ticket.id: ticket for ticket in track}
    for state in get_args(TicketState):
        assert track.count(state) == sum(one.status == state for one in track)
    ready = {one.id for one in track.get_executable_tickets()}
    assert ready == {one.id for one in track if one.status == "pending"}
    for one in track:
        waiting = [need for need in one.depends_on if by_name[need].status not in DONE]
        assert track.waiting_on[one.id] == len(waiting)
        held = [need for need in one.depends_on if by_name[need].status == "blocked"]
        if one.status == "locked":
            assert waiting
            assert not held
        if one.status in {"pending", "in_progress", "step_paused"}:
            assert not waiting
        if one.block is not None and one.block.cause == "dependency":
            assert one.block.by in held


@given(
    tracks(),
    st.lists(
        st.tuples(
            st.integers(0, 7),
            st.sampled_from(
                ["complete", "block", "skip", "release", "assign", "park", "unpark", "requeue"]
            ),
        ),
        max_size=30,
    ),
)
def test_whatever_happens_the_track_agrees_with_its_tickets(
    track: Track, happenings: list[tuple[int, str]]
) -> None:
    check(track)
    for number, what in happenings:
        name = track.plan.order[number % len(track)]
        with contextlib.suppress(CommandRefusedError):
            track = step(track, name, what)
        check(track)
