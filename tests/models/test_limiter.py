"""When a request may leave."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.limiter import Limiter, Reason, jitter
from tests.models.virtual_time import run


class Calls:
    """Calls through a limiter, and when each left, counted from the beginning."""

    def __init__(self, limiter: Limiter) -> None:
        self.limiter = limiter
        self.began = asyncio.get_running_loop().time()
        self.left: list[tuple[str, float]] = []
        self.waits: list[tuple[str, Reason, float | None]] = []
        self.out = self.most_out = 0

    async def call(self, name: str, *, model: str = "m", takes_s: float = 1.0) -> None:
        async with self.limiter.place(model, self.teller(name)):
            self.left.append((name, asyncio.get_running_loop().time() - self.began))
            self.out += 1
            self.most_out = max(self.most_out, self.out)
            try:
                await asyncio.sleep(takes_s)
            finally:
                self.out -= 1

    def teller(self, name: str) -> Callable[[Reason, float | None], None]:
        return lambda reason, seconds: self.waits.append((name, reason, seconds))


def exact(wait_s: float) -> float:
    return 0.0


def play(limiter: Limiter, script: Callable[[Calls], Coroutine[Any, Any, None]]) -> Calls:
    async def main() -> Calls:
        calls = Calls(limiter)
        await script(calls)
        return calls

    return run(main())


def test_calls_beyond_the_limit_wait_and_leave_in_the_order_in_which_they_came() -> None:
    async def five(calls: Calls) -> None:
        await asyncio.gather(*(calls.call(name) for name in "abcde"))

    calls = play(Limiter(2, jitter=exact), five)
    assert calls.left == [("a", 0.0), ("b", 0.0), ("c", 1.0), ("d", 1.0), ("e", 2.0)]
    assert calls.most_out == 2
    assert {name for name, _, _ in calls.waits} == set("cde")
    assert {(reason, seconds) for _, reason, seconds in calls.waits} == {("parallel", None)}


def test_the_limit_counts_the_calls_of_all_models_together() -> None:
    async def two_models(calls: Calls) -> None:
        await asyncio.gather(*(calls.call(model, model=model) for model in ("a", "b", "c")))

    calls = play(Limiter(2, jitter=exact), two_models)
    assert calls.most_out == 2
    assert calls.left == [("a", 0.0), ("b", 0.0), ("c", 1.0)]


def test_no_call_of_a_model_leaves_before_the_server_allows_it() -> None:
    async def held(calls: Calls) -> None:
        calls.limiter.hold_off("m", 2.0)
        calls.limiter.hold_off("m", 0.5)
        await asyncio.gather(calls.call("a"), calls.call("b"), calls.call("x", model="other"))

    calls = play(Limiter(8, jitter=exact), held)
    assert calls.left == [("x", 0.0), ("a", 2.0), ("b", 2.0)]
    assert calls.waits == [("a", "server", 2.0), ("b", "server", 2.0)]


def test_a_retry_delay_that_comes_while_calls_stand_in_line_holds_them_too() -> None:
    async def refused(calls: Calls) -> None:
        first = asyncio.create_task(calls.call("a"))
        await asyncio.sleep(0.5)
        second = asyncio.create_task(calls.call("b"))
        await asyncio.sleep(0.25)
        calls.limiter.hold_off("m", 10.0)
        await asyncio.gather(first, second)

    calls = play(Limiter(1, jitter=exact), refused)
    assert calls.left == [("a", 0.0), ("b", 10.75)]
    assert calls.waits == [("b", "parallel", None), ("b", "server", 9.75)]


def test_a_retry_delay_that_grows_while_a_call_sleeps_is_obeyed() -> None:
    async def grown(calls: Calls) -> None:
        calls.limiter.hold_off("m", 1.0)
        call = asyncio.create_task(calls.call("a"))
        await asyncio.sleep(0.5)
        calls.limiter.hold_off("m", 3.0)
        await call

    assert play(Limiter(1, jitter=exact), grown).left == [("a", 3.5)]


def test_no_more_requests_than_allowed_leave_within_any_minute() -> None:
    async def five(calls: Calls) -> None:
        await asyncio.gather(*(calls.call(name) for name in "abcde"))

    calls = play(Limiter(8, 2, jitter=exact), five)
    assert [at for _, at in calls.left] == [0.0, 0.0, 60.0, 60.0, 120.0]
    assert ("c", "rate", 60.0) in calls.waits


def test_a_cancelled_wait_gives_its_place_to_the_next() -> None:
    async def cancelled(calls: Calls) -> None:
        first, second, third = (asyncio.create_task(calls.call(name)) for name in "abc")
        await asyncio.sleep(0.5)
        second.cancel()
        await asyncio.gather(first, second, third, return_exceptions=True)

    assert play(Limiter(1, jitter=exact), cancelled).left == [("a", 0.0), ("c", 1.0)]


def test_a_cancelled_call_gives_its_place_back() -> None:
    async def cancelled(calls: Calls) -> None:
        first, second = (asyncio.create_task(calls.call(name)) for name in "ab")
        await asyncio.sleep(0.5)
        first.cancel()
        await asyncio.gather(first, second, return_exceptions=True)

    assert play(Limiter(1, jitter=exact), cancelled).left == [("a", 0.0), ("b", 0.5)]


def test_a_backoff_waits_as_long_as_asked_and_says_why() -> None:
    async def backed_off(calls: Calls) -> None:
        await calls.limiter.backoff(0.0, calls.teller("a"))
        await calls.limiter.backoff(4.0, calls.teller("b"))
        await calls.call("b")

    calls = play(Limiter(1, jitter=lambda wait_s: wait_s / 4), backed_off)
    assert calls.left == [("b", 5.0)]
    assert calls.waits == [("b", "delay", 4.0)]


def test_a_retry_delay_gets_jitter_on_top_and_never_below() -> None:
    async def held(calls: Calls) -> None:
        calls.limiter.hold_off("m", 8.0)
        await calls.call("a")

    [(_, at)] = play(Limiter(1), held).left
    assert 8.0 <= at <= 10.0


@pytest.mark.parametrize(("wait_s", "most_s"), [(0.0, 0.0), (1.0, 0.25), (3600.0, 2.0)])
def test_jitter_is_a_small_share_of_the_wait(wait_s: float, most_s: float) -> None:
    assert all(0.0 <= jitter(wait_s) <= most_s for _ in range(100))


call_plans = st.lists(
    st.tuples(
        st.sampled_from(["m", "n"]),
        st.floats(0.0, 100.0),  # comes
        st.floats(0.0, 50.0),  # takes
        st.none() | st.floats(0.1, 90.0),  # and is refused with this delay
    ),
    max_size=12,
)


@given(call_plans, st.integers(1, 3), st.none() | st.integers(1, 4))
def test_whatever_comes_every_call_leaves_and_no_limit_is_broken(
    plan: list[tuple[str, float, float, float | None]], parallel: int, per_minute: int | None
) -> None:
    allowed: dict[str, float] = {"m": 0.0, "n": 0.0}
    left: dict[str, list[float]] = {"m": [], "n": []}

    async def main() -> int:
        loop, limiter, out, most = asyncio.get_running_loop(), Limiter(parallel, per_minute), 0, 0

        async def one(model: str, comes: float, takes: float, delay: float | None) -> None:
            nonlocal out, most
            await asyncio.sleep(comes)
            async with limiter.place(model, lambda *_: None):
                assert loop.time() >= allowed[model]
                left[model].append(loop.time())
                out += 1
                most = max(most, out)
                await asyncio.sleep(takes)
                out -= 1
                if delay is not None:
                    allowed[model] = max(allowed[model], loop.time() + delay)
                    limiter.hold_off(model, delay)

        await asyncio.gather(*(one(*each) for each in plan))
        return most

    assert run(main()) <= parallel
    assert sum(map(len, left.values())) == len(plan)
    for times in left.values():
        for first, later in zip(times, times[per_minute or len(times) :], strict=False):
            assert later >= first + 60.0
