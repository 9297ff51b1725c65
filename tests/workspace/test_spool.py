"""Output without end is kept within bounds."""

import hashlib

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
