"""Model calls that came to nothing: which are tried again, which end the attempt, which hold it."""

import pytest

from events.attempt import Attempt
from events.attempt_commands import RebindAttempt, RecordCallFailure
from events.attempt_due import CallModel, PrepareCall, due
from events.attempt_events import AttemptEnded, CallBegun, CallFailed
from tests.events.attempts import NEW, AttemptScenario, in_a_call
from tests.histories import BEGIN, CONTEXT, digest, limited, says, terms


def failure(
    message: str = "503", retry_after_s: float | None = None, *, retryable: bool = True
) -> RecordCallFailure:
    return RecordCallFailure("unavailable", message, retryable, retry_after_s)


def test_the_delay_between_tries_doubles_up_to_a_minute() -> None:
    scenario, delays = NEW.after(limited(model_tries=9), CONTEXT), []
    for _ in range(8):
        scenario = scenario.after(BEGIN, failure())
        delays.append(scenario.state.delay_s)
    assert delays == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]
    assert scenario.after(BEGIN, says("read_file")).state.delay_s == 0.0


def test_any_number_of_tries_has_a_delay() -> None:
    tired = NEW.after(limited(model_tries=5000), CONTEXT, BEGIN)
    often = tired.given(*[CallFailed("unavailable", "503")] * 4000).after(BEGIN)
    often.when(failure()).then(CallFailed("unavailable", "503", 60.0))


def test_the_servers_delay_outranks_ours() -> None:
    in_a_call().when(failure(retry_after_s=7.5)).then(CallFailed("unavailable", "503", 7.5))


def test_a_failure_that_no_retry_can_mend_ends_the_attempt() -> None:
    after = in_a_call().when(failure("bad key", retryable=False))
    ended = after.then_kinds(CallFailed, AttemptEnded)
    assert (ended.state.result, ended.state.reason) == ("failed", "bad key")


def test_the_last_try_of_a_call_is_the_last() -> None:
    twice = NEW.after(limited(model_tries=2), CONTEXT, BEGIN, failure(), BEGIN)
    ended = twice.when(failure("502")).then_kinds(CallFailed, AttemptEnded)
    assert ended.state.reason == "2 tries of one model call failed, the last with: 502"
    assert ended.state.model_calls == 2


def too_soon(retry_after_s: float | None = None) -> RecordCallFailure:
    return RecordCallFailure("rate_limit", "429", retryable=True, retry_after_s=retry_after_s)


def refused(scenario: AttemptScenario, *failures: RecordCallFailure) -> AttemptScenario:
    for failed in failures:
        scenario = scenario.after(BEGIN, failed)
    return scenario


def test_a_rate_limit_is_no_failed_try() -> None:
    patient = NEW.after(limited(model_tries=2), CONTEXT)
    patient = refused(patient, *[too_soon(0.2)] * 12, failure())
    assert (patient.state.tries, patient.state.too_soon, patient.state.result) == (1, 12, None)
    assert refused(patient, failure()).state.result == "failed"


def test_an_answer_ends_the_count_of_rate_limits() -> None:
    answered = refused(NEW.after(limited(), CONTEXT), too_soon(3.0)).after(BEGIN, says("read_file"))
    assert (answered.state.too_soon, answered.state.rate_waited_s) == (0, 0.0)


def test_without_a_word_of_the_server_the_wait_for_a_rate_limit_doubles() -> None:
    scenario, delays = NEW.after(limited(), CONTEXT), []
    for _ in range(4):
        scenario = refused(scenario, too_soon())
        delays.append(scenario.state.delay_s)
    assert delays == [1.0, 2.0, 4.0, 8.0]


def test_waits_for_rate_limits_that_come_to_too_much_hold_the_run() -> None:
    waited = refused(NEW.after(limited(rate_wait_s=10), CONTEXT), too_soon(4.0), too_soon(6.0))
    held = waited.after(BEGIN).when(too_soon(0.1)).then(CallFailed("rate_limit", "429", holds=True))
    assert (held.state.held, held.state.result) == ("429", None)
    assert due(held.state) == PrepareCall()


def test_a_run_that_goes_on_after_a_hold_waits_for_rate_limits_anew() -> None:
    held = refused(NEW.after(limited(rate_wait_s=10), CONTEXT), too_soon(11.0))
    again = refused(held, too_soon(9.0))
    assert (again.state.held, again.state.delay_s) == ("", 9.0)
    assert due(again.after(BEGIN).state) == CallModel(9.0)


@pytest.mark.parametrize("kind", ["quota", "auth"])
def test_a_failure_that_no_attempt_can_cure_holds_the_run(kind: str) -> None:
    gone = RecordCallFailure(kind, "come back tomorrow", retryable=False)
    held = in_a_call().when(gone).then(CallFailed(kind, "come back tomorrow", holds=True))
    assert (held.state.held, held.state.tries) == ("come back tomorrow", 0)
    assert held.after(BEGIN).state.held == ""


def test_a_hold_without_a_word_is_a_hold() -> None:
    assert in_a_call().after(RecordCallFailure("quota", "", retryable=False)).state.held == "quota"


def test_the_fallback_is_asked_when_the_quota_of_the_day_is_used_up() -> None:
    gone = RecordCallFailure("quota", "come back tomorrow", retryable=False)
    first = in_a_call(fallback="gemini-2.5-pro")
    fallen = first.when(gone).then(CallFailed("quota", "come back tomorrow"))
    assert (fallen.state.held, fallen.state.model) == ("", "gemini-2.5-pro")
    fallen.when(BEGIN).then(CallBegun(1, 2, digest("prompt"), 100, "gemini-2.5-pro"))
    again = (
        fallen.after(BEGIN).when(gone).then(CallFailed("quota", "come back tomorrow", holds=True))
    )
    assert again.state.held == "come back tomorrow"


def test_an_attempt_under_other_terms_has_failed_no_try() -> None:
    state = (
        refused(NEW.after(limited(), CONTEXT), failure(), too_soon(5.0))
        .after(RebindAttempt(terms(model="gemini-2.5-pro")))
        .state
    )
    assert _tries(state) == (0, 0, 0.0, 0.0)


def _tries(state: Attempt) -> tuple[int, int, float, float]:
    return state.tries, state.too_soon, state.rate_waited_s, state.delay_s


def test_a_server_that_names_no_wait_worth_the_name_is_asked_less_and_less_often() -> None:
    scenario = NEW.after(limited(), CONTEXT)
    while not scenario.state.held:
        scenario = refused(scenario, too_soon(0.0))
    assert 20 < scenario.state.model_calls < 40
    assert refused(NEW.after(limited(), CONTEXT), too_soon(0.0)).state.delay_s == 0.001


def test_a_server_that_wants_more_time_than_a_turn_has_holds_the_run() -> None:
    asked = NEW.after(limited(rate_wait_s=10), CONTEXT, BEGIN)
    held = asked.when(failure(retry_after_s=11.0)).then(
        CallFailed("unavailable", "503", holds=True)
    )
    assert held.state.held == "503"
