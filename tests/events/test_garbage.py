"""While many values are made, Python does not look for garbage among them."""

import gc
from collections.abc import Iterator

import pytest

from events.garbage import no_search_for_garbage


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """Have the search on again after each test, whatever became of it."""
    yield
    gc.enable()


@pytest.mark.parametrize("was_on", [False, True])
def test_the_search_is_off_in_the_block_and_as_it_was_behind_it(was_on: bool) -> None:
    (gc.enable if was_on else gc.disable)()
    with no_search_for_garbage(), no_search_for_garbage():
        assert not gc.isenabled()
    assert gc.isenabled() is was_on


def test_an_error_in_the_block_leaves_the_search_on() -> None:
    with pytest.raises(ValueError, match="in between"), no_search_for_garbage():
        raise ValueError("in between")
    assert gc.isenabled()
