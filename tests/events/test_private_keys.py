"""Private keys are found line by line, however they are quoted, numbered or torn."""

import json

import pytest

from events.secret_patterns import may_hold_secret, secrets_of, without_secrets

LINES = [
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj",
    "MzEfYyjiWA4R4+M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu",
    "k9s=",
]
BEGIN, END = "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"
KEY = "\n".join([BEGIN, *LINES, END])
HEADED = KEY.replace("PRIVATE", "RSA PRIVATE").replace(
    LINES[0], f"Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A1B2C\n\n{LINES[0]}"
)


def leaks(text: str, *, short: bool = True) -> list[str]:
    """Return the lines of the key that are still to be read."""
    shown = without_secrets(text)
    return [line for line in LINES if line in shown and (short or line != LINES[-1])]


def prefixed(prefix: str, suffix: str = "", key: str = KEY) -> str:
    """Return the key with something before and after each line; ``{n}`` is the line's number."""
    lines = key.split("\n")
    return "".join(f"{prefix.format(n=n)}{line}{suffix}\n" for n, line in enumerate(lines, 1))


@pytest.mark.parametrize("key", [KEY, HEADED], ids=["plain", "headed"])
@pytest.mark.parametrize(
    ("prefix", "suffix"),
    [
        ("", ""), ("", "\r"), ("    ", ""), ("+", ""), ("-", ""), (" ", ""), ("> ", ""), ("# ", ""),
        ('    "', '\\n"'), ("  '", "\\n' +"), ("{n:>4} | ", ""), ("{n}:", ""), ("     {n}\t", ""),
        ("certs/server.pem:{n}:", ""), ("certs/server.pem-{n}-", ""),
    ],
)  # fmt: skip
def test_each_line_of_a_key_has_a_placeholder_and_all_else_stays(
    key: str, prefix: str, suffix: str
) -> None:
    text = prefixed(prefix, suffix, key)
    found = secrets_of(text)
    assert {one for secrets in found.values() for one in secrets} == set(LINES)
    expected = text
    for placeholder, (secret,) in found.items():
        expected = expected.replace(secret, placeholder)
    assert without_secrets(text) == expected


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("key", [KEY, HEADED], ids=["plain", "headed"])
def test_a_key_in_json_has_one_placeholder_however_deep_it_is(key: str, depth: int) -> None:
    text = key
    for _ in range(depth):
        text = json.dumps({"private_key": f"{text}\n", "type": "service_account"})
    shown = without_secrets(text)
    assert len(secrets_of(text)) == 1
    assert leaks(text) == []
    assert '"type' in shown or '\\"type' in shown
    assert "-----BEGIN " in shown
    assert "PRIVATE KEY-----[secret:private-key:" in shown


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
@pytest.mark.parametrize(
    ("before", "between", "after"),
    [
        ("[", "', '", "].join('')"), ("'", "\\n' + '", "'"), ('f("', '\\n" "', '")'),
        ('["', '",\n    "', '"].join("\\n")'), ('"', '\\n"\n "', '"'), ("", "\\\n", ""),
    ],
)  # fmt: skip
def test_a_key_that_is_put_together_of_strings_is_found(
    before: str, between: str, after: str, depth: int
) -> None:
    text = f"{before}{KEY.replace(chr(10), between)}{after}"
    for _ in range(depth):
        text = json.dumps({"content": text, "more": "x"})
    assert leaks(text, short=False) == []
    for _ in range(depth):
        text = json.loads(without_secrets(text))["content"]


def test_json_stays_json_when_a_key_spans_its_strings() -> None:
    text = json.dumps({"old": f"{BEGIN}\n{LINES[0]}", "new": f"\t{LINES[1]}\n{END}", "count": 1})
    indented = json.dumps(json.loads(text), indent=2)
    for each in (text, indented):
        nested = json.dumps({"edited": each, "by": "me"})
        for one in (each, nested, json.dumps([nested])):
            shown = json.loads(without_secrets(one))
            assert type(shown) is type(json.loads(one))
            assert leaks(one, short=False) == []
        assert list(json.loads(without_secrets(each))) == ["old", "new", "count"]
        inner = json.loads(json.loads(without_secrets(nested))["edited"])
        assert list(inner) == ["old", "new", "count"]


def test_a_key_in_one_line_has_one_placeholder() -> None:
    text = f"KEY={KEY}\nx".replace("\n", " ")
    assert leaks(text) == []
    assert len(secrets_of(text)) == 1


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_a_key_is_found_by_one_of_its_ends(missing: int) -> None:
    lines = KEY.split("\n")
    head, tail = lines[:-missing], lines[missing:]
    assert leaks("\n".join([*head, "", "more text"]), short=False) == []
    short = missing < 3
    assert leaks("\n".join(["text before", *tail]), short=short) == []
    assert leaks(json.dumps("\n".join(head)), short=False) == []
    assert leaks(json.dumps("\n".join(tail)), short=short) == []


def test_keys_after_each_other_are_all_found() -> None:
    text = f"{KEY}\n{HEADED}\n{BEGIN}\nno key\n{KEY}\n"
    assert leaks(text) == []
    assert without_secrets(text).count("[secret:") == 9


@pytest.mark.parametrize(
    "text",
    [
        f'HEADER = "{BEGIN}"\nFOOTER = "{END}"\n',
        f"if line == '{BEGIN}':\n    return\nelse:\n    pass\n{LINES[0]}\n",
        f"{BEGIN}\n(your key)\n{END}\n",
        f"{BEGIN} and {END} stand around it",
        BEGIN,
        END,
        f"{END}\n{BEGIN}",
        KEY.replace("PRIVATE KEY", "CERTIFICATE"),
    ],
)
def test_the_words_alone_are_no_key(text: str) -> None:
    assert without_secrets(text) == text


def test_looking_for_keys_takes_linear_time() -> None:
    many = 20_000
    for text in (
        f"{BEGIN}\n" * many,
        f"{END}\n" * many,
        f"{BEGIN}\n{'+' * many}!\n{END}",
        f"{BEGIN}{'A1/' * many}!",
        f"{BEGIN}\n{'A' * many}!\n{'a.' * many}\n{END}",
        "\n".join([BEGIN, *[LINES[0]] * many]),
        "\n".join([*[LINES[0]] * many, END]),
    ):
        assert may_hold_secret(text)
        assert without_secrets(text).count("\n") == text.count("\n")
