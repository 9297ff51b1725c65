"""Workers share threads: one after another, and never two at once."""

import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue

import pytest

from actors.crew import Crew

Seen = SimpleQueue[threading.Thread]
END_S = 5.0
MANY = 1000


@pytest.fixture
def crew() -> Iterator[Crew]:
    """A crew whose threads end when it is dismissed."""
    before = set(threading.enumerate())
    crew = Crew()
    yield crew
    crew.dismiss()
    for thread in set(threading.enumerate()) - before:
        thread.join(END_S)
        assert not thread.is_alive()


def on_which(crew: Crew) -> threading.Thread:
    seen = Seen()
    crew.do(lambda: seen.put(threading.current_thread()))
    return seen.get()


def waiting(go: threading.Event, seen: Seen) -> Callable[[], None]:
    def work() -> None:
        seen.put(threading.current_thread())
        go.wait()

    return work


def used_again(crew: Crew) -> bool:
    seen = list[threading.Thread]()
    while len(seen) < MANY:
        thread = on_which(crew)
        if thread in seen:
            return True
        seen.append(thread)
    return False


def test_a_thread_that_is_idle_does_the_next_work(crew: Crew) -> None:
    assert used_again(crew)


def test_works_at_one_time_have_a_thread_each(crew: Crew) -> None:
    assert used_again(crew)
    go, seen = threading.Event(), Seen()
    try:
        for _ in range(3):
            crew.do(waiting(go, seen))
        assert len({seen.get(timeout=END_S) for _ in range(3)}) == 3
    finally:
        go.set()


def test_a_thread_at_work_ends_after_it_once_the_crew_is_dismissed(crew: Crew) -> None:
    go, seen = threading.Event(), Seen()
    crew.do(waiting(go, seen))
    thread = seen.get()
    crew.dismiss()
    go.set()
    thread.join(END_S)
    assert not thread.is_alive()
