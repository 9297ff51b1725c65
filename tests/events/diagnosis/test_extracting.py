"""What a model reads of a failure: little, but its first cause and its end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.diagnosis import extract
from events.diagnosis.cleaning import ENDS_CHARS
from events.diagnosis.extracting import LINE_CHARS, MAX_CHARS, MAX_LINES, fold
from tests.events.diagnosis.test_naming import words


def frames(count: int) -> str:
    """Return frames of different functions, so that nothing can be folded."""
    return "".join(
        f'  File "shop/{chr(97 + n % 26)}{n}.py", line {n}, in {"abc"[n % 3] * (n % 7 + 1)}\n'
        f"    call_{'x' * (n % 11)}()\n"
        for n in range(count)
    )


def traceback(count: int, error: str) -> str:
    return f"Traceback (most recent call last):\n{frames(count)}{error}\n"


def test_a_short_output_is_read_whole() -> None:
    assert extract("one\ntwo\n") == "one\ntwo"
    assert extract("") == ""


def test_a_long_traceback_keeps_its_last_frames_and_its_error() -> None:
    shown = extract("starting\n" + traceback(3000, "KeyError: 'tea'")).split("\n")
    assert shown[0] == "starting"
    assert shown[-1] == "KeyError: 'tea'"
    assert "line 2999" in shown[-3]


def test_a_chain_of_long_tracebacks_keeps_the_first_cause_and_the_end() -> None:
    link = "\nThe above exception was the direct cause of the following exception:\n\n"
    shown = extract(traceback(800, "KeyError: 'tea'") + link + traceback(800, "OSError: no disk"))
    assert "\nKeyError: 'tea'\n" in shown
    assert "line 799" in shown.split("KeyError")[0]
    assert shown.endswith("\nOSError: no disk")


def test_of_200_syntax_errors_the_first_and_the_last_are_read() -> None:
    shown = extract("".join(
        f'  File "part_{"abcdefg"[n % 7] * (n % 5)}{n}.py", line {n}\n    x y\n      ^\n'
        "SyntaxError: invalid syntax\n"
        for n in range(1, 201)
    ))  # fmt: skip
    assert 'b1.py", line 1\n' in shown
    assert "line 200\n" in shown


def test_a_loop_of_100_000_lines_is_folded() -> None:
    loop = "".join(f"tick {number}: polling\n" for number in range(100_000))
    assert len(extract(loop + "KeyError: 'tea'").split("\n")) <= 15
    shown = extract(loop + "KeyError: 'tea'\n" + loop)
    assert "\nKeyError: 'tea'\n" in shown
    assert shown.endswith("tick 99999: polling")


def test_frames_of_a_recursion_are_folded() -> None:
    ping = (
        '  File "a.py", line 2, in ping\n    pong()\n  File "a.py", line 6, in pong\n    ping()\n'
    )
    shown = extract("Traceback (most recent call last):\n" + ping * 500 + "RecursionError: deep\n")
    assert shown.count("ping()") <= 20
    assert "lines like the 4 above ...]" in shown


def test_the_cause_is_never_folded_away() -> None:
    lines = [*(f"a.c:{n}: note: x" for n in range(50)), *(f"b.c:{n}: error: x" for n in range(50))]
    assert "b.c:0: error: x" in extract("\n".join(lines))
    folded, focus = fold(lines, 70)
    assert folded[focus] == lines[70]


def test_folded_blocks_show_how_far_they_went() -> None:
    folded, _ = fold([f"tick {n}" for n in range(9)])
    assert folded == ["tick 0", "[... 7 lines like the one above ...]", "tick 8"]
    same, _ = fold(["tick"] * 9)
    assert same == ["tick", "[... 8 lines like the one above ...]"]


@pytest.mark.parametrize(
    "pattern",
    ["npm error \n", "Caused by: a.B\n", "ImportError while loading conftest 'x'\n", "a\nb\na\nc\n",
     "  Traceback (most recent call last):\n", "E   x\n", "FAILED a.py::b - c\n", "a.py F\nabc\n"],
)  # fmt: skip
def test_an_endless_output_is_read_in_one_go(pattern: str) -> None:
    # Some of these once took minutes; the time limit of the test run is what would notice.
    output = pattern * (3 * ENDS_CHARS // len(pattern))
    assert len(extract(output)) <= MAX_CHARS


@given(words | st.text("ab\n", max_size=400))
def test_an_extract_is_always_bounded(output: str) -> None:
    shown = extract(output * 20)
    assert len(shown) <= MAX_CHARS
    assert shown.count("\n") < MAX_LINES
    assert max(map(len, shown.split("\n"))) <= LINE_CHARS


@given(st.lists(st.sampled_from(["a", "b 1", "b 2", "", "c"]), min_size=1), st.data())
def test_folding_loses_only_what_repeats(lines: list[str], data: st.DataObject) -> None:
    focus = data.draw(st.integers(0, len(lines) - 1))
    folded, kept_focus = fold(lines, focus)
    assert folded[kept_focus] == lines[focus]
    gone = sum(int(line.split()[1]) for line in folded if line.startswith("[..."))
    assert gone + sum(not line.startswith("[...") for line in folded) == len(lines)
    assert {line for line in lines if "b" not in line} == {
        line for line in folded if "b" not in line and not line.startswith("[...")
    }
