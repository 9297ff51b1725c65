"""How a command ended and why, in at most 20 words, without any model."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.action import Outcome
from events.diagnosis import first_cause
from events.hint import MAX_CHARS, MAX_WORDS

CRASH = "Traceback (most recent call last):\n  File \"till.py\", line 7, in add\nKeyError: 'tea'\n"
PYTEST = "=== FAILURES ===\n{sections}=== short test summary info ===\n{summary}=== 1 failed ===\n"


def red(**facts: object) -> Outcome:
    return Outcome(ok=False, **facts)  # type: ignore[arg-type]  # any field of it


@pytest.mark.parametrize(
    ("outcome", "hint"),
    [
        (red(timed_out=True, duration_s=60.0), "timed out after 60 s; KeyError: 'tea' (till.py:7)"),
        (red(signal=11), "ended by SIGSEGV (segmentation fault); KeyError: 'tea' (till.py:7)"),
        (red(signal=77), "ended by signal 77; KeyError: 'tea' (till.py:7)"),
        (
            red(exit_code=137),
            "ended by SIGKILL (killed; out of memory?); KeyError: 'tea' (till.py:7)",
        ),
        (red(exit_code=1), "KeyError: 'tea' (till.py:7)"),
        (red(exit_code=129), "KeyError: 'tea' (till.py:7)"),
        (red(), "KeyError: 'tea' (till.py:7)"),
    ],
)
def test_a_timeout_or_a_signal_is_said_first(outcome: Outcome, hint: str) -> None:
    assert first_cause(CRASH, outcome) == hint


@pytest.mark.parametrize(
    ("outcome", "hint"),
    [
        (red(exit_code=3), "exit code 3; no output"),
        (red(exit_code=126), "exit code 126 (cannot be run); no output"),
        (red(exit_code=127), "exit code 127 (command not found); no output"),
        (red(timed_out=True, duration_s=1.25), "timed out after 1.25 s; no output"),
        (red(), "no output"),
        (None, "no output"),
    ],
)
def test_silence_is_said(outcome: Outcome | None, hint: str) -> None:
    assert first_cause("", outcome) == hint
    assert first_cause(" \n\x00\x1b[0m\u0378\n", outcome) == hint


@pytest.mark.parametrize(
    ("output", "hint"),
    [
        ("all is well\ndone\n", "done"),
        ("cannot open the till\ndone\n", "cannot open the till"),
        ("cannot open the till\n0 errors\n", "cannot open the till"),
        ("no failures\n", "no failures"),
    ],
)
def test_without_any_rule_the_last_telling_line_speaks(output: str, hint: str) -> None:
    assert first_cause(output) == hint


def test_a_command_that_is_not_there_speaks_before_what_ran_before_it() -> None:
    output = CRASH + "/bin/sh: 3: frobnicate: not found\n"
    assert first_cause(output, red(exit_code=127)) == "command not found: frobnicate"
    assert first_cause(output, red(exit_code=1)).startswith("KeyError")


def test_what_ended_the_program_is_the_last_exception_unless_words_follow_it() -> None:
    other = CRASH.replace("KeyError: 'tea'", "OSError: no disk")
    assert first_cause(CRASH + other) == "OSError: no disk (till.py:7)"
    assert first_cause(CRASH + other + "shutting down\n") == "KeyError: 'tea' (till.py:7)"


def test_an_exception_that_was_ignored_at_exit_is_not_the_cause() -> None:
    ignored = "Exception ignored in: <function close at 0x7f>\n" + CRASH.replace("tea", "late")
    assert first_cause(CRASH + ignored) == "KeyError: 'tea' (till.py:7)"


def test_a_traceback_without_its_end_is_no_cause() -> None:
    cut_off = 'Traceback (most recent call last):\n  File "till.py", line 7, in add\n'
    assert first_cause(cut_off) == 'File "till.py", line 7, in add'


def test_a_group_without_leaves_is_named_itself() -> None:
    frame = '  + Exception Group Traceback (most recent call last):\n  |   File "a.py", line 3\n'
    output = frame + "  | ExceptionGroup: two orders (2 sub-exceptions)\n"
    assert first_cause(output) == "ExceptionGroup: two orders (2 sub-exceptions) (a.py:3)"


def test_a_long_message_is_cut_before_the_place_is() -> None:
    hint = first_cause(CRASH.replace("'tea'", "word " * 50))
    assert hint.startswith("KeyError: word")
    assert hint.endswith("word... (till.py:7)")
    assert len(hint.split()) == MAX_WORDS


def test_a_line_without_spaces_makes_no_endless_hint() -> None:
    assert len(first_cause("Error" + "x" * 1_000_000)) <= MAX_CHARS
    assert len(first_cause(" ".join(["x" * 150] * 20))) <= MAX_CHARS


@pytest.mark.parametrize(
    ("sections", "summary", "hint"),
    [
        ("", "FAILED t.py::test_a - assert 0\n", "t.py::test_a: assert 0"),
        ("", "FAILED t.py::test_a\n", "t.py::test_a: failed"),
        ("_ test_a _\n", "FAILED t.py::test_a\n", "t.py::test_a: failed"),
        ("_ test_a _\nE   bad\n", "", "test_a: bad"),
        ("_ T.test_a _\nE   bad\n", "FAILED t.py::T::test_a\n", "t.py::T::test_a: bad"),
        (
            "_ test_b[1 - 2.5] _\nE   bad\n",
            "FAILED t.py::test_a\nFAILED t.py::test_b[1 - 2.5] - bad\n",
            "t.py::test_b[1 - 2.5]: bad; and 1 more",
        ),
        (
            "_ test_a _\nsaid\n--- Captured stdout call ---\nE   not this\n",
            "FAILED t.py::test_a\n",
            "t.py::test_a: not this",
        ),
        (
            "_ test_a _\nsaid\n--- Captured stdout call ---\nnot this\n",
            "FAILED t.py::test_a\n",
            "t.py::test_a: said",
        ),
        (
            '_ test_a _\nE     File "a.py", line 2\nE       x y\n',
            "FAILED t.py::test_a\n",
            't.py::test_a: File "a.py", line 2 (a.py:2)',
        ),
        (
            "_ test_a _\nExpected nothing\nGot:\n    3\na.py:4: DocTestFailure\n",
            "FAILED a.py::a.f\n",
            "a.py::a.f: expected nothing, got 3 (a.py:4)",
        ),
        ("", "", "=== 1 failed ==="),
    ],
)
def test_a_report_of_pytest_is_read_in_all_its_shapes(
    sections: str, summary: str, hint: str
) -> None:
    assert first_cause(PYTEST.format(sections=sections, summary=summary)) == hint


def test_only_the_first_section_of_pytest_is_the_cause() -> None:
    output = "== ERRORS ==\n_ ERROR at setup of test_b _\nE   no base\n== FAILURES ==\nE   other\n"
    assert first_cause(output) == "test_b: no base"


def test_a_timeout_of_pytest_without_a_frame_of_ours_is_still_a_timeout() -> None:
    assert first_cause("t.py +++++ Timeout +++++\n~~~ Stack ~~~\n") == "Timeout"


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ("told nothing\n", "T.test_a: told nothing"),
        (CRASH, "T.test_a: KeyError: 'tea' (till.py:7)"),
    ],
)
def test_a_report_of_unittest_is_read_with_and_without_a_traceback(body: str, hint: str) -> None:
    rule, line = "=" * 70, "-" * 70
    assert first_cause(f"{rule}\nFAIL: test_a (T)\n{line}\n{body}\n{line}\nRan 1 test\n") == hint


def test_a_failed_example_of_doctest_may_have_raised() -> None:
    head = 'File "shop.py", line 4, in shop.half\nFailed example:\n    half("a")\n'
    raised = head + "Exception raised:\n    Traceback (most recent call last):\n    TypeError: no\n"
    assert first_cause(raised) == "shop.half: TypeError: no (shop.py:4)"
    assert first_cause(head) == "shop.half: failed (shop.py:4)"


@pytest.mark.parametrize(
    ("output", "hint"),
    [
        ("not ok 1 - adds\n  ---\n  error: 'no'\n  ...\n", "adds: 'no'"),
        ("not ok 1 - adds\n  ---\n  code: 1\n  ...\n", "adds: failed"),
        (
            "not ok 1 - adds\n  ---\n  a: 1\nnot ok 2 - sums\n  ---\n  a: 1\n",
            "adds: failed; and 1 more",
        ),
        ("zsh: command not found: frob\n", "command not found: frob"),
        ("env: frob: No such file or directory\n", "frob: No such file or directory"),
        ("a.ts(3,7): error TS2304: no name 'x'.\n", "TS2304: no name 'x'. (a.ts(3,7))"),
        ("./till.go:7:2: undefined: totl\n", "undefined: totl (./till.go:7)"),
        ("panic: no tea\n\ngoroutine 1 [running]:\n", "panic: no tea"),
        ("thread 'main' panicked at 'no tea', src/main.rs:3:5\n", "'no tea' (src/main.rs:3)"),
        ("Would reformat: a.py\n", "would reformat a.py"),
        ("Fatal Python error: Aborted\n", "Fatal Python error: Aborted"),
        ("Uncaught TypeError: no\n    at f (node:internal/x:1:2)\n", "TypeError: no"),
        ('Exception in thread "main" a.B: no\n\tat java.base/c.D(D.java:3)\n', "a.B: no"),
    ],
)  # fmt: skip
def test_other_tools_are_understood(output: str, hint: str) -> None:
    assert first_cause(output) == hint


words = st.one_of(
    st.text(),
    st.lists(
        st.sampled_from(
            ["E   ", "FAILED a.py::b - ", "= FAILURES =", "= short test summary info =", "_ t _",
             "Traceback (most recent call last):", '  File "a.py", line 3', "KeyError: 'x'", "\n",
             "  + Exception Group ", "  +-+---- 1 ----", "  | ", "error: ", "a.c:3:", "sh: 1: ",
             "not ok 1 - x", "  ---", "  error: |-", "\x1b[31m", "\r", "\x00", "\u202e", "\ud800",
             "=" * 70, "-" * 70, "FAIL: a (b)", "Expected:", "Got:", "    3", "+++++ Timeout +++++",
             "panicked at a.rs:1:2:", "thread 'x' ", "make: *** [x] Error 1", " at b line 3."]
        ),
        max_size=30,
    ).map("\n".join),
)  # fmt: skip
outcomes = st.builds(
    Outcome,
    ok=st.just(False),
    exit_code=st.none() | st.integers(0, 255),
    signal=st.none() | st.integers(1, 64),
    timed_out=st.booleans(),
    duration_s=st.floats(0, 1e6),
)


@given(words, st.none() | outcomes)
def test_a_hint_is_always_one_short_printable_line(output: str, outcome: Outcome | None) -> None:
    hint = first_cause(output, outcome)
    assert hint.isprintable()
    assert 0 < len(hint) <= MAX_CHARS
    assert len(hint.split(" ")) == len(hint.split()) <= MAX_WORDS
    assert hint == first_cause(output, outcome)
