"""Nothing that a terminal would obey reaches a terminal."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.escape import ascii_json, clipped, columns, json_text, path_text, shown

HOSTILE = [
    "\x1b[2J",
    "\x1b]52;c;cm0gLXJm\x07",
    "\r",
    "\b",
    "\x7f",
    "\x9b1m",
    "\u202e",
    "\u2066",
    "\u200b",
    "\ufeff",
    "\u00ad",
    "\u2028",
    "\u3164",
    "\ufe0f",
    "\U000e0041",
    "\U000e0100",
    "\udce9",
]
HIDDEN = frozenset(char for char in "".join(HOSTILE) if not char.isascii() or char < " ")


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_what_cannot_plainly_be_seen_is_spelled_out(text: str) -> None:
    assert shown(f"a{text}b").isascii()
    assert HIDDEN.isdisjoint(shown(f"a{text}b"))


def test_escapes_are_those_of_python() -> None:
    assert shown("\x1b[31m \u202e") == "\\x1b[31m \\u202e"


def test_text_of_any_language_stays_what_it_is() -> None:
    assert shown("Grüße, 漢字, עברית, 🙂") == "Grüße, 漢字, עברית, 🙂"


def test_line_breaks_stay_only_where_they_are_asked_for() -> None:
    assert shown("a\n\tb") == "a\\n\\tb"
    assert shown("a\n\tb\r", lines=True) == "a\n\tb\\r"


@given(st.lists(st.text(max_size=3) | st.sampled_from(HOSTILE)).map("".join))
def test_nothing_that_is_shown_can_be_hidden_again(text: str) -> None:
    assert shown(shown(text)) == shown(text)
    assert shown(text).isprintable()
    assert HIDDEN.isdisjoint(shown(text))


def test_what_is_cut_is_counted() -> None:
    assert clipped("x" * 12, 10) == "x" * 10 + " (+2 characters)"
    assert clipped("\x1b" * 10, 10) == "\\x1b" * 10


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_in_ascii_has_the_same_value(text: str) -> None:
    line = json_text({"text": text})
    assert json.loads(line) == {"text": text}
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(ascii_json(json.dumps([text], ensure_ascii=False))) == [text]


def test_a_path_of_any_bytes_can_be_printed() -> None:
    assert path_text("caf\udce9") == "caf\\xe9"


def test_columns_are_aligned_and_lines_end_with_their_words() -> None:
    rows = [["1", "run", ""], ["100", "attempt/T1.1", "turn 1"], ["2"]]
    assert columns(rows) == ["1    run", "100  attempt/T1.1  turn 1", "2"]
    assert columns([]) == []
