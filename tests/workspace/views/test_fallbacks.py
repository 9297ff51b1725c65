"""What becomes of files that are no plain Python in UTF-8."""

import codecs
import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workspace.views import (
    SymbolUnknownError,
    get_curated_view,
    get_outline,
    get_skeleton_view,
    get_targeted_view,
    is_python,
    view_of,
)
from workspace.views.excerpt import EXCERPT_BYTES, ends, excerpt
from workspace.views.mend import mend
from workspace.views.source import LARGEST_BYTES, MENDED_BYTES

VIEWS = [get_skeleton_view, get_curated_view, get_outline]

Draw = Callable[[bytes], bytes]


def test_an_empty_file_has_an_empty_view_and_a_note() -> None:
    assert [draw(b"") for draw in VIEWS] == [b"", b"", b""]
    assert view_of(b"").note == view_of(b"", "raw").note == "the file is empty"


def test_an_encoding_by_cookie_is_followed_and_kept() -> None:
    source = "#!/usr/bin/python\n# -*- coding: latin-1 -*-\ndef größe(ä='ü'): x\n".encode("latin-1")
    assert get_skeleton_view(source) == (
        "# coding: iso8859-1\ndef größe(ä='ü'): pass\n".encode("latin-1")
    )
    assert get_curated_view(source) == source.replace(b"x\n", b"... # Hidden\n")
    assert view_of(source).text.endswith("def größe(ä='ü'): pass\n")


def test_a_broken_file_keeps_its_encoding_in_the_remark() -> None:
    source = "# coding: cp1252\ndef f(:\n  pass\nÄ = 1\n".encode("cp1252")
    assert get_skeleton_view(source) == (
        "# trackside: does not parse at line 2; lines left out for it: 2 (coding: cp1252)\n"
        "Ä=...\n".encode("cp1252")
    )


def test_a_cookie_counts_in_the_first_two_lines_only() -> None:
    source = b"x = 1\n# coding: latin-1\nname = '\xe9'\n"
    assert b"it is not UTF-8 (byte 0xe9 at offset 32)" in get_skeleton_view(source)
    late = b"# one\n# two\n# coding: latin-1\nname = '\xe9'\n"
    assert b"it is not UTF-8" in get_skeleton_view(late)


def test_a_byte_order_mark_stays_at_the_front() -> None:
    source = codecs.BOM_UTF8 + b"def f(): x\n"
    assert get_skeleton_view(source) == codecs.BOM_UTF8 + b"def f(): pass\n"
    assert get_curated_view(source) == codecs.BOM_UTF8 + b"def f(): ... # Hidden\n"
    assert view_of(source).text == "def f(): pass\n"
    named = codecs.BOM_UTF8 + b"# coding: utf-8-sig\nx = 1\n"
    assert get_skeleton_view(named) == codecs.BOM_UTF8 + b"x=...\n"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (b"x = '\xff'\n", "it is not UTF-8 (byte 0xff at offset 5)"),
        (b"# coding: nonsense\nx = 1\n", "its encoding nonsense is unknown or not followed"),
        (b"# coding: utf-16\nx = 1\n", "its encoding utf-16 does not contain ASCII"),
        (b"# coding: utf-7\nx = 1\n", "its encoding utf-7 is unknown or not followed"),
        (b"# coding: rot13\nx = 1\n", "its encoding rot13 is unknown or not followed"),
        (b"# coding: ascii\nx = '\xc3\xa9'\n", "it is not ASCII, as it says it is"),
        (b"# coding: euc-jp\nx = '\xff\xff'\n", "it is not valid euc-jp"),
        (b"# coding: cp932\nx = '\x87\x90'\n", "it is not valid cp932"),
        (
            codecs.BOM_UTF8 + b"# coding: latin-1\nx = 1\n",
            "it has a UTF-8 byte order mark and says it is latin-1",
        ),
    ],
)
def test_a_file_in_no_usable_encoding_is_shown_as_it_is_with_the_reason(
    source: bytes, reason: str
) -> None:
    expected = f"# trackside: {reason}; {len(source)} bytes, shown as they are\n".encode() + source
    assert [draw(source) for draw in VIEWS] == [expected] * 3
    assert get_targeted_view(source, ["f"]) == expected
    view = view_of(source)
    assert (view.mode, view.note) == ("excerpt", f"{reason}: head and tail")
    assert view.text
    assert view_of(source, "raw").content == source
    assert view_of(source, "raw").note == reason


def test_a_binary_file_is_not_shown() -> None:
    expected = b"# trackside: it is binary; 1,001 bytes, not shown\n"
    source = b"\x7fELF" + bytes(997)
    assert [draw(source) for draw in VIEWS] == [expected] * 3
    assert view_of(source, "raw").content == expected
    assert view_of(source, "raw").mode == "excerpt"


@pytest.mark.parametrize("draw", VIEWS)
def test_an_enormous_file_is_not_parsed(draw: Draw) -> None:
    view = draw(b"def f(): pass\n" * (LARGEST_BYTES // 14 + 1))
    first, _, rest = view.partition(b"\n")
    assert first == (
        b"# trackside: it is larger than 2,097,152 bytes; head and tail of 2,097,158 bytes"
    )
    assert len(rest) < EXCERPT_BYTES + 100
    assert b" lines, 2,088,968 bytes left out here\n" in rest


def test_a_long_broken_file_is_not_mended() -> None:
    source = b"def f(: pass\n" * (MENDED_BYTES // 13 + 1)
    assert get_skeleton_view(source).startswith(b"# trackside: it does not parse at line 1; head ")


def test_a_file_whose_pieces_parse_only_by_themselves_cannot_be_mended() -> None:
    assert mend(b"\rx\rx") is None


def test_a_file_of_nothing_that_parses_has_a_note_alone() -> None:
    assert get_skeleton_view("€ €\n".encode()) == (
        b"# trackside: does not parse at line 1; lines left out for it: 1\n"
    )


BROKEN = {
    "a bracket that is never closed": (
        "import a\nx = (1,\ndef g():\n    return 1\nclass D:\n    def h(self): pass\n",
        "2; lines left out for it: 1\nimport a\ndef g(): pass\nclass D:\n def h(self): pass\n",
    ),
    "one method of several": (
        "class D:\n    @p\n    def h(self: x\n    def i(self): pass\n    y = 1\nz = 2\n",
        "2; lines left out for it: 2\nclass D:\n def i(self): pass\n y=...\nz=...\n",
    ),
    "a statement deep in a body": (
        "def f():\n    if x:\n        y = = 1\n    else:\n        z\ndef g(): pass\n",
        "3; lines left out for it: 4\ndef f(): pass\ndef g(): pass\n",
    ),
    "a string that is never closed": (
        "def f():\n    return '''x\n\ndef g():\n    pass\n",
        "2; lines left out for it: 1\ndef f(): pass\ndef g(): pass\n",
    ),
    "code in strings beside an error": (
        "X = '''\ndef no(): pass\n'''\n# it's\ndef f(: pass\ndef g(): pass\n",
        "5; lines left out for it: 1\nX=...\ndef g(): pass\n",
    ),
    "a header without a body": ("class C:\nx = 1\n", "1\nclass C: pass\nx=...\n"),
    "a clause without a body at the end": (
        "if a:\n    (\nelse:\n",
        "2; lines left out for it: 1\n",
    ),
    "conflict markers": (
        "def f(): pass\n<<<<<<< ours\ndef g(): pass\n=======\ndef h(): pass\n>>>>>>> theirs\n",
        "2; lines left out for it: 3\ndef f(): pass\ndef g(): pass\ndef h(): pass\n",
    ),
    "branches of which one is broken": (
        "if a:\n    import b\nelif c:\n    import (\nelse:\n    import d\n",
        "4; lines left out for it: 1\nif a: import b\nelif c: pass\nelse: import d\n",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_parses_of_a_broken_file_is_kept(name: str) -> None:
    source, expected = BROKEN[name]
    assert get_skeleton_view(source.encode()).decode() == (
        f"# trackside: does not parse at line {expected}"
    )


def test_other_files_are_raw_or_head_and_tail() -> None:
    assert view_of(b"{}", "raw", path="a.json").content == b"{}"
    view = view_of(b"{}", "curated", path="a.json")
    assert view.content == (
        b"# trackside: it is not Python, so it has no curated view; 2 bytes, shown as they are\n{}"
    )
    assert view.mode == "excerpt"
    assert view.sizes == "22 tokens of 2 (2 bytes)"


def test_other_files_have_no_symbols() -> None:
    with pytest.raises(SymbolUnknownError):
        view_of(b"{}", symbols=["f"], path="a.json")


@pytest.mark.parametrize(
    ("source", "path", "expected"),
    [
        (b"", "", True),
        (b"", "a/b.py", True),
        (b"", "b.pyi", True),
        (b"", "b.toml", False),
        (b"#!/usr/bin/env python3\n", "bin/tool", True),
        (b"#!/bin/sh\n# python", "bin/tool", False),
    ],
)
def test_python_is_known_by_its_suffix_or_first_line(
    source: bytes, path: str, *, expected: bool
) -> None:
    assert is_python(source, path) is expected


def test_an_excerpt_is_cut_between_lines() -> None:
    content = b"".join(b"line %02d\n" % number for number in range(30))
    assert excerpt(content, "why", 60) == (
        b"# trackside: why; head and tail of 240 bytes\n"
        b"line 00\nline 01\nline 02\nline 03\nline 04\n"
        b"# trackside: 23 lines, 184 bytes left out here\n"
        b"line 28\nline 29\n"
    )


def test_an_excerpt_of_one_long_line_is_cut_between_characters() -> None:
    view = excerpt("€".encode() * 100, "why", 50)
    cut = "# trackside: 0 lines, 252 bytes left out here"
    cut = "# trackside: 0 lines, 252 bytes left out here"
    assert view.decode().splitlines()[1:] == ["€" * 11, cut, "€" * 5]


def test_an_excerpt_of_other_bytes_is_cut_anywhere() -> None:
    assert ends(b"\x80" * 10, 6) == (b"\x80" * 4, b"")
    assert ends(b"ab" * 10, 1) == (b"", b"b")


@given(st.text(alphabet="aé€😀\n", max_size=60), st.integers(1, 200))
def test_head_and_tail_are_whole_characters_within_the_limit(text: str, limit: int) -> None:
    content = text.encode()
    if len(content) <= limit:
        return
    head, tail = ends(content, limit)
    assert len(head) + len(tail) <= limit
    assert content.startswith(head)
    assert content.endswith(tail)
    assert head.decode() + tail.decode() is not None


@given(st.binary(max_size=300))
def test_no_bytes_at_all_raise(content: bytes) -> None:
    for draw in VIEWS:
        assert draw(content) == draw(content)


STARTS = ["def f(", "class A:\n", "@a\n", "if x:\n", "else:\n", "import a\n", "lambda: "]
SIGNS = ["):\n", "    ", "x", "(", ")", "'", '"""', "\n", "#c\n", "[", "=", "\\\n", "\r", "é", "\t"]


@given(st.lists(st.sampled_from(STARTS + SIGNS), max_size=40))
def test_no_scrap_of_python_raises(pieces: list[str]) -> None:
    content = "".join(pieces).encode()
    for draw in VIEWS:
        draw(content)


def test_every_process_gives_the_same_bytes() -> None:
    source = b"class A:\n    '''D.'''\n    x = y = 1\n    def f(self):\n        def g(): 'd'\n" * 20
    code = (
        "import sys; from workspace.views import *; s = sys.stdin.buffer.read();"
        "sys.stdout.buffer.write(get_skeleton_view(s) + get_curated_view(s) + get_outline(s))"
    )
    expected = get_skeleton_view(source) + get_curated_view(source) + get_outline(source)
    for seed in ("1", "2"):
        told = subprocess.run(
            [sys.executable, "-c", code],
            input=source,
            stdout=subprocess.PIPE,
            check=True,
            env=os.environ | {"PYTHONHASHSEED": seed},
        )
        assert told.stdout == expected
