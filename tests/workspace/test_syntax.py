"""Python files that do not compile are noticed."""

import warnings

import pytest

from workspace import syntax


def test_right_python_has_no_finding() -> None:
    assert syntax.finding("a.py", b"def f() -> int:\n    return 1\n") is None
    assert syntax.finding("a.py", b"# coding: latin-1\nx = '\xe9'\n") is None
    assert syntax.finding("a.py", b"") is None


@pytest.mark.parametrize(
    ("data", "line", "word"),
    [
        (b"x = 1\ndef f(:\n", 2, "SyntaxError"),
        (b"def f():\nreturn 1\n", 2, "IndentationError"),
        (b"if 1:\n\tx\n        y\n", 3, "TabError"),
        (b"return 1\n", 1, "'return' outside function"),
        (b"a\0b", 1, "null bytes"),
        (b"x = '\xff'\n", 1, "SyntaxError"),
        (b"# coding: nonsense\n", 1, "unknown encoding"),
        (b"-" * 100_000 + b"1", 1, "MemoryError"),
        (b"1" + b"+1" * 200_000, 1, "RecursionError"),
    ],
)
def test_broken_python_is_named_by_line_in_python_s_words(
    data: bytes, line: int, word: str
) -> None:
    found = syntax.finding("pkg/a.py", data)
    assert found is not None
    assert found.line == line
    assert word in found.text
    assert "pkg/a.py" in found.text


def test_nothing_is_run_and_no_warning_gets_out(capfd: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("error")
        assert syntax.finding("a.py", b"print('ran')\nx = '\\d'\nassert (1, 'x')\n") is None
    assert not seen
    assert capfd.readouterr() == ("", "")


def test_a_huge_file_is_believed() -> None:
    assert syntax.finding("a.py", b"(" * (syntax.MAX_BYTES + 1)) is None
