"""Secrets that nobody told us of, by the forms that their makers give them.

Used for what commands print, where nobody means to edit by it. Files are left as they are: a worker
that could not read them exactly would write them back wrong.
"""

import re
from typing import Final

_FORMS: Final[dict[str, str]] = {
    "private-key": (
        r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----"
        r"[0-9A-Za-z+/=\s]{1,20000}(?:-----END [A-Z ]{0,40}-----)?"
    ),
    "google-api-key": r"\bAIza[0-9A-Za-z_-]{35}",
    "google-token": r"\bya29\.[0-9A-Za-z_-]{20,}",
    "anthropic-or-openai-key": r"\bsk-(?:ant-|proj-)?(?=[A-Za-z_-]*[0-9])[0-9A-Za-z_-]{20,}",
    "github-token": r"\b(?:gh[oprsu]_[0-9A-Za-z]{36,}|github_pat_[0-9A-Za-z_]{22,})",
    "gitlab-token": r"\bglpat-[0-9A-Za-z_-]{20,}",
    "aws-key-id": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "slack-token": r"\bxox[abeoprs]-[0-9A-Za-z-]{10,}",
    "stripe-key": r"\b[rs]k_live_[0-9A-Za-z]{16,}",
    "bearer": r"(?<=[Bb]earer )[0-9A-Za-z._~+/-]{20,}=*",
}
"""What kind of secret -> its form, as its maker documents it (lengths at their shortest)."""

_ANY: Final = re.compile("|".join(f"(?P<k{n}>{form})" for n, form in enumerate(_FORMS.values())))
_NAMES: Final = tuple(_FORMS)


def without_secrets(text: str) -> str:
    """Return `text` with ``[secret:KIND]`` for all that has the form of a secret; in linear time.

    >>> without_secrets("key=AIzaSyA1234567890abcdefghijklmnopqrstuv, kept")
    'key=[secret:google-api-key], kept'
    """
    return _ANY.sub(_named, text)


def _named(found: re.Match[str]) -> str:
    return f"[secret:{_NAMES[int((found.lastgroup or 'k0')[1:])]}]"
