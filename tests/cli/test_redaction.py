"""A key is found in every usual form, and nothing else is touched."""

import base64
import io
import json
import sys
from contextlib import redirect_stdout

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.redaction import Redactor, redacted_output

KEYS = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=["Cc", "Zs"]),
    min_size=8,
    max_size=40,
)
"""Without white space: what stands around a key in its variable is no part of it."""


@given(key=KEYS, before=st.binary(max_size=5), after=st.binary(max_size=5))
def test_a_key_is_found_in_base64_whatever_surrounds_it(
    key: str, before: bytes, after: bytes
) -> None:
    redact = Redactor({"GEMINI_API_KEY": key})
    text = base64.b64encode(before + key.encode() + after).decode()
    assert "[secret:GEMINI_API_KEY]" in redact(text)


@given(key=KEYS)
def test_a_key_is_found_in_json_and_in_json_of_json(key: str) -> None:
    redact = Redactor({"GEMINI_API_KEY": key})
    once = json.dumps(key)
    assert redact(once) == '"[secret:GEMINI_API_KEY]"'
    assert redact(json.dumps(once)) == r'"\"[secret:GEMINI_API_KEY]\""'


def test_keys_of_both_names_are_known() -> None:
    redact = Redactor({"GEMINI_API_KEY": "first-key", "GOOGLE_API_KEY": "second-key"})
    assert redact("first-key, second-key") == "[secret:GEMINI_API_KEY], [secret:GOOGLE_API_KEY]"


@pytest.mark.parametrize("value", ["", "   ", "short"])
def test_a_value_that_is_no_key_is_not_looked_for(value: str) -> None:
    redact = Redactor({"GEMINI_API_KEY": value})
    assert redact("a short story") == "a short story"


def test_output_is_redacted_only_while_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "a-key-to-hide")
    with redirect_stdout(io.StringIO()) as out:
        with redacted_output():
            sys.stdout.write("see a-key-to-hide\n")
            sys.stdout.flush()
        sys.stdout.write("after\n")
    assert out.getvalue() == "see [secret:GEMINI_API_KEY]\nafter\n"
