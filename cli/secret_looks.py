"""How a secret of known value may stand in a text: as it is, escaped, in hex, in base64."""

import base64
import json
from collections.abc import Iterator
from urllib.parse import quote

_BASE64_BITS = 6


def looks_of(secret: str) -> tuple[str, ...]:
    """Return how `secret` may stand in a text, the longest form first.

    In base64 it looks different by what stands before it; of each look, what stands beside it has
    no part in the characters that are returned.

    >>> looks_of("a/b")
    ('612F62', '612f62', 'a%2Fb', 'YS9i', 'EvY', 'a/b', 'hL2')
    """
    data = secret.encode()
    escaped = json.dumps(secret)[1:-1]
    forms = {
        secret,
        escaped,
        json.dumps(secret, ensure_ascii=False)[1:-1],
        json.dumps(escaped)[1:-1],
        quote(secret, safe=""),
        quote(secret),
        data.hex(),
        data.hex().upper(),
        *(look for before in range(3) for look in _in_base64(data, before)),
    }
    return tuple(sorted(forms, key=lambda form: (-len(form), form)))


def _in_base64(data: bytes, before: int) -> Iterator[str]:
    """Give the characters of base64 that `data` alone decides, with `before` bytes before it."""
    first = -(-before * 8 // _BASE64_BITS)
    last = (before + len(data)) * 8 // _BASE64_BITS
    padded = b"\0" * before + data + b"\0\0"
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(padded).decode()[first:last]
