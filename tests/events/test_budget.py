"""The ledger: what is used, what is set aside, and who has room."""

from hypothesis import given
from hypothesis import strategies as st

from events.budget import NOTHING, Amount, Ledger
from events.ids import AttemptId
from events.settings import Budget

A, B = AttemptId("T1.1"), AttemptId("T2.1")
SMALL = Ledger(Budget(run_tokens=100, attempt_tokens=80))


def test_who_lacks_room_only_because_of_others_may_wait_for_them() -> None:
    ledger = SMALL.reserve("T1.1#1", Amount(60))
    assert ledger.is_crowded(B, "T2.1#1", Amount(50))
    assert not ledger.is_crowded(B, "T2.1#1", Amount(40))
    assert not ledger.settle(A, Amount(5)).is_crowded(B, "T2.1#1", Amount(50))


def test_who_would_lack_room_alone_waits_for_nobody() -> None:
    ledger = SMALL.settle(A, Amount(60)).reserve("T1.1#2", Amount(10))
    assert ledger.shortfall(B, "T2.1#1", Amount(50)) is not None
    assert not ledger.is_crowded(B, "T2.1#1", Amount(50))


def test_what_is_settled_frees_all_that_was_set_aside_for_the_attempt() -> None:
    ledger = SMALL.reserve("T1.1#1", Amount(10)).reserve("T1.1#c3", Amount(10))
    other = ledger.reserve("T2.1#1", Amount(7))
    settled = other.settle(A, Amount(4))
    assert (settled.spent, settled.set_aside) == (Amount(4), Amount(7))


def test_a_call_that_is_still_out_keeps_what_was_set_aside_for_it() -> None:
    ledger = SMALL.reserve("T1.1#1", Amount(10)).reserve("T1.1#2", Amount(20))
    assert not ledger.is_settled(A, NOTHING, "T1.1#2")
    settled = ledger.settle(A, NOTHING, "T1.1#2")
    assert settled.set_aside == Amount(20)
    assert settled.is_settled(A, NOTHING, "T1.1#2")
    assert not settled.is_settled(A, NOTHING)
    assert not settled.is_settled(A, Amount(1), "T1.1#2")


deeds = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "settle", "drop"]),
        st.sampled_from([A, B]),
        st.integers(1, 3),
        st.integers(0, 200),
    )
)


@given(deeds)
def test_the_sums_are_those_of_their_parts_and_a_covered_call_never_breaks_a_limit(
    done: list[tuple[str, AttemptId, int, int]],
) -> None:
    ledger = Ledger(Budget(run_tokens=300))
    for deed, attempt, number, tokens in done:
        call = f"{attempt}#{number}"
        if deed == "reserve" and ledger.shortfall(attempt, call, Amount(tokens)) is None:
            ledger = ledger.reserve(call, Amount(tokens))
            assert (ledger.spent + ledger.set_aside).tokens <= 300
        elif deed == "settle":
            # No more than was set aside: that is what makes it a limit.
            more = min(tokens, ledger.reserved.get(call, NOTHING).tokens)
            ledger = ledger.settle(attempt, ledger.used.get(attempt, NOTHING) + Amount(more))
        elif deed == "drop":
            ledger = ledger.drop(attempt)
        assert ledger.set_aside == sum(ledger.reserved.values(), NOTHING)
        assert ledger.spent == sum(ledger.used.values(), NOTHING)
        assert ledger.spent.tokens <= 300
