"""The key to Gemini: where it comes from, and how it is kept out of what people read."""

import base64
from collections.abc import Mapping
from urllib.parse import quote

KEY_NAMES = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
"""In order of precedence, which is the SDK's."""


def gemini_key(environment: Mapping[str, str]) -> str | None:
    """Return the key for the Gemini API, or None; an empty value counts as none."""
    keys = (environment.get(name, "").strip() for name in KEY_NAMES)
    return next((key for key in keys if key), None)


def redacted(text: str, secret: str) -> str:
    """Return `text` with `secret` replaced, also where it is percent-encoded or in base64.

    >>> redacted("GET /?key=a%2Fb", "a/b")
    'GET /?key=[secret:api-key]'
    """
    for form in (secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode()):
        text = text.replace(form, "[secret:api-key]")
    return text
