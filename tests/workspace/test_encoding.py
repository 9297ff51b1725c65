"""Texts keep their encoding and their line ends."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workspace.encoding import Form, binary_kind, decoded, encoded
from workspace.errors import EditRefusedError


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"plain\n", "utf-8"),
        ("grün\n".encode(), "utf-8"),
        ("grün\n".encode("latin-1"), "latin-1"),
        (codecs.BOM_UTF8 + b"x\n", "utf-8"),
        (codecs.BOM_UTF16_LE + "x\n".encode("utf-16-le"), "utf-16-le"),
        (codecs.BOM_UTF32_BE + "x\n".encode("utf-32-be"), "utf-32-be"),
        (codecs.BOM_UTF8 + b"\xff", "latin-1"),
        (b"# coding: cp1252\n\x80\n", "cp1252"),
        (b"#!/usr/bin/python\n# -*- coding: latin-1 -*-\n\xe9\n", "latin-1"),
        (b"x = 1\n# coding: cp1252\n\x80\n", "latin-1"),
        (b"# one\n# two\n# coding: cp1252\n\x80\n", "latin-1"),
        (b"# coding: nonsense\nx\n", "utf-8"),
        (b"# coding: ascii\n\xc3\xa9\n", "utf-8"),
        (b"# coding: cp1252", "cp1252"),
    ],
)
def test_the_encoding_of_a_file_is_found_and_goes_back_to_the_same_bytes(
    data: bytes, encoding: str
) -> None:
    text, form = decoded("a.py", data)
    assert form.encoding == encoding
    if b"nonsense" not in data and b"ascii" not in data:
        assert encoded("a.py", text, form) == data


@given(st.binary())
def test_every_file_goes_there_and_back(data: bytes) -> None:
    text, form = decoded("notes.txt", data)
    assert encoded("notes.txt", text, form) == data


def test_a_cookie_counts_in_python_files_alone() -> None:
    data = b"# coding: cp1252\n\xc3\xa9\n"
    assert decoded("notes.md", data)[1].encoding == "utf-8"
    assert decoded("notes.py", data)[1].encoding == "cp1252"


def test_what_the_new_text_declares_wins_over_what_the_file_was() -> None:
    _, form = decoded("a.py", b"# coding: latin-1\n\xe9\n")
    assert encoded("a.py", "# coding: utf-8\né\n", form) == "# coding: utf-8\né\n".encode()
    assert encoded("a.py", "é\n", form) == "é\n".encode()


def test_a_character_that_the_encoding_lacks_is_refused_by_place() -> None:
    with pytest.raises(EditRefusedError, match=r"'\\u20ac' in line 2 cannot be written in latin-1"):
        encoded("a.txt", "x\n€\n", Form("latin-1"))


@pytest.mark.parametrize("cookie", ["nonsense", "rot13"])
def test_a_made_up_encoding_is_refused(cookie: str) -> None:
    with pytest.raises(EditRefusedError, match="no text encoding"):
        encoded("a.py", f"# coding: {cookie}\n", Form())


@pytest.mark.parametrize(
    ("data", "kind"),
    [(b"\x89PNG\r\n", "a PNG image"), (b"a\0b", "binary data"), (b"abc", None), (b"", None)],
)
def test_binary_files_are_told_by_their_beginning_or_a_nul(data: bytes, kind: str | None) -> None:
    assert binary_kind(data) == kind
    assert binary_kind(codecs.BOM_UTF16_LE + b"a\0") is None
