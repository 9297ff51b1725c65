"""Work that makes many records or states, without Python's search for garbage among them."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_search_for_garbage() -> Iterator[None]:
    """Have Python not look for circles in the block: records and states hold none, and are many.

    To look for them costs a fifth of what it takes to read a log. The search is one for all
    threads: what they do meanwhile is searched later. Afterwards it is on again if it was before.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
