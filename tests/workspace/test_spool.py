"""Output without end is kept within bounds."""

import hashlib
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from workspace.spool import Spool


@given(st.lists(st.binary(max_size=40)), st.integers(1, 20))
def test_a_spool_keeps_both_ends_and_knows_the_whole(pieces: list[bytes], half: int) -> None:
    spool = Spool(2 * half)
    for piece in pieces:
        spool.take(piece)
    whole = b"".join(pieces)
    assert spool.size == len(whole)
    assert spool.sha256 == hashlib.sha256(whole).hexdigest()
    if len(whole) <= 2 * half:
        assert spool.kept() == whole
    else:
        note = f"\n[... {len(whole) - 2 * half} bytes are not kept ...]\n".encode()
        assert spool.kept() == whole[:half] + note + whole[-half:]


def test_a_spool_takes_little_memory() -> None:
    kept = 100_000
    spool, piece = Spool(kept), b"x" * 1000
    tracemalloc.start()
    for _ in range(20 * kept // len(piece)):
        spool.take(piece)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert spool.size == 20 * kept
    assert most < 3 * kept
