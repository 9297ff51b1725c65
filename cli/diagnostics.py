"""Diagnostics: JSON lines in the run folder, and human lines on standard error with ``-v``.

What happened in the domain is in the event log and nowhere else; this is for finding our bugs.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

from cli.redaction import Redactor


class Diagnostics:
    """One log of the program's own doings, safe to use from any thread."""

    def __init__(self, file: Path, *, verbose: bool) -> None:
        """Open `file` for appending; nothing is written to it before something happens."""
        self._file = file.open("ab", buffering=0)
        self._sinks: list[Any] = [
            structlog.wrap_logger(
                structlog.BytesLogger(self._file),
                processors=[
                    structlog.processors.TimeStamper(fmt="iso", utc=True),
                    structlog.processors.add_log_level,
                    structlog.processors.JSONRenderer(serializer=_json),
                ],
            )
        ]
        if verbose:
            self._sinks.append(
                structlog.wrap_logger(
                    structlog.PrintLogger(sys.stderr),
                    processors=[
                        structlog.processors.add_log_level,
                        structlog.processors.KeyValueRenderer(key_order=["event"]),
                    ],
                )
            )

    def note(self, event: str, **facts: object) -> None:
        """Take down that something happened, with its facts; what cannot be written is dropped."""
        redact = Redactor(os.environ)
        told = {
            name: fact if isinstance(fact, int | float | None) else redact(str(fact))
            for name, fact in facts.items()
        }
        for sink in self._sinks:
            with suppress(OSError):  # on a full disk, the log itself has the word
                sink.info(event, **told)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _json(value: object, **_: object) -> bytes:
    import msgspec

    return msgspec.json.encode(value, enc_hook=str)
