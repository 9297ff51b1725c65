"""What a screen would show of an output."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.diagnosis.cleaning import (
    ENDS_CHARS,
    FIND_CHARS,
    FINDS,
    LINE_CHARS,
    cleaned,
    printable,
)


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        ("\x1b[1;31mbad\x1b[0m", "bad"),
        ("\x1b]8;;http://x\x07link\x1b]8;;\x1b\\", "link"),
        ("\x1b(Bplain\x1b[K", "plain"),
        ("1 %\r50 %\r100 %\nnext", "100 %\nnext"),
        ("dos\r\nlines\r\n", "dos\nlines\n"),
        ("a\x00b\x08c\u202ed", "abcd"),
        ("caf\udce9", "caf\ufffd"),
        ("\ttab", "\ttab"),
        ("\x1b[", ""),
    ],
)
def test_output_is_read_as_a_screen_shows_it(output: str, shown: str) -> None:
    assert cleaned(output) == shown


def test_a_long_line_keeps_both_its_ends() -> None:
    shown = cleaned("begin" + "x" * 10_000 + "end")
    assert len(shown) <= LINE_CHARS
    assert shown.startswith("begin")
    assert shown.endswith("end")


def test_paths_below_the_root_are_relative_to_it() -> None:
    assert cleaned("/w/t1/a.py /w/t10/a.py", root="/w/t1") == "a.py /w/t10/a.py"
    assert cleaned("/w/t1/a.py", root="/w/t1/") == "a.py"
    assert cleaned("/w/t1/a.py", root="/") == "/w/t1/a.py"


def test_of_a_long_output_both_ends_and_telling_places_are_read() -> None:
    noise = "all is well\n" * (ENDS_CHARS // 6)
    shown = cleaned(f"first\n{noise}KeyError: 'tea'\n{noise}last")
    assert shown.startswith("first\n")
    assert "\nKeyError: 'tea'\n" in shown
    assert shown.endswith("\nlast")


@pytest.mark.parametrize("pattern", ["Error: x\n", "fatal ", "\x1b[", "E\r", "x"])
def test_what_is_read_of_an_endless_output_is_bounded(pattern: str) -> None:
    shown = cleaned(pattern * (3 * ENDS_CHARS // len(pattern)))
    assert len(shown) <= 2 * ENDS_CHARS + FINDS * (FIND_CHARS + 100) + 100


@given(st.text(), st.text(max_size=5))
def test_nothing_that_cannot_be_shown_is_left(output: str, root: str) -> None:
    shown = cleaned(output, root)
    assert not set(shown) & {"\x00", "\x1b", "\r", "\x7f", "\x9b", "\u2028", "\u202e"}
    assert max(map(len, shown.split("\n"))) <= LINE_CHARS
    assert printable(shown).isprintable()
