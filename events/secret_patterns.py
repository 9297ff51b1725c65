"""Secrets that nobody told us of, by the forms of their makers, and what stands for them.

A placeholder names the kind of the secret and the beginning of its digest, so that two secrets are
told apart, and an edit can put each one back: ``[secret:google-api-key:1f2e3d]``. The number of
lines never changes. See docs/decisions/0014-secrets-have-placeholders.md.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Final, NamedTuple

DIGITS: Final = 6
"""Hex digits of the SHA-256 of a secret that its placeholder shows."""


class _Form(NamedTuple):
    """How the secrets of a kind look."""

    kind: str
    mark: str
    """What each of them holds; cheap to look for."""
    form: str
    """A regular expression; its group 1 is the secret, else all of it."""


def _token(literal: str, rest: str) -> str:
    r"""Return the form of a token that begins with `literal`, of a fixed width, and not in a word.

    What ends an escape (``\n``, ``%3D``, a colour) is no part of a word. A form begins with its
    literal because `re` finds that fastest. Those with a short one end where their characters end:
    base64url is full of such beginnings, and a thought signature of a model must stay as it is.
    """
    escapes = (r"\\[nrtbf]", r"\\u[0-9A-Fa-f]{4}", r"[0-9\[]m", "%[0-9A-F]{2}")
    begins = [f"(?<![0-9A-Za-z_]{literal})", *(f"(?<={escape}{literal})" for escape in escapes)]
    return f"{literal}(?:{'|'.join(begins)}){rest}"


_FORMS: Final = (
    # https://cloud.google.com/docs/authentication/api-keys: always 39 characters
    _Form("google-api-key", "AIza", _token("AIza", r"[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])")),
    # https://developers.google.com/identity/protocols/oauth2
    _Form("google-token", "ya29.", _token(r"ya29\.", r"[0-9A-Za-z_-]{20,}")),
    _Form("google-client-secret", "GOCSPX-", _token("GOCSPX-", r"[0-9A-Za-z_-]{28,}")),
    # https://platform.openai.com/docs/api-reference/authentication,
    # https://docs.claude.com/en/api/admin-api, https://openrouter.ai/docs/api-reference/authentication
    _Form(
        "anthropic-or-openai-key",
        "sk-",
        _token(
            "sk-",
            r"(?:(?:proj|ant|svcacct|admin|or-v1)-(?=[A-Za-z_-]*[0-9])[0-9A-Za-z_-]{20,}"
            r"|(?=[A-Za-z]*[0-9])[0-9A-Za-z]{32,}+(?![_-]))",
        ),
    ),
    # https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/
    _Form("github-token", "gh", _token("gh[oprsu]_", r"[0-9A-Za-z]{36,}+(?![_-])")),
    _Form("github-token", "github_pat_", _token("github_pat_", r"[0-9A-Za-z_]{22,}")),
    # https://docs.gitlab.com/security/tokens/#token-prefixes
    _Form(
        "gitlab-token",
        "gl",
        _token("gl", r"(?:pat|dt|rt|cbt|ptt|oas|ft|agent|soat|imt)-[0-9A-Za-z_.-]{20,}"),
    ),
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids;
    # what ends in EXAMPLE is one of its documentation
    _Form(
        "aws-key-id",
        "A",
        _token("A[KS]IA", r"(?![0-9A-Z]{9}EXAMPLE)[0-9A-Z]{16}(?![0-9A-Za-z])"),
    ),
    # https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html
    _Form(
        "aws-secret-key",
        "_",
        r"_(?<=(?:aws|AWS)_)(?i:secret_access_key)[\"'\\ \t]{0,4}(?:\\t)?[:=](?:\\t)?"
        r"[\"'\\ \t]{0,4}((?!\w{13}/\w{7}/\w{8}EXAMPLEKEY)[0-9A-Za-z/+]{40})(?![0-9A-Za-z/+=])",
    ),
    # https://docs.slack.dev/authentication/tokens
    _Form("slack-token", "x", _token("xox[abeoprs]-", r"[0-9A-Za-z-]{10,}+(?!_)")),
    _Form("slack-token", "xapp-", _token("xapp-", r"[0-9A-Za-z-]{10,}")),
    # https://docs.stripe.com/keys, https://docs.stripe.com/webhooks
    _Form("stripe-key", "k_live_", _token("[rs]k_live_", r"[0-9A-Za-z]{16,}")),
    _Form("stripe-key", "whsec_", _token("whsec_", r"[0-9A-Za-z+/]{32,}={0,2}")),
    # https://huggingface.co/docs/hub/security-tokens
    _Form("hugging-face-token", "hf_", _token("hf_", r"[0-9A-Za-z]{34,}+(?![_-])")),
    # https://github.blog/2021-09-23-announcing-npms-new-access-token-format/
    _Form("npm-token", "npm_", _token("npm_", r"[0-9A-Za-z]{36}(?![0-9A-Za-z])")),
    # https://docs.pypi.org/api/secrets/
    _Form("pypi-token", "pypi-", _token("pypi-AgE", r"[0-9A-Za-z_-]{50,}")),
    # https://www.twilio.com/docs/sendgrid/ui/account-and-settings/api-keys
    _Form(
        "sendgrid-key",
        "SG.",
        _token(r"SG\.", r"[0-9A-Za-z_-]{22}\.[0-9A-Za-z_-]{43}(?![0-9A-Za-z_-])"),
    ),
    # https://docs.docker.com/security/access-tokens/
    _Form("docker-token", "dckr_", _token("dckr_[op]at_", r"[0-9A-Za-z_-]{27,}")),
    # https://docs.digitalocean.com/reference/api/create-personal-access-token/
    _Form("digitalocean-token", "_v1_", _token("do[opr]_v1_", r"[0-9a-f]{64}(?![0-9A-Za-z])")),
    # https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string
    _Form("azure-account-key", "AccountKey=", "AccountKey=([0-9A-Za-z+/]{86}==)"),
    # RFC 7519: three parts in base64url, the first two are JSON objects
    _Form(
        "jwt",
        "eyJ",
        _token("eyJ", r"[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{20,}"),
    ),
    # RFC 6750
    _Form(
        "bearer",
        "earer ",
        r"earer (?<=[Bb]earer )((?=[A-Za-z._~+/-]*[0-9])[0-9A-Za-z._~+/-]{20,}=*)",
    ),
)  # fmt: skip
"""Lengths are the shortest ones that are documented, or seen."""

_MARKS: Final = (
    ("_", re.compile(
        r"_(?:(?<=_[op]at_)|s(?<=aws_s)|S(?<=AWS_S)|[0-9A-Za-z+/]{10}(?:(?<=gh[oprsu]_.{10})"
        r"|(?<=k_live_.{10})|(?<=hf_.{10})|(?<=npm_.{10})|(?<=whsec_.{10})|(?<=_v1_.{10})))"
    ).search),
    ("-", re.compile(
        r"-(?:(?<=sk-)|(?<=xox[abeoprs]-)|(?<=xapp-)|(?<=pypi-)|(?<=GOCSPX-)|(?<=gl[a-z]{2}-)"
        r"|(?<=gl[a-z]{3}-)|(?<=gl[a-z]{4}-)|(?<=gl[a-z]{5}-)|----(?:BEGIN|END) )"
    ).search),
    ("I", re.compile("A(?:Iza|[KS]IA)").search),
    ("J", re.compile("eyJ").search),
    ("=", re.compile("AccountKey=").search),
    ("G", re.compile(r"SG\.").search),
    (" ", re.compile("earer ").search),
    (".", re.compile(r"ya29\.").search),
)  # fmt: skip
"""What the marks of all forms hold, and the marks: most texts are done with after eight looks."""

_KEY: Final = "PRIVATE KEY"
"""What the first and the last line of a private key hold."""
_PLACEHOLDER: Final = re.compile(
    rf"\[secret:(?:[A-Z][A-Z0-9_]*_API_KEY|[a-z][a-z0-9-]*:[0-9a-f]{{{DIGITS}}})\]"
)
Redact = Callable[[str], str]
"""Returns a text without the secrets that it may hold, in whatever form; any thread calls it."""
Noted = Callable[[str, str], None]
"""Takes a placeholder, and what it stands for."""


def without_secrets(text: str) -> str:
    """Return `text` with a placeholder for all that has the form of a secret; in linear time.

    >>> without_secrets("key=AIzaSyA1234567890abcdefghijklmnopqrstuv, kept")
    'key=[secret:google-api-key:5e8a6a], kept'
    """
    return _replaced(text, _ignore) if may_hold_secret(text) else text


def may_hold_secret(text: str) -> bool:
    """Return whether a secret of any form may be in `text`: a cheap question, often no."""
    for sign, search in _MARKS:  # noqa: SIM110 - a generator takes half as long again
        if sign in text and search(text):
            return True
    return False


def may_span_lines(text: str) -> bool:
    """Return whether a form of several lines may be in `text`: in JSON it looks otherwise."""
    return _KEY in text


def secrets_of(text: str) -> Mapping[str, frozenset[str]]:
    """Return what each placeholder of `without_secrets` stands for; more than one thing is rare."""
    found: dict[str, frozenset[str]] = {}

    def note(placeholder: str, secret: str) -> None:
        found[placeholder] = found.get(placeholder, frozenset()) | {secret}

    if may_hold_secret(text):
        _replaced(text, note)
    return found


def placeholders_in(text: str) -> list[str]:
    """Return what stands in `text` for secrets, of any form or known by name, once each."""
    return list(dict.fromkeys(_PLACEHOLDER.findall(text))) if "[secret:" in text else []


def _replaced(text: str, note: Noted) -> str:
    if _KEY in text:
        text = _without_keys(text, note)
    for kind, mark, form in _FORMS:
        if mark in text:
            text = _compiled(form).sub(partial(_stand_in, kind, note), text)
    return text


def _without_keys(text: str, note: Noted) -> str:
    from events.private_keys import key_spans

    pieces, done = [], 0
    for start, end in key_spans(text):
        pieces += [text[done:start], _placeholder("private-key", text[start:end], note)]
        done = end
    return "".join([*pieces, text[done:]])


@cache
def _compiled(form: str) -> re.Pattern[str]:
    """Compile when needed: most processes never meet a secret, and 20 forms take milliseconds."""
    return re.compile(form)


def _stand_in(kind: str, note: Noted, found: re.Match[str]) -> str:
    secret = found[found.re.groups]
    return found[0].replace(secret, _placeholder(kind, secret, note))


def _placeholder(kind: str, secret: str, note: Noted) -> str:
    from hashlib import sha256

    digest = sha256(secret.encode(errors="surrogatepass")).hexdigest()
    placeholder = f"[secret:{kind}:{digest[:DIGITS]}]"
    note(placeholder, secret)
    return placeholder


def _ignore(_placeholder: str, _secret: str) -> None:
    """Take note of nothing."""
