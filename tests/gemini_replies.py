"""What the loopback Gemini server can be told to answer, as values, and how it signs thoughts."""

import base64
import hashlib
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

UNSIGNED = "skip_thought_signature_validator"
_DETAIL = "type.googleapis.com/google.rpc."


class Gate:
    """A place in a reply where the server waits until the test opens it, or the client leaves."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.opened = threading.Event()
        self.left = threading.Event()
        """The client hung up while the server waited here."""

    def open(self) -> None:
        self.opened.set()


@dataclass(frozen=True)
class Reset:
    """The connection is reset here."""


@dataclass(frozen=True)
class Reply:
    """One answer: events of a stream in order, or a refusal with a body."""

    events: Sequence[Json | bytes | Gate | Reset] = ()
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def say(
    *texts: str,
    calls: Sequence[tuple[str, Json]] = (),
    usage: Json | None = None,
    finish: str = "STOP",
    ids: bool = True,
    signed: bool = True,
    thought: str = "",
    model: str = "gemini-test",
) -> Reply:
    """An answer in one event a text, then one with all calls; the count comes last."""
    parts: list[Json] = [{"text": thought, "thought": True}] if thought else []
    parts += [{"text": text} for text in texts]
    for number, (name, arguments) in enumerate(calls, 1):
        call: Json = {"name": name, "args": arguments}
        part: Json = {"functionCall": {**call, "id": f"call-{number}"} if ids else call}
        if signed and number == 1:
            part["thoughtSignature"] = signature(part)
        parts.append(part)
    if signed and not calls:
        late = {"text": ""}
        parts.append({**late, "thoughtSignature": signature({"text": "".join(texts)})})
    events = [_event([part], model) for part in parts]
    events.append(_event([], model, finish, usage or count(10, 5)))
    return Reply(events)


def count(prompt: int, output: int, *, cached: int = 0, thinking: int = 0) -> Json:
    """Usage as Gemini reports it: a count of nothing is left out."""
    counts = {
        "promptTokenCount": prompt,
        "candidatesTokenCount": output,
        "cachedContentTokenCount": cached,
        "thoughtsTokenCount": thinking,
        "totalTokenCount": prompt + output + thinking,
    }
    return {name: number for name, number in counts.items() if number}


def signature(part: Json) -> str:
    """Return what the server signs `part` with, so that any server can check it later."""
    signed = {name: value for name, value in part.items() if name != "thoughtSignature"}
    text = json.dumps(signed, sort_keys=True)
    return base64.b64encode(hashlib.sha256(f"seal {text}".encode()).digest()).decode()


def refuse(
    status: int,
    message: str,
    details: Sequence[Json] = (),
    headers: dict[str, str] | None = None,
) -> Reply:
    error = {"code": status, "message": message, "status": "REFUSED", "details": list(details)}
    return Reply((), status, json.dumps({"error": error}).encode(), headers or {})


def rate_limit(retry_delay: str | None = None) -> Reply:
    """Too many requests this minute."""
    details: list[Json] = [quota_failure("GenerateRequestsPerMinutePerProjectPerModel-FreeTier")]
    if retry_delay is not None:
        details.append({"@type": f"{_DETAIL}RetryInfo", "retryDelay": retry_delay})
    return refuse(429, "You exceeded your current quota.", details)


def quota_per_day() -> Reply:
    """Too many requests today."""
    details = [
        quota_failure("GenerateRequestsPerMinutePerProjectPerModel-FreeTier"),
        quota_failure("GenerateRequestsPerDayPerProjectPerModel-FreeTier"),
    ]
    return refuse(429, "You exceeded your current quota.", details)


def quota_failure(quota: str) -> Json:
    return {"@type": f"{_DETAIL}QuotaFailure", "violations": [{"quotaId": quota}]}


def unavailable() -> Reply:
    return refuse(503, "The model is overloaded. Please try again later.")


def reset_mid_stream() -> Reply:
    return Reply([_event([{"text": "half an ans"}], "gemini-test"), Reset()])


def cut() -> Reply:
    """The stream ends as if all were well, but no finish reason has come."""
    return Reply([_event([{"text": "half an ans"}], "gemini-test")])


def no_candidates() -> Reply:
    return Reply([{"candidates": [], "usageMetadata": count(10, 0)}])


def blocked_prompt(reason: str = "SAFETY") -> Reply:
    return Reply([{"promptFeedback": {"blockReason": reason}, "usageMetadata": count(10, 0)}])


def not_json() -> Reply:
    return Reply([b"<html>a proxy speaks</html>\n\n"])


def drip(gate: Gate) -> Reply:
    """Half an answer, then nothing until the gate opens, then the rest."""
    events = say("half", " and half").events
    return Reply([events[0], gate, *events[1:]])


def _event(
    parts: list[Json], model: str, finish: str | None = None, usage: Json | None = None
) -> Json:
    candidate: Json = {"index": 0, "content": {"role": "model", "parts": parts}}
    if finish:
        candidate["finishReason"] = finish
    event: Json = {"candidates": [candidate], "modelVersion": model}
    return event | ({"usageMetadata": usage} if usage else {})
