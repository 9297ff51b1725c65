"""A collector on loopback: takes traces as OTLP over HTTP, and answers what it is told to."""

import base64
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from google.protobuf.json_format import ParseDict  # type: ignore[import-untyped]  # has no stubs
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

Json = dict[str, Any]
PROTOBUF = {"Content-Type": "application/x-protobuf"}
DRIP_S = 0.02


@dataclass(frozen=True)
class Answer:
    """What the collector says to one request."""

    status: int = 200
    """0 for hanging up."""
    headers: dict[str, str] = field(default_factory=lambda: PROTOBUF)
    body: bytes = b""
    dripping: bool = False
    """Whether it never comes to an end, a header at a time, until the server closes."""


def rejecting(spans: int) -> Answer:
    """Return the answer of a collector that takes all spans but so many."""
    said = ExportTraceServiceResponse()
    said.partial_success.rejected_spans = spans
    return Answer(body=said.SerializeToString())


@dataclass(frozen=True)
class Request:
    """What came in."""

    path: str
    headers: dict[str, str]
    trace: ExportTraceServiceRequest


class Collector:
    """Gives the answers of a list, one a request, then takes all that comes."""

    def __init__(self, *answers: Answer) -> None:
        self.requests: list[Request] = []
        self.closing = threading.Event()
        self.answers: Iterable[Answer] = iter(answers)
        self._http = _Http(("127.0.0.1", 0), _Handler)
        self._http.collector = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.closing.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


class _Http(ThreadingHTTPServer):
    daemon_threads = False
    collector: Collector


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, _Http)
        collector = self.server.collector
        body = self.rfile.read(int(self.headers["Content-Length"]))
        trace = ExportTraceServiceRequest.FromString(body)
        headers = {name.lower(): value for name, value in self.headers.items()}
        collector.requests.append(Request(self.path, headers, trace))
        answer = next(iter(collector.answers), Answer())
        if not answer.status:
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        while answer.dripping and not collector.closing.wait(DRIP_S):
            self.send_header("X-More", "to come")
            try:
                self.flush_headers()
            except OSError:  # nobody waits for it any longer
                return
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base
        """Say nothing."""


def request_of(document: Json) -> ExportTraceServiceRequest:
    """Return what the JSON of a trace says, read by the library of the protocol itself.

    OTLP writes ids in hex, where the JSON of protobuf has base64.
    """
    request = ExportTraceServiceRequest()
    ParseDict(_in_base64(document), request)
    return request


def plain(request: ExportTraceServiceRequest) -> ExportTraceServiceRequest:
    """Return the request without the flags that the SDK adds: where the parent of a span ran."""
    copy = ExportTraceServiceRequest()
    copy.CopyFrom(request)
    for part in copy.resource_spans:
        for group in part.scope_spans:
            for span in group.spans:
                span.flags = 0
    return copy


def _in_base64(form: Any) -> Any:  # noqa: ANN401 - any JSON
    match form:
        case dict():
            return {
                name: base64.b64encode(bytes.fromhex(value)).decode()
                if name in {"traceId", "spanId", "parentSpanId"}
                else _in_base64(value)
                for name, value in form.items()
            }
        case list():
            return [_in_base64(item) for item in form]
        case _:
            return form
