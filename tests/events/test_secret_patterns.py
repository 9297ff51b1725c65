"""What looks like a secret is found by its form, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.secret_patterns import without_secrets

MANY = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0"


@pytest.mark.parametrize(
    ("secret", "kind"),
    [
        (f"AIza{MANY[:35]}", "google-api-key"),
        (f"ya29.{MANY}", "google-token"),
        (f"sk-{MANY}", "anthropic-or-openai-key"),
        (f"sk-ant-{MANY}", "anthropic-or-openai-key"),
        (f"sk-proj-{MANY}", "anthropic-or-openai-key"),
        (f"ghp_{MANY[:36]}", "github-token"),
        (f"github_pat_{MANY}", "github-token"),
        (f"glpat-{MANY[:20]}", "gitlab-token"),
        ("AKIA" + "IOSFODNN7EXAMPLE", "aws-key-id"),
        (f"xoxb-{MANY[:20]}", "slack-token"),
        (f"sk_live_{MANY[:24]}", "stripe-key"),
        (
            f"-----BEGIN RSA PRIVATE KEY-----\n{MANY}\n{MANY}\n-----END RSA PRIVATE KEY-----",
            "private-key",
        ),
        (f"-----BEGIN PRIVATE KEY-----\n{MANY}", "private-key"),
    ],
)
def test_a_secret_is_named_and_what_stands_around_it_stays(secret: str, kind: str) -> None:
    assert without_secrets(f"export KEY='{secret}'\nok") == f"export KEY='[secret:{kind}]'\nok"


def test_a_bearer_keeps_its_header() -> None:
    told = without_secrets(f"> Authorization: Bearer {MANY}==\n> Host: x")
    assert told == "> Authorization: Bearer [secret:bearer]\n> Host: x"


@pytest.mark.parametrize(
    "text",
    [
        "disk-usage-of-the-whole-machine-1",
        "sk-learn-is-a-nickname-of-scikit-learn",
        "AIza is how keys begin",
        "the bearer of this letter is trusted",
        "0123456789abcdef0123456789abcdef01234567",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "FAILED tests/test_keys.py::test_AKIA_is_refused",
    ],
)
def test_other_words_stay(text: str) -> None:
    assert without_secrets(text) == text


@given(st.text())
def test_once_is_enough(text: str) -> None:
    once = without_secrets(text)
    assert without_secrets(once) == once
