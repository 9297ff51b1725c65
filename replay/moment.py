"""A moment of a run, as people name it: a position in its log, or a time."""

import re
from datetime import UTC, datetime

from replay.errors import MomentInvalidError

Moment = int | datetime
"""The state right after that position; or after the last record that is not later than that time.

Order is by position, never by clock: where a clock was set back, the later position counts.
"""

_DIGITS = re.compile(r"[0-9]{1,18}")


def moment_of(text: str) -> Moment:
    """Return the moment that `text` names; a time without a zone is UTC.

    Raises:
        MomentInvalidError: it names none.

    >>> moment_of("17")
    17
    >>> moment_of("2026-11-22T02:35:27+01:00").isoformat()
    '2026-11-22T01:35:27+00:00'
    """
    if _DIGITS.fullmatch(text):
        return int(text)
    try:
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise MomentInvalidError(text) from None
