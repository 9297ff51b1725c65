"""Gemini through the real SDK: how a try fails, and what is said of it."""

import traceback
from base64 import b64encode
from collections.abc import Callable, Sequence
from urllib.parse import quote

import pytest

from events.conversation import ModelMessage, Usage
from events.settings import Models
from models.errors import ModelError
from models.service import ModelService
from tests.gemini_replies import (
    Gate,
    Json,
    Reply,
    blocked_prompt,
    count,
    cut,
    drip,
    no_candidates,
    not_json,
    quota_per_day,
    rate_limit,
    refuse,
    reset_mid_stream,
    say,
    unavailable,
)
from tests.gemini_server import KEY
from tests.models.asking import PATIENCE_S, Gemini, prompt_of

Start = Callable[..., Gemini]

MID_STREAM: Json = {"error": {"code": 503, "message": "going down", "status": "UNAVAILABLE"}}
API_KEY_INVALID = refuse(400, "API key not valid.", [{"reason": "API_KEY_INVALID"}])


@pytest.mark.parametrize(
    ("reply", "kind", "retryable", "words"),
    [
        (rate_limit(), "rate_limit", True, "answered 429: You exceeded your current quota."),
        (quota_per_day(), "quota", False, "answered 429"),
        (unavailable(), "unavailable", True, "answered 503: The model is overloaded."),
        (refuse(500, "oops"), "unavailable", True, "answered 500: oops"),
        (refuse(504, "late"), "unavailable", True, "answered 504"),
        (refuse(408, "late"), "timeout", True, "answered 408"),
        (refuse(400, "what?"), "bad_request", False, "answered 400: what?"),
        (refuse(418, "teapot"), "bad_request", False, "answered 418"),
        (refuse(401, "who?"), "auth", False, "answered 401"),
        (refuse(403, "not you"), "auth", False, "answered 403"),
        (API_KEY_INVALID, "auth", False, "API key not valid."),
        (refuse(404, "no such model"), "unknown_model", False, "answered 404"),
        (Reply((), 502, b"<html>proxy</html>"), "unavailable", True, "<html>proxy</html>"),
        (reset_mid_stream(), "unavailable", True, "the connection broke"),
        (Reply([MID_STREAM]), "unavailable", True, "answered 503: going down"),
        (cut(), "malformed", True, "no finish reason came"),
        (no_candidates(), "malformed", True, "no finish reason came"),
        (Reply([[1, 2]]), "malformed", True, "no finish reason came"),  # type: ignore[list-item]
        (say(signed=False), "malformed", True, "the answer is empty"),
        (say(thought="hm", signed=False), "malformed", True, "the answer is empty"),
        (not_json(), "malformed", True, "cannot be read"),
        (say("a\ud800"), "malformed", True, "half a character"),
        (say(calls=[("f", {"a": "\ud800"})]), "malformed", True, "half a character"),
        (say("a", finish="MALFORMED_FUNCTION_CALL"), "malformed", True, "MALFORMED_FUNCTION_CALL"),
        (say("a", finish="UNEXPECTED_TOOL_CALL"), "malformed", True, "UNEXPECTED_TOOL_CALL"),
        (say("a", finish="NEWER_THAN_THE_SDK"), "malformed", True, "NEWER_THAN_THE_SDK"),
        (say("a", finish="MAX_TOKENS"), "truncated", True, "MAX_TOKENS"),
        (say("a", finish="CONTINUATION"), "truncated", True, "CONTINUATION"),
        (say("a", finish="SAFETY"), "blocked", False, "SAFETY"),
        (say("a", finish="MISSING_THOUGHT_SIGNATURE"), "bad_request", False, "SIGNATURE"),
        (blocked_prompt(), "blocked", False, "the prompt is blocked: SAFETY"),
    ],
)
def test_each_failure_has_its_kind_and_one_clear_line(
    gemini: Start, reply: Reply, kind: str, retryable: bool, words: str
) -> None:
    service = gemini(reply, say("better"))
    error = service.failure()
    assert (error.kind, error.retryable, error.model) == (kind, retryable, "gemini-test")
    assert words in str(error)
    assert "\n" not in str(error)
    assert len(service.server.requests) == 1, "only one layer retries, and it is not this one"
    assert service.ask().text == "better"


def test_what_a_failed_answer_cost_is_kept(gemini: Start) -> None:
    error = gemini(say("a", finish="MAX_TOKENS", usage=count(50, 20, thinking=3))).failure()
    assert error.usage == Usage(input=50, output=20, thinking=3)


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        (rate_limit("2s"), 2.0),
        (rate_limit("0.75s"), 0.75),
        (rate_limit("soon"), None),
        (rate_limit(), None),
        (refuse(503, "busy", headers={"retry-after": "7"}), 7.0),
        (refuse(503, "busy", headers={"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}), None),
    ],
)
def test_the_server_says_how_long_to_wait(
    gemini: Start, reply: Reply, seconds: float | None
) -> None:
    assert gemini(reply).failure().retry_after_s == seconds


def test_the_next_call_of_any_worker_waits_as_the_server_asked(gemini: Start) -> None:
    service = gemini(rate_limit("3600s"))
    service.failure()
    assert service.waits.empty()
    answer = service.service.submit(prompt_of())
    wait = service.waits.get(timeout=PATIENCE_S)
    assert (wait.model, wait.reason) == ("gemini-test", "server")
    assert wait.seconds is not None
    assert len(service.server.requests) == 1
    answer.cancel()


def test_a_day_without_quota_holds_no_other_call_back(gemini: Start) -> None:
    day = quota_per_day()
    delayed = Reply((), day.status, day.body, {"retry-after": "9000"})
    service = gemini(delayed, say("another key perhaps"))
    assert service.failure().retry_after_s == 9000.0
    assert service.ask().text == "another key perhaps"
    assert service.waits.empty()


def test_silence_in_mid_stream_is_a_timeout(gemini: Start) -> None:
    error = gemini(drip(Gate()), settings=Models(idle_timeout_s=0.2)).failure()
    assert (error.kind, error.retryable) == ("timeout", True)
    assert "silent for 0.2 s" in str(error)


def test_an_answer_that_never_ends_is_a_timeout(gemini: Start) -> None:
    error = gemini(drip(Gate()), settings=Models(total_timeout_s=0.2)).failure()
    assert (error.kind, error.retryable) == ("timeout", True)
    assert "no whole answer in 0.2 s" in str(error)


def test_an_answer_may_take_longer_than_any_one_silence(gemini: Start) -> None:
    gate = Gate()
    service = gemini(drip(gate))
    answer = service.service.submit(prompt_of())
    assert gate.reached.wait(PATIENCE_S)
    gate.open()
    assert answer.result(PATIENCE_S).text == "half and half"


def test_cancelling_the_future_ends_the_request(gemini: Start) -> None:
    gate = Gate()
    service = gemini(drip(gate), say("next"))
    answer = service.service.submit(prompt_of())
    assert gate.reached.wait(PATIENCE_S)
    assert answer.cancel()
    assert gate.left.wait(PATIENCE_S)
    assert service.ask().text == "next"


def test_closing_the_service_ends_the_requests_that_are_out(gemini: Start) -> None:
    gate = Gate()
    service = gemini(drip(gate))
    answer = service.service.submit(prompt_of())
    assert gate.reached.wait(PATIENCE_S)
    service.service.close()
    assert answer.cancelled()
    assert gate.left.wait(PATIENCE_S)


def test_nobody_listens_at_the_address() -> None:
    environment = {"GEMINI_API_KEY": KEY, "GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:1"}
    service = ModelService(Models(), environment)
    with pytest.raises(ModelError, match="the connection broke") as caught:
        service.submit(prompt_of()).result(PATIENCE_S)
    assert caught.value.kind == "unavailable"
    service.close()


def test_an_answer_on_record_that_the_sdk_does_not_know_is_a_bad_request(gemini: Start) -> None:
    service = gemini()
    said = ModelMessage("hm", native='{"role":"model","novelty":1}', native_model="gemini-9")
    error = service.failure(prompt_of("hi", said, "go on"))
    assert error.kind == "bad_request"
    assert "cannot send the conversation" in str(error)
    assert service.server.requests == []


def leaks(key: str) -> Sequence[Reply]:
    """Replies that say the key aloud, as a careless proxy does."""
    spoken = f"key {key} {quote(key, safe='')} {b64encode(key.encode()).decode()}"
    return [
        refuse(400, spoken),
        refuse(403, spoken),
        Reply((), 502, spoken.encode()),
        Reply([spoken.encode() + b"\n\n"]),
        Reply([{"error": {"code": 500, "message": spoken, "status": spoken}}]),
    ]


@pytest.mark.parametrize("number", range(len(leaks(KEY))))
def test_the_key_is_in_no_error_and_no_traceback(gemini: Start, number: int) -> None:
    key = "AIza/canary+0123456789"
    service = gemini(leaks(key)[number])
    service.server.key = key
    asking = ModelService(Models(), service.server.environment)
    with pytest.raises(ModelError) as caught:
        asking.submit(prompt_of()).result(PATIENCE_S)
    asking.close()
    told = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))
    assert "[secret:api-key]" in told
    assert caught.value.__context__ is None
    for form in (key, quote(key, safe=""), b64encode(key.encode()).decode()):
        assert form not in told
