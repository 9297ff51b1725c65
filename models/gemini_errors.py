"""What a refusal of the Gemini API means: status, details and headers to an error of ours. Pure."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from events.secret_patterns import without_secrets
from models.errors import (
    AuthError,
    BadRequestError,
    ModelError,
    ModelTimeoutError,
    QuotaError,
    RateLimitError,
    UnavailableError,
    UnknownModelError,
)

TOO_MANY_REQUESTS = 429
SERVER_ERRORS = 500
LINE_LIMIT = 300
"""Characters of a server's message that an error keeps."""

_ERROR_OF_STATUS: Mapping[int, type[ModelError]] = {
    401: AuthError,
    403: AuthError,
    404: UnknownModelError,
    408: ModelTimeoutError,
    TOO_MANY_REQUESTS: RateLimitError,
}
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s?")


def refusal(
    model: str,
    status: int,
    message: str,
    body: object,
    headers: Mapping[str, str],
    now: datetime,
) -> ModelError:
    """Return the error that an answer with a `status` other than 200 stands for.

    `body` is the decoded JSON of the answer: its ``error.details`` say how long to wait, and which
    quota is used up. `now` knows its time zone.
    """
    details = list(_details(body))
    kind = _kind(status, details)
    reset = ""
    if kind is QuotaError:
        reset = f"; the quota of the day comes back at {quota_back_at(now):%Y-%m-%d %H:%M} UTC"
    return kind(
        f"{model}: the server answered {status}: {one_line(message)}{reset}",
        model=model,
        retry_after_s=_retry_after_s(details, headers),
    )


def quota_back_at(now: datetime) -> datetime:
    """Return when the next day of quotas begins, in UTC: at midnight of Pacific time.

    Without a database of time zones it is taken for standard time, an hour late in summer.
    """
    try:
        pacific: tzinfo = ZoneInfo("America/Los_Angeles")
    except ZoneInfoNotFoundError:
        pacific = timezone(timedelta(hours=-8))
    tomorrow = now.astimezone(pacific).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), pacific).astimezone(UTC)


def one_line(text: str) -> str:
    """Return `text` on one line, without secrets, cut to `LINE_LIMIT` characters."""
    line = " ".join(without_secrets(text).split())
    return line if len(line) <= LINE_LIMIT else f"{line[:LINE_LIMIT]}..."


def _kind(status: int, details: list[dict[str, Any]]) -> type[ModelError]:
    if status == TOO_MANY_REQUESTS and any(map(_is_per_day, details)):
        return QuotaError
    if any(detail.get("reason") == "API_KEY_INVALID" for detail in details):
        return AuthError  # the API says 400 to a key that it does not know
    if status >= SERVER_ERRORS:
        return UnavailableError
    return _ERROR_OF_STATUS.get(status, BadRequestError)


def _is_per_day(detail: dict[str, Any]) -> bool:
    """Whether a QuotaFailure names a quota that only a new day refills."""
    violations = detail.get("violations")
    for violation in violations if isinstance(violations, list) else ():
        if isinstance(violation, dict):
            named = f"{violation.get('quotaId')} {violation.get('quotaMetric')}"
            if "perday" in named.replace("_", "").lower():
                return True
    return False


def _retry_after_s(details: list[dict[str, Any]], headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a RetryInfo, else the header, asks to wait."""
    asked = [detail["retryDelay"] for detail in details if "retryDelay" in detail]
    for delay in (*asked, headers.get("retry-after", "")):
        if seconds := _SECONDS.fullmatch(str(delay)):
            return float(seconds[1])
    return None


def _details(body: object) -> Iterator[dict[str, Any]]:
    """Yield the details of an error; a body of any other shape has none."""
    error = body.get("error") if isinstance(body, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict):
            yield detail
