"""Which rule names the first cause: they are tried in order, from the telling to the vague."""

import re
from collections.abc import Callable

from events.diagnosis import pytest_reports, runners, toolchains, tracebacks, traces
from events.diagnosis.cause import Cause

Recogniser = Callable[[str], Cause | None]
"""Reads cleaned output; None if it holds nothing of its kind."""

RECOGNISERS: tuple[Recogniser, ...] = (
    # A report says which test, and quotes the rest.
    pytest_reports.pytest_report,
    pytest_reports.pytest_timeout,
    runners.unittest_report,
    runners.doctest_report,
    runners.tap_report,
    # How a process died says more than what it printed before.
    tracebacks.fatal_error,
    *toolchains.COMPILERS,
    tracebacks.python_exception,
    tracebacks.syntax_error,
    traces.java_exception,
    traces.node_error,
    *toolchains.LINTERS,
    *toolchains.RUNTIMES,
    # What a shell, make or git says often only follows from the above.
    *toolchains.SHELLS,
    *toolchains.TOOLS,
)

_TELLING = re.compile(
    r"(?i:\b(?:error|exception|fail(?:ed|ure|s)?|fatal|cannot|can't|could not|couldn't|unable"
    r"|denied|refused|invalid|missing|not found|no such|unknown|unexpected|panic|abort(?:ed)?"
    r"|killed|out of memory|unbound|undefined|expected)\b)|\w(?:Error|Exception)\b"
)
_HARMLESS = re.compile(r"(?i:\b(?:0|no) (?:error|fail)|\bnpm warn\b|error is not recoverable)")


def recognised(text: str, exit_code: int | None = None) -> Cause | None:
    """Return the first cause that a rule finds in cleaned output, or None.

    Exit codes 126 and 127 are the shell's own: a command was not found or cannot be run.
    """
    first = toolchains.SHELLS if exit_code in {126, 127} else ()
    found = (recogniser(text) for recogniser in (*first, *RECOGNISERS))
    return next((cause for cause in found if cause is not None), None)


def last_words(text: str) -> Cause | None:
    """Return the last telling line of cleaned output, else its last line; None if it is blank."""
    last: re.Match[str] | None = None
    for match in _TELLING.finditer(text):
        line = _line_at(text, match.start())
        if _HARMLESS.search(line) is None and line.strip():
            last = match
    stripped = text.rstrip()
    if not stripped:
        return None
    at = last.start() if last else len(stripped) - 1
    return Cause(text.rfind("\n", 0, at) + 1, _line_at(text, at).strip())


def _line_at(text: str, position: int) -> str:
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    return text[start : end if end >= 0 else len(text)]
