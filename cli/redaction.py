"""Keeps the user's keys out of all that is written and said: known values, in their usual forms."""

import base64
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from models.key import KEY_NAMES

SHORTEST = 8
"""Characters; a shorter value would be found everywhere, and is no key."""
_BASE64_BITS = 6


class Redactor:
    """Replaces the keys of an environment in any text. Safe to call from any thread."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Learn the keys; later changes of the environment are not seen."""
        self._known = [
            (form, f"[secret:{name}]")
            for name in KEY_NAMES
            if len(secret := environment.get(name, "").strip()) >= SHORTEST
            for form in forms_of(secret)
        ]

    def __bool__(self) -> bool:
        """Return whether there is anything to replace."""
        return bool(self._known)

    def __call__(self, text: str) -> str:
        """Return `text` with ``[secret:NAME]`` for each key in it."""
        for form, name in self._known:
            if form in text:
                text = text.replace(form, name)
        return text


def forms_of(secret: str) -> tuple[str, ...]:
    """Return how `secret` may stand in a text, the longest form first.

    In base64 it looks different by what stands before it; of each look, what stands beside it has
    no part in the characters that are returned.

    >>> forms_of("a/b")
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


class _RedactingStream:
    """A text stream that lets no key through; for everything else it is the stream behind it."""

    def __init__(self, stream: Any, redact: Redactor) -> None:  # noqa: ANN401  # what sys holds
        self._stream = stream
        self._redact = redact

    def write(self, text: str) -> int:
        self._stream.write(self._redact(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # that of the stream
        return getattr(self._stream, name)


@contextmanager
def redacted_output() -> Iterator[None]:
    """Let no key of the environment reach standard output and error; one write at a time."""
    redact = Redactor(os.environ)
    if not redact:
        yield
        return
    out, err = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (_RedactingStream(stream, redact) for stream in (out, err))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = out, err
