"""Long texts are cut to head and tail, and say by how much."""

from hypothesis import given
from hypothesis import strategies as st

from workspace.capping import Cap, head, head_and_tail

CAPS = st.builds(Cap, bytes=st.integers(1, 60), lines=st.integers(1, 8))
TEXTS = st.text(alphabet="aé€\n", max_size=80)


@given(TEXTS, CAPS)
def test_the_head_is_a_beginning_within_the_cap(text: str, cap: Cap) -> None:
    shown = head(text.split("\n"), cap)
    kept = shown.text.removesuffix(" ...") if shown.cut else shown.text
    assert text.startswith(kept)
    assert len(kept.encode()) <= cap.bytes
    assert shown.lines <= cap.lines
    assert shown.cut == (kept != text)


@given(TEXTS, CAPS)
def test_head_and_tail_are_both_ends_within_the_cap(text: str, cap: Cap) -> None:
    shown = head_and_tail(text, cap)
    if len(text.encode()) <= cap.bytes and text.count("\n") < cap.lines:
        assert shown == text
        return
    front, note, back = shown.partition("\n[... ")
    assert note
    back = back.partition(" cut here ...]")[2].removeprefix("\n")
    assert text.startswith(front)
    assert text.rstrip("\n").endswith(back.rstrip("\n"))
    assert len((front + back).encode()) <= cap.bytes


def test_one_endless_line_is_cut_inside() -> None:
    assert head(["x" * 100], Cap(10, 5)) == ("x" * 10 + " ...", 1, True)
    assert head(["a", "x" * 100], Cap(10, 5)) == ("a", 1, True)
