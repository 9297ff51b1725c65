"""What a refusal of the Gemini API means, whatever shape it has."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import gemini_errors
from models.gemini_errors import LINE_LIMIT, quota_back_at, refusal

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)

bodies = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "details", "violations", "retryDelay", "quotaId", "reason"]),
            inner,
        )
    ),
    max_leaves=20,
)


@given(st.integers(100, 999), st.text(), bodies)
def test_any_status_message_and_body_become_one_line_of_bounded_length(
    status: int, message: str, body: object
) -> None:
    error = refusal("gemini-x", status, message, {"error": {"details": [body]}}, {}, NOON)
    assert refusal("gemini-x", status, message, body, {}, NOON).model == "gemini-x"
    assert str(error).splitlines() == [str(error)]
    assert len(str(error)) < LINE_LIMIT + 120


@pytest.mark.parametrize(
    ("violation", "kind"),
    [
        ({"quotaId": "GenerateRequestsPerDayPerProjectPerModel"}, "quota"),
        ({"quotaMetric": "googleapis.com/generate_requests_per_model_per_day"}, "quota"),
        ({"quotaId": "GenerateContentInputTokensPerModelPerMinute"}, "rate_limit"),
        ("perday", "rate_limit"),
    ],
)
def test_a_quota_of_the_day_is_told_from_one_of_the_minute(violation: object, kind: str) -> None:
    body = {"error": {"details": [{"violations": [violation]}]}}
    assert refusal("gemini-x", 429, "too many", body, {}, NOON).kind == kind


def test_details_of_no_known_shape_are_passed_over() -> None:
    details = [7, {"retryDelay": "3s"}]
    assert refusal("m", 429, "no", {"error": {"details": details}}, {}, NOON).retry_after_s == 3.0


@pytest.mark.parametrize(
    ("now", "back"),
    [
        ("2026-11-22T12:00", "2026-11-23T08:00"),
        ("2026-11-22T07:59", "2026-11-22T08:00"),
        ("2026-11-22T08:00", "2026-11-23T08:00"),
        ("2026-07-01T12:00", "2026-07-02T07:00"),
        ("2026-11-01T06:59", "2026-11-01T07:00"),
        ("2026-11-01T07:00", "2026-11-02T08:00"),
    ],
)
def test_the_quota_of_a_day_comes_back_at_midnight_pacific_time(now: str, back: str) -> None:
    then = quota_back_at(datetime.fromisoformat(f"{now}+00:00"))
    assert then == datetime.fromisoformat(f"{back}+00:00")


def test_without_time_zones_the_quota_comes_back_in_standard_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_zone(name: str) -> None:
        raise ZoneInfoNotFoundError(name)

    monkeypatch.setattr(gemini_errors, "ZoneInfo", no_zone)
    summer = datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert quota_back_at(summer) == datetime(2026, 7, 2, 8, tzinfo=UTC)


def test_who_has_used_up_the_quota_is_told_when_it_comes_back() -> None:
    body = {"error": {"details": [{"violations": [{"quotaId": "RequestsPerDay"}]}]}}
    error = refusal("gemini-x", 429, "too many", body, {}, NOON)
    assert str(error) == (
        "gemini-x: the server answered 429: too many; "
        "the quota of the day comes back at 2026-11-23 08:00 UTC"
    )
