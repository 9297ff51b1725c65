"""What a refusal of the Gemini API means, whatever shape it has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.gemini_errors import LINE_LIMIT, refusal

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
    error = refusal("gemini-x", status, message, {"error": {"details": [body]}}, {})
    assert refusal("gemini-x", status, message, body, {}).model == "gemini-x"
    assert str(error).splitlines() == [str(error)]
    assert len(str(error)) < LINE_LIMIT + 60


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
    assert refusal("gemini-x", 429, "too many", body, {}).kind == kind


def test_details_of_no_known_shape_are_passed_over() -> None:
    details = [7, {"retryDelay": "3s"}]
    assert refusal("m", 429, "no", {"error": {"details": details}}, {}).retry_after_s == 3.0
