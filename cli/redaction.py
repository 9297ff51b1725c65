"""Keeps secrets out of all that is written and said: the user's keys, and what looks like a key."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from events.secret_patterns import without_secrets

SHORTEST = 8
"""Characters; a shorter value would be found everywhere, and is no key."""


class Redactor:
    """Replaces the keys of an environment in any text, then what has the form of a secret.

    Safe to call from any thread; what it returns it would not change again.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Learn the keys; later changes of the environment are not seen."""
        named = any(name.endswith("_API_KEY") for name in environment)
        self._known = list(_known(environment)) if named else []

    def __call__(self, text: str) -> str:
        """Return `text` with ``[secret:NAME]`` for each key, and placeholders for others."""
        for form, name in self._known:
            if form in text:
                text = text.replace(form, name)
        return without_secrets(text)


def _known(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Give each look of each key, and what stands for it."""
    from cli.secret_looks import looks_of
    from models.key import KEY_NAMES

    for name in KEY_NAMES:
        secret = environment.get(name, "").strip()
        if len(secret) >= SHORTEST:
            yield from ((look, f"[secret:{name}]") for look in looks_of(secret))


class _RedactingStream:
    """A text stream that lets no secret through; for everything else it is the stream behind it."""

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
    """Let no secret reach standard output and error; one write at a time."""
    redact = Redactor(os.environ)
    out, err = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (_RedactingStream(stream, redact) for stream in (out, err))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = out, err
