"""Output without end is kept within bounds."""

import hashlib
import re
import tracemalloc

import pytest
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
        kept = re.fullmatch(
            rb"(.*)\n\[\.\.\. (\d+) bytes are not kept \.\.\.\]\n(.*)", spool.kept(), re.DOTALL
        )
        assert kept is not None
        assert whole[:half].startswith(kept[1])
        assert whole[-half:].endswith(kept[3])
        assert int(kept[2]) == len(whole) - len(kept[1]) - len(kept[3])


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


@pytest.mark.parametrize("around", [b" ", b"\n", b'"', b"'}, {'"])
def test_no_half_of_a_word_is_kept_at_the_cut(around: bytes) -> None:
    token = b"ghp_" + b"a1B2c3D4e5F6" * 3
    for half in range(5_000, 5_000 + 2 * len(token)):
        spool = Spool(2 * half)
        spool.take(
            (b"x" * 2_000 + around) * 2 + (token + around) * 300 + (b"x" * 2_000 + around) * 2
        )
        head, _, tail = re.split(rb"(\n\[\.\.\. \d+ bytes are not kept \.\.\.\]\n)", spool.kept())
        for part in (head, tail):
            assert token in part
            assert not part.replace(token, b"").strip(b"x" + around)
