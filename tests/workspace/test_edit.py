"""Edits change exactly what they name."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from workspace import edit
from workspace.errors import EditRefusedError

LINES = st.lists(st.sampled_from(["a", "b", "", "ab", "é"]), max_size=8)
ENDINGS = st.sampled_from(["\n", "\r\n"])


@given(LINES, ENDINGS)
def test_writing_a_file_its_own_text_with_plain_endings_changes_nothing(
    lines: list[str], newline: str
) -> None:
    before = newline.join(lines).encode()
    content = "\n".join(lines)
    after = edit.rewritten("a.txt", before, content)
    assert after == (before or content.encode())


@given(LINES, ENDINGS, st.data())
def test_an_edit_and_its_opposite_are_nothing(
    lines: list[str], newline: str, data: st.DataObject
) -> None:
    before = newline.join(["first", *lines, "last", ""]).encode()
    old = data.draw(parts_of("\n".join(["", *lines, "last"])))
    assume(before.decode().replace("\r\n", "\n").count(old) == 1)
    after = edit.replaced("a.txt", before, old, "<new>", 1)
    assert edit.replaced("a.txt", after, "<new>", old, 1) == before


@given(st.lists(st.tuples(st.sampled_from("abc"), ENDINGS), min_size=1), st.data())
def test_an_edit_leaves_every_byte_around_it_alone(
    pairs: list[tuple[str, str]], data: st.DataObject
) -> None:
    before = "".join(letter + ending for letter, ending in pairs).encode()
    unix = before.decode().replace("\r\n", "\n")
    old = data.draw(parts_of(unix))
    assume(unix.count(old) == 1)
    head, tail = edit.replaced("a.txt", before, old, "<new>", 1).split(b"<new>")
    assert before.startswith(head)
    assert before.endswith(tail)
    gone = before[len(head) : len(before) - len(tail)]
    assert gone.decode().replace("\r\n", "\n") == old


@st.composite
def parts_of(draw: st.DrawFn, text: str) -> str:
    start = draw(st.integers(0, len(text) - 1))
    return text[start : draw(st.integers(start + 1, len(text)))]


def test_a_new_file_takes_its_text_as_it_is() -> None:
    assert edit.rewritten("a.bat", None, "one\r\ntwo\n") == b"one\r\ntwo\n"
    assert edit.rewritten("a.bin", b"a\0b", "é") == "é".encode()


def test_line_endings_and_a_byte_order_mark_are_kept() -> None:
    before = b"\xef\xbb\xbfone\r\ntwo\r\n"
    assert edit.rewritten("a.txt", before, "three\nfour\n") == b"\xef\xbb\xbfthree\r\nfour\r\n"
    after = edit.replaced("a.txt", before, "one\ntwo\n", "1\n2\n", 1)
    assert after == b"\xef\xbb\xbf1\r\n2\r\n"


def test_what_is_around_an_edit_keeps_even_mixed_endings() -> None:
    before = b"a\r\nb\nc\r\nd\ne"
    assert edit.replaced("a.txt", before, "b\nc\nd", "x\ny", 1) == b"a\r\nx\ny\ne"
    assert edit.replaced("a.txt", before, "\n", "|", 4) == b"a|b|c|d|e"


def test_text_from_a_windows_model_fits_a_unix_file() -> None:
    assert edit.replaced("a.txt", b"a\nb\n", "a\r\nb", "c\r\nd", 1) == b"c\nd\n"


@pytest.mark.parametrize(
    ("old", "count", "reason"),
    [
        ("x", 1, "does not occur"),
        ("A", 1, "does not occur"),
        (" b", 1, "does not occur"),
        ("a", 1, r"occurs 3 times \(at lines 1, 3, 3\), not 1"),
        ("b", 2, r"occurs 1 times \(at line 2\), not 2"),
        ("n", 1, r"at lines 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, \.\.\."),
    ],
)
def test_a_text_that_occurs_otherwise_than_said_is_refused_with_its_places(
    old: str, count: int, reason: str
) -> None:
    with pytest.raises(EditRefusedError, match=reason):
        edit.replaced("a.txt", b"a\nb\na a\n" + b"n" * 11, old, "new", count)


def test_a_binary_file_is_not_edited_as_text() -> None:
    with pytest.raises(EditRefusedError, match="binary data of 3 bytes"):
        edit.replaced("a.bin", b"a\0b", "a", "b", 1)


def test_the_difference_reads_like_git_s() -> None:
    assert edit.unified_diff("a.txt", b"a\nb", b"a\nc\n") == (
        "--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+c\n"
    )
    assert edit.unified_diff("a.txt", None, b"x\n") == (
        "--- /dev/null\n+++ b/a.txt\n@@ -0,0 +1 @@\n+x\n"
    )
    assert edit.unified_diff("a.txt", b"x\n", b"x\n") == ""
    assert "binary file a: 3 -> 0 bytes" in edit.unified_diff("a", b"a\0b", None)


@pytest.mark.parametrize("longest", [5000, 0])
@given(before=LINES, after=LINES)
def test_the_difference_applied_gives_the_new_file(
    tmp_path_factory: pytest.TempPathFactory, longest: int, before: list[str], after: list[str]
) -> None:
    old, new = "\n".join(before).encode(), "\n".join(after).encode()
    assume(old != new)
    folder = tmp_path_factory.mktemp("diff")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(edit, "MAX_DIFF_LINES", longest)
        diff = edit.unified_diff("a", old, new)
        added, removed = edit.changed_lines("a", old, new)
    assert (added, removed) == (
        sum(line.startswith("+") for line in diff.splitlines()[2:]),
        sum(line.startswith("-") for line in diff.splitlines()[2:]),
    )
    assert applied(folder, diff, old) == new


def applied(folder: Path, diff: str, old: bytes) -> bytes:
    """Return what GNU-style tools make of `diff`: git applies it without any repository."""
    (folder / "a").write_bytes(old)
    subprocess.run(
        ["git", "apply", "--unidiff-zero", "-"],
        cwd=folder,
        input=diff.encode(),
        check=True,
        env={"PATH": "/usr/bin:/bin", "GIT_CEILING_DIRECTORIES": str(folder.parent)},
    )
    return (folder / "a").read_bytes()
