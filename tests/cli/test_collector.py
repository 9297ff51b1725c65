"""Traces on their way to a collector: what arrives, and what is said when it does not."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cli import collector
from cli.collector import send
from cli.collector_address import address_of
from cli.errors import OptionInvalidError, TraceNotTakenError
from replay.reports.otlp import CLIENT, ERROR, INTERNAL, OK, Json, Note, Span, document
from tests.collector_server import Answer, Collector, plain, rejecting, request_of

AT = "2026-11-22T06:54:14.123456+00:00"
LATER = "2026-11-22T06:54:15+00:00"
SOON_S = 0.3
"""For what never comes, however long one waits."""


def trace_of(count: int = 2) -> Json:
    """Return a trace that has everything that one of ours can have."""
    note = Note("forked", AT, {"parent": "old", "position": 7})
    values = {"text": "é", "yes": True, "no": False, "none": 0, "many": 2**40, "half": 0.5}
    root = Span(
        about="run", parent="", name="root", kind=INTERNAL, began=AT, ended=LATER,
        attributes=values | {"list": ["stop"], "empty": []}, status=OK, notes=[note],
    )  # fmt: skip
    below = [
        Span(
            about=f"call {number}", parent="run", name="chat", kind=CLIENT, began=AT, ended=LATER,
            attributes={}, status=ERROR, words="timeout",
        )
        for number in range(1, count)
    ]  # fmt: skip
    return document("a run", "salt", "1.2.3", [root, *below])


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    """Wait for the threads of requests that were given up: each ends when its server has gone."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        thread.join()


def problem_of(server: Collector) -> str:
    with pytest.raises(TraceNotTakenError) as caught:
        send(trace_of(), f"{server.url}/v1/traces")
    assert str(caught.value).startswith(f"{server.url}/v1/traces did not take the trace: ")
    return caught.value.reason


def test_a_trace_arrives_as_its_json_says() -> None:
    trace = trace_of()
    with Collector() as server:
        assert send(trace, f"{server.url}/v1/traces") == 2
    (request,) = server.requests
    assert request.headers["content-type"] == "application/x-protobuf"
    assert plain(request.trace) == request_of(trace)


def test_a_long_trace_goes_in_several_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "MOST_SPANS", 2)
    trace = trace_of(5)
    with Collector() as server:
        assert send(trace, f"{server.url}/v1/traces") == 5
    arrived = [
        span.span_id.hex()
        for request in server.requests
        for span in request.trace.resource_spans[0].scope_spans[0].spans
    ]
    assert len(server.requests) == 3
    assert arrived == [
        span["spanId"] for span in trace["resourceSpans"][0]["scopeSpans"][0]["spans"]
    ]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Answer(0), "the connection broke"),
        (Answer(400), "HTTP 400 Bad Request"),
        (Answer(401, body=b"no such key: secret"), "HTTP 401 Unauthorized"),
        (Answer(503, {"Retry-After": "3600"}), "HTTP 503 Service Unavailable"),
        (Answer(302, {"Location": "/login"}), "HTTP 302 Found"),
        (Answer(304), "HTTP 304 Not Modified"),
        (Answer(599), "HTTP 599"),
        (rejecting(1), "the collector rejected 1 span"),
        (Answer(200, {"Content-Type": "text/html"}), "what answers there is no collector"),
        (Answer(body=b"\xff\xff"), "what answers there is no collector"),
    ],
)
def test_what_a_collector_does_not_take_is_said_in_few_words(answer: Answer, problem: str) -> None:
    with Collector(answer) as server:
        assert problem_of(server) == problem
        assert len(server.requests) == 1


def test_a_collector_that_is_busy_is_asked_again() -> None:
    with Collector(Answer(503, {"Retry-After": "0"})) as server:
        assert send(trace_of(), f"{server.url}/v1/traces") == 2
    assert len(server.requests) == 2


def test_an_answer_that_never_ends_is_not_waited_for_long() -> None:
    with Collector(Answer(dripping=True)) as server:  # so no single read takes long
        address = f"{server.url}/v1/traces"
        with pytest.raises(TraceNotTakenError, match=r"no answer within 0\.3 s"):
            send(trace_of(), address, SOON_S)


@contextmanager
def listening() -> Iterator[tuple[socket.socket, str]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server, f"http://127.0.0.1:{server.getsockname()[1]}/v1/traces"


def test_a_collector_that_says_nothing_is_not_waited_for_long() -> None:
    with listening() as (_, address), pytest.raises(TraceNotTakenError, match=r"within 0\.3 s"):
        send(trace_of(), address, SOON_S)


def test_a_certificate_that_is_not_there_is_not_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # which would have the last word
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere/ca.pem")
    with listening() as (_, address), pytest.raises(TraceNotTakenError, match="OTEL_EXPORTER"):
        send(trace_of(), address.replace("http", "https", 1))


@pytest.mark.parametrize(
    ("url", "base", "whole", "address"),
    [
        ("", "", "", "http://localhost:4318/v1/traces"),
        ("", "http://base:1/otlp/", "", "http://base:1/otlp/v1/traces"),
        ("", "http://base:1", "https://whole/spans", "https://whole/spans"),
        ("http://me", "http://base:1", "http://whole", "http://me/v1/traces"),
        ("http://me/v1/traces?key=1", "", "", "http://me/v1/traces?key=1"),
    ],
)
def test_what_is_named_closest_says_where_traces_go(
    url: str, base: str, whole: str, address: str
) -> None:
    named = {"OTEL_EXPORTER_OTLP_ENDPOINT": base, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": whole}
    assert address_of(url, named) == address


@pytest.mark.parametrize(
    "url", ["run-1", "localhost:4318", "ftp://host", "http://", "http://h:x", "http://[::1"]
)
def test_what_is_no_address_is_refused_unrepeated(url: str) -> None:
    with pytest.raises(OptionInvalidError) as caught:
        address_of(url, {})
    assert str(caught.value) == "--send: a URL of HTTP is needed, such as http://localhost:4318"
    with pytest.raises(OptionInvalidError, match=r"^OTEL_EXPORTER_OTLP_ENDPOINT: "):
        address_of("", {"OTEL_EXPORTER_OTLP_ENDPOINT": url})
