"""A Gemini API on loopback, for tests through the real SDK: it answers what it is told to.

Before it answers it checks each request as Gemini does: the results of calls match the calls, and
thought signatures come back as they were given; else it says 400.
"""

import json
import re
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from tests.gemini_replies import UNSIGNED, Gate, Json, Reply, Reset, refuse, signature

KEY = "AIza-test-key-0123456789"
_PATH = re.compile(r"/v1(?:beta)?/models/([^/:]+):(streamGenerateContent\?alt=sse|generateContent)")
_DATA_FIELDS = frozenset({"text", "functionCall", "functionResponse"})


@dataclass(frozen=True)
class Request:
    """What the server was asked."""

    path: str
    headers: dict[str, str]
    body: Json
    at: float = field(default_factory=time.monotonic, compare=False)
    """When it was read whole: seconds of the monotonic clock."""

    @property
    def model(self) -> str:
        matched = _PATH.fullmatch(self.path)
        return matched[1] if matched else ""

    @property
    def streamed(self) -> bool:
        return ":stream" in self.path


@dataclass(frozen=True)
class Exchange:
    """A request with what was said to it."""

    request: Request
    reply: Reply
    sent: float
    """When all of the reply was sent: seconds of the monotonic clock."""


Answer = Callable[[Request], Reply]


class GeminiServer:
    """Answers with the replies of a list, one a request, or as a function of the request."""

    def __init__(self, answer: Answer | Iterable[Reply], key: str = KEY) -> None:
        self.key = key
        self.requests: list[Request] = []
        self.exchanges: list[Exchange] = []
        """In the order in which the replies were sent, those that nobody waited for left out."""
        self._lock = threading.Lock()
        self._gates: list[Gate] = []
        self._answer = answer if callable(answer) else _one_by_one(answer)
        self._http = _Http(self)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead a process here; loopback is never asked through a proxy."""
        return {
            "GOOGLE_GEMINI_BASE_URL": self.url,
            "GEMINI_API_KEY": self.key,
            "NO_PROXY": "127.0.0.1",
        }

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for gate in self._gates:
            gate.open()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def answer(self, request: Request) -> Reply:
        """Return the reply to `request`; one at a time, so that a list keeps its order."""
        with self._lock:
            self.requests.append(request)
            complaint = complaint_about(request)
            given = request.headers.get("x-goog-api-key")
            if given != self.key:
                return refuse(403, f"Method doesn't allow unregistered callers: {given}")
            reply = refuse(400, complaint) if complaint else self._answer(request)
            self._gates += [event for event in reply.events if isinstance(event, Gate)]
            return reply


def complaint_about(request: Request) -> str:
    """Return why Gemini would answer 400 to `request`, or an empty text."""
    if not request.model:
        return f"unknown path {request.path}"
    contents = request.body.get("contents") or []
    if not contents or contents[0].get("role") != "user":
        return "contents must begin with a user's turn"
    asked: list[Json] = []
    for number, content in enumerate(contents):
        for part in content.get("parts") or [{}]:
            if len(_DATA_FIELDS & part.keys()) != 1:
                return f"contents[{number}].parts: required oneof field 'data' must have one value"
        complaint = _misfit(asked, content) or _unsealed(content)
        if complaint:
            return f"contents[{number}]: {complaint}"
        asked = _named(content, "functionCall")
    if asked:
        return "the last function calls have no responses"
    return ""


def _misfit(asked: list[Json], content: Json) -> str:
    """Function responses come right after their calls, as many, in name and id the same."""
    given = _named(content, "functionResponse")
    if len(given) != len(asked):
        return "the number of function response parts must equal the number of function calls"
    for call, response in zip(asked, given, strict=True):
        if (call["name"], call.get("id")) != (response["name"], response.get("id")):
            return f"the response of {response['name']} does not match the call of {call['name']}"
    return ""


def _unsealed(content: Json) -> str:
    """The first call of a step carries its signature, and every signature fits what it signs."""
    if content["role"] != "model":
        return ""
    parts = content["parts"]
    first = next((part for part in parts if "functionCall" in part), None)
    if first is not None and "thoughtSignature" not in first:
        return "Function call is missing a thought_signature in functionCall parts"
    for part in parts:
        given = part.get("thoughtSignature", UNSIGNED).replace("-", "+").replace("_", "/")
        texts = [each.get("text", "") for each in parts if not each.get("thought")]
        signed = part if "functionCall" in part else {"text": "".join(texts)}
        if given not in (signature(signed), UNSIGNED.replace("_", "/")):
            return "Thought signature is not valid"
    return ""


def _named(content: Json, field: str) -> list[Json]:
    return [part[field] for part in content.get("parts") or () if field in part]


def _one_by_one(replies: Iterable[Reply]) -> Answer:
    left = iter(replies)
    spent = refuse(500, "the test has no further reply")
    return lambda _: next(left, spent)


class _Http(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, gemini: GeminiServer) -> None:
        self.gemini = gemini
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Http

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.path, headers, json.loads(body))
        with suppress(BrokenPipeError, ConnectionResetError):  # the client left: its test knows
            reply = self.server.gemini.answer(request)
            self._send(request, reply)
            self.server.gemini.exchanges.append(Exchange(request, reply, time.monotonic()))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing: the test reads `requests`."""

    def _send(self, request: Request, reply: Reply) -> None:
        streamed = request.streamed and reply.status == 200
        self.send_response(reply.status)
        self.send_header("content-type", "text/event-stream" if streamed else "application/json")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if not streamed:
            self.wfile.write(reply.body or json.dumps(_whole(reply)).encode())
            return
        for event in reply.events:
            match event:
                case Gate():
                    self._wait(event)
                case Reset():
                    self._reset()
                    return
                case bytes():
                    self.wfile.write(event)
                case _:
                    self.wfile.write(b"data: " + json.dumps(event).encode() + b"\r\n\r\n")

    def _wait(self, gate: Gate) -> None:
        gate.reached.set()
        while not gate.opened.is_set():
            readable, _, _ = select.select([self.connection], [], [], 0.01)
            if readable:  # the client has said all it had to: this is its hanging up
                gate.left.set()
                raise ConnectionResetError

    def _reset(self) -> None:
        no_farewell = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_farewell)
        self.connection.close()


def _whole(reply: Reply) -> Json:
    """Return the events of a stream as the one answer of a call that does not stream."""
    events = [event for event in reply.events if isinstance(event, dict)]
    parts = [
        part
        for event in events
        for candidate in event.get("candidates") or ()
        for part in candidate["content"]["parts"]
    ]
    last = json.loads(json.dumps(events[-1]))
    for candidate in last.get("candidates") or ():
        candidate["content"]["parts"] = parts
    answer: Json = last
    return answer
