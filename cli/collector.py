"""Sends a trace to a collector with the OpenTelemetry SDK; nothing else of ours knows that library.

The SDK would make ids and times of its own, so no tracer is asked: the spans are read from the very
document that `export --format otel` prints, and handed to the SDK's exporter over HTTP. That reads
the OTEL_EXPORTER_OTLP_* variables for headers, certificates and compression; their values are not
repeated in any message, nor is what the exporter logs.
"""

import logging
import threading
from http import HTTPStatus
from http.client import responses
from typing import Any

import requests
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode

from cli.collector_address import printable
from cli.errors import TraceNotTakenError
from events.counted import counted

Json = dict[str, Any]

LIMIT_S = 10.0
"""For one request, tries of the exporter's own included."""
MOST_SPANS = 2000
"""In one request; about a megabyte, where collectors take twenty."""
_KINDS = {1: SpanKind.INTERNAL, 3: SpanKind.CLIENT}
"""OTLP's number -> the SDK's kind, which counts otherwise."""


def send(trace: Json, address: str, limit_s: float = LIMIT_S) -> int:
    """Send the trace, and return how many spans it has; each of its requests has `limit_s`.

    Raises:
        TraceNotTakenError: the collector was not reached, or did not take all. What it has taken
            by then does no harm: the same spans are sent again under the same ids.
    """
    logging.getLogger("opentelemetry").addHandler(logging.NullHandler())
    spans = spans_of(trace)
    for first in range(0, len(spans), MOST_SPANS):
        problem = _problem_with(spans[first : first + MOST_SPANS], address, limit_s)
        if problem:
            raise TraceNotTakenError(printable(address), problem)
    return len(spans)


def _problem_with(spans: list[ReadableSpan], address: str, limit_s: float) -> str:
    """Send one request; return why it was not taken, or nothing.

    It has a thread of its own, which the end of the process does not wait for: a time limit of
    sockets is one for each read, and finding the address of a name has none.
    """
    with _Witness(limit_s) as witness:
        exporter = OTLPSpanExporter(address, timeout=limit_s, session=witness)
        work = threading.Thread(target=exporter.export, args=(spans,), daemon=True)
        work.start()
        work.join(limit_s)
        return witness.late if work.is_alive() else witness.problem


class _Witness(requests.Session):
    """Keeps what became of the last request, of which the exporter only says whether it failed."""

    def __init__(self, limit_s: float) -> None:
        super().__init__()
        self.late = f"no answer within {limit_s:g} s"
        self.problem = "the request could not be made; look at the OTEL_EXPORTER_OTLP_* variables"

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - theirs
        """Send it; what the exporter shall not try again is raised as what it does not know."""
        try:
            answer = super().send(request, **kwargs)
        except requests.Timeout:
            self.problem = self.late
            raise
        except requests.ConnectionError as error:
            self.problem = _root_of(error)
            raise RuntimeError(self.problem) from error
        status = answer.status_code
        self.problem = f"HTTP {status} {responses.get(status, '')}".strip()
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:  # the exporter takes more for it
            self._read(answer)
        return answer

    def _read(self, answer: requests.Response) -> None:
        """Look for what only the body says: that some spans were rejected."""
        self.problem = "what answers there is no collector"
        kind = answer.headers.get("Content-Type", "")
        if kind.startswith("text/html"):
            return
        taken = ExportTraceServiceResponse()
        if kind.startswith("application/x-protobuf"):
            taken.ParseFromString(answer.content)
        rejected = taken.partial_success.rejected_spans
        self.problem = f"the collector rejected {counted(rejected, 'span')}" if rejected else ""


def _root_of(error: BaseException) -> str:
    """Return what the system said of a connection, without the library's words around it."""
    said = "the connection broke"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            said = cause.strerror
        cause = cause.__cause__ or cause.__context__
    return said


# ------------------------------------------------------------------------------------ the spans


def spans_of(trace: Json) -> list[ReadableSpan]:
    """Return the spans of a document of OTLP, in its order and with its ids."""
    return [
        _span(form, Resource(_facts(part["resource"])), InstrumentationScope(**group["scope"]))
        for part in trace["resourceSpans"]
        for group in part["scopeSpans"]
        for form in group["spans"]
    ]


def _span(form: Json, resource: Resource, scope: InstrumentationScope) -> ReadableSpan:
    status = form["status"]
    return ReadableSpan(
        form["name"],
        context=_context(form["traceId"], form["spanId"]),
        parent=_context(form["traceId"], form["parentSpanId"]) if "parentSpanId" in form else None,
        resource=resource,
        attributes=_facts(form),
        events=[
            Event(note["name"], _facts(note), int(note["timeUnixNano"])) for note in form["events"]
        ],
        kind=_KINDS[form["kind"]],
        status=Status(StatusCode(status["code"]), status.get("message")),
        start_time=int(form["startTimeUnixNano"]),
        end_time=int(form["endTimeUnixNano"]),
        instrumentation_scope=scope,
    )


def _context(trace: str, span: str) -> SpanContext:
    return SpanContext(int(trace, 16), int(span, 16), is_remote=False)


def _facts(form: Json) -> Json:
    return {pair["key"]: _value(pair["value"]) for pair in form["attributes"]}


def _value(form: Json) -> Any:  # noqa: ANN401 - what an attribute can be
    ((kind, value),) = form.items()
    match kind:
        case "intValue":
            return int(value)
        case "arrayValue":
            return [_value(item) for item in value["values"]]
        case _:
            return value
