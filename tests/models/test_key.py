"""The key to Gemini is found where the SDK finds it, and is never shown."""

import pytest

from models.key import gemini_key, redacted


@pytest.mark.parametrize(
    ("environment", "key"),
    [
        ({}, None),
        ({"GEMINI_API_KEY": "a"}, "a"),
        ({"GOOGLE_API_KEY": "b\n"}, "b"),
        ({"GEMINI_API_KEY": "a", "GOOGLE_API_KEY": "b"}, "b"),
        ({"GEMINI_API_KEY": "a", "GOOGLE_API_KEY": " "}, "a"),
    ],
)
def test_the_key_of_google_wins_and_a_blank_one_is_none(
    environment: dict[str, str], key: str | None
) -> None:
    assert gemini_key(environment) == key


def test_a_secret_is_hidden_in_each_of_its_forms() -> None:
    hidden = redacted("raw a/b+c, url a%2Fb%2Bc, base64 YS9iK2M=, other", "a/b+c")
    assert hidden == "raw {0}, url {0}, base64 {0}, other".format("[secret:api-key]")
