"""What a terminal is shown."""

import pytest

from cli.terminal import escaped


@pytest.mark.parametrize("text", ["", "plain", "büro\tand\nmore", "日本語"])
def test_plain_text_is_shown_as_it_is(text: str) -> None:
    assert escaped(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("a\rb\x08", "a\\rb\\x08"),
        ("\u202eevil\u2066", "\\u202eevil\\u2066"),
        ("\u200b\U000e0041", "\\u200b\\U000e0041"),
        ("\udcff", "\\udcff"),
    ],
)
def test_text_that_does_something_is_spelled_out(text: str, shown: str) -> None:
    assert escaped(text) == shown
