"""What looks like a secret is found by its form, and nothing else is."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.secret_patterns import (
    may_hold_secret,
    may_span_lines,
    placeholders_in,
    secrets_of,
    without_secrets,
)

MANY = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0"
JWT = f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.{MANY}"
SECRETS = [
    (f"AIza{MANY[:35]}", "google-api-key"),
    (f"ya29.{MANY}", "google-token"),
    (f"GOCSPX-{MANY[:28]}", "google-client-secret"),
    (f"sk-{MANY}", "anthropic-or-openai-key"),
    (f"sk-ant-api03-{MANY}", "anthropic-or-openai-key"),
    (f"sk-proj-{MANY}_-x", "anthropic-or-openai-key"),
    (f"sk-svcacct-{MANY}", "anthropic-or-openai-key"),
    (f"sk-or-v1-{MANY}", "anthropic-or-openai-key"),
    (f"ghp_{MANY[:36]}", "github-token"),
    (f"github_pat_{MANY}", "github-token"),
    (f"glpat-{MANY[:20]}", "gitlab-token"),
    (f"glagent-{MANY[:20]}", "gitlab-token"),
    ("AKIA" + "IOSFODNN7SAMPLEX", "aws-key-id"),
    (f"xoxb-{MANY[:20]}", "slack-token"),
    (f"xapp-1-{MANY[:20]}", "slack-token"),
    (f"sk_live_{MANY[:24]}", "stripe-key"),
    (f"whsec_{MANY[:32]}", "stripe-key"),
    (f"hf_{MANY[:34]}", "hugging-face-token"),
    (f"npm_{MANY[:36]}", "npm-token"),
    (f"pypi-AgEIcHlwaS5vcmc{MANY}", "pypi-token"),
    (f"SG.{MANY[:22]}.{MANY}abc", "sendgrid-key"),
    (f"dckr_pat_{MANY[:27]}", "docker-token"),
    (f"dop_v1_{'0a1b2c3d' * 8}", "digitalocean-token"),
    (JWT, "jwt"),
]
PARTS = [
    (f"aws_secret_access_key = {MANY}", MANY, "aws-secret-key"),
    (f'"AWS_SECRET_ACCESS_KEY": "{MANY}"', MANY, "aws-secret-key"),
    (f"Account=x;AccountKey={MANY}{MANY}abcdef==;", f"{MANY}{MANY}abcdef==", "azure-account-key"),
    (f"> Authorization: Bearer {MANY}==\n", f"{MANY}==", "bearer"),
]  # fmt: skip
"""Secrets that only what stands before them gives away."""


def named(text: str, secret: str, kind: str) -> bool:
    """Return whether `secret` has a placeholder of `kind`, and all the rest of `text` stays."""
    before, after = text.split(secret)
    shape = rf"\[secret:{kind}:[0-9a-f]{{6}}\]"
    return bool(re.fullmatch(re.escape(before) + shape + re.escape(after), without_secrets(text)))


@pytest.mark.parametrize(("secret", "kind"), SECRETS)
@pytest.mark.parametrize(
    "around",
    [
        "{}", "export KEY='{}'\nok", "-{}", "+{}\n", "a\\n{}\\n", "%3D{}", "\x1b[32m{}\x1b[0m",
        "?key={}&x", '{{"key":"{}"}}',
    ],
)  # fmt: skip
def test_a_secret_is_named_and_what_stands_around_it_stays(
    secret: str, kind: str, around: str
) -> None:
    assert named(around.format(secret), secret, kind)


@pytest.mark.parametrize(("text", "secret", "kind"), PARTS)
def test_what_gives_a_secret_away_stays(text: str, secret: str, kind: str) -> None:
    assert named(text, secret, kind)


@pytest.mark.parametrize(
    "text",
    [
        "disk-usage-of-the-whole-machine-1",
        "sk-learn-is-a-nickname-of-scikit-learn",
        "sk-proj-list-item-that-is-the-class-of-an-element",
        "task-0123456789abcdef0123456789abcdef01234567",
        "AIza is how keys begin",
        f"AIza{MANY[:34]}",
        f"AIza{MANY[:36]}",
        f"x{MANY}AIza{MANY[:35]}",
        "the bearer of this letter is trusted",
        "Bearer authentication-is-described-elsewhere",
        "0123456789abcdef0123456789abcdef01234567",
        "01890a5d-ac96-774b-bcce-b302099a8057",
        "sha512-" + "z" * 86 + "==",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "FAILED tests/test_keys.py::test_AKIA_is_refused",
        "def npm_install_of_everything_that_is_needed_by_the_page(): ...",
        "eyJhbGciOiJIUzI1NiJ9.and.more",
        f"{MANY}-sk-{MANY}-{MANY}",
        f"{MANY}-hf_{MANY}_{MANY}",
        f"{MANY}-xoxb-{MANY}_{MANY}",
        "AKIAIOSFODNN7EXAMPLE",
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "aws_secret_access_key = os.environ['AWS_SECRET_ACCESS_KEY']",
    ],
)
def test_other_words_stay(text: str) -> None:
    assert without_secrets(text) == text


def test_two_secrets_of_a_kind_are_told_apart() -> None:
    one, other = f"ghp_{MANY[:36]}", f"ghp_{MANY[1:37]}"
    found = secrets_of(f"{one} {other} {one}")
    assert sorted(found.values()) == [{one}, {other}] or set(found.values()) == {
        frozenset({one}), frozenset({other}),
    }  # fmt: skip
    assert placeholders_in(without_secrets(f"{one} {other} {one}")) == list(found)


def test_what_stands_for_secrets_is_known_again() -> None:
    text = (
        "[secret:GEMINI_API_KEY] [secret:jwt:0a1b2c] [secret:...] [secret:jwt] [secret:jwt:0a1b2c]"
    )
    assert placeholders_in(text) == ["[secret:GEMINI_API_KEY]", "[secret:jwt:0a1b2c]"]


KEY_LINES = [f"MIIE{MANY}{MANY[:20]}", f"{MANY}+/{MANY[:22]}", "9aB="]
KEY = "\n".join(["-----BEGIN PRIVATE KEY-----", *KEY_LINES, "-----END PRIVATE KEY-----"])
PLANTED = st.sampled_from([*(one for one, _ in SECRETS), *(text for text, _, _ in PARTS), KEY])
NOISE = st.text(st.sampled_from(f"{MANY}\n\r \\\"'-_.=+/:,[]%")) | st.text()
TEXTS = st.lists(NOISE | PLANTED).map("".join) | st.lists(NOISE | PLANTED).map("\n".join)


@given(TEXTS)
def test_once_is_enough_and_lines_stay_lines(text: str) -> None:
    once = without_secrets(text)
    assert without_secrets(once) == once
    assert once.count("\n") == text.count("\n")
    assert (once == text) or may_hold_secret(text)


@given(TEXTS)
def test_a_secret_is_noticed_in_the_json_of_its_text_which_stays_json(text: str) -> None:
    line = json.dumps({"text": text}, ensure_ascii=False)
    if without_secrets(text) != text:
        assert without_secrets(line) != line or may_span_lines(line)
    for nested in (line, json.dumps([line, 1])):
        assert type(json.loads(without_secrets(nested))) is type(json.loads(nested))


@given(TEXTS)
def test_what_is_taken_out_can_be_put_back(text: str) -> None:
    shown = without_secrets(text)
    for placeholder, secrets in secrets_of(text).items():
        (secret,) = secrets
        shown = shown.replace(placeholder, secret)
    assert shown == text


@given(st.lists(PLANTED, min_size=1, max_size=4))
def test_no_planted_secret_is_left(secrets: list[str]) -> None:
    shown = without_secrets("\n".join(secrets))
    assert MANY[:16] not in shown
    assert "IOSFODNN7" not in shown
