"""Gemini's words for a conversation, both ways. Pure: JSON values in camel case, no SDK, no I/O."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, assert_never

import msgspec

from events.conversation import (
    CallResult,
    Completion,
    Message,
    ModelMessage,
    Prompt,
    RequestedCall,
    ResultsMessage,
    Usage,
    UserMessage,
)
from models.errors import (
    BadRequestError,
    BlockedError,
    MalformedError,
    ModelError,
    TruncatedError,
)

Json = dict[str, Any]

FAMILY = "gemini-"
UNSIGNED = "skip_thought_signature_validator"
"""Stands where a signature is due and another family wrote the call (Google's documentation of
thought signatures names it)."""

_ERROR_OF_FINISH: Mapping[str, type[ModelError]] = {
    "MAX_TOKENS": TruncatedError,
    "CONTINUATION": TruncatedError,
    "SAFETY": BlockedError,
    "RECITATION": BlockedError,
    "LANGUAGE": BlockedError,
    "BLOCKLIST": BlockedError,
    "PROHIBITED_CONTENT": BlockedError,
    "SPII": BlockedError,
    "ESCALATION": BlockedError,
    "PUP_LIMITED_DISABLED": BlockedError,
    "MODEL_ARMOR": BlockedError,
    "MISSING_THOUGHT_SIGNATURE": BadRequestError,
}
"""Every reason but STOP that is not here means an answer that cannot be used: MalformedError."""


def contents(prompt: Prompt) -> list[Json]:
    """Return the messages of `prompt` as Gemini's contents."""
    return [_content(message) for message in prompt.messages]


def config(prompt: Prompt) -> Json:
    """Return all of `prompt` but its messages, as the SDK's GenerateContentConfig takes it."""
    settings: Json = {
        "systemInstruction": prompt.system or None,
        "maxOutputTokens": prompt.max_output_tokens,
        # One call is one request, on record: the SDK may neither run tools nor ask again.
        "automaticFunctionCalling": {"disable": True},
        "automaticContinuation": False,
    }
    if prompt.tools:
        declarations = [
            {
                "name": tool.name,
                "description": tool.description,
                "parametersJsonSchema": msgspec.json.decode(tool.parameters),
            }
            for tool in prompt.tools
        ]
        settings["tools"] = [{"functionDeclarations": declarations}]
    if prompt.answer_schema:
        settings["responseMimeType"] = "application/json"
        settings["responseJsonSchema"] = msgspec.json.decode(prompt.answer_schema)
    return settings


def completion(prompt: Prompt, chunks: Sequence[Json], latency_s: float) -> Completion:
    """Return the answer that the `chunks` of a stream make up.

    Raises:
        ModelError: it was blocked, cut off, or says nothing that can be used.
    """
    usage = _usage(chunks)
    parts: list[Json] = []
    finish = blocked = served_by = ""
    for chunk in chunks:
        candidate: Json = next(iter(chunk.get("candidates") or ()), {})
        parts += [part for part in candidate.get("content", {}).get("parts") or () if part]
        finish = candidate.get("finishReason") or finish
        blocked = chunk.get("promptFeedback", {}).get("blockReason") or blocked
        served_by = chunk.get("modelVersion") or served_by
    failure = _failure(parts, finish, blocked)
    if failure is not None:
        kind, what = failure
        raise kind(f"{prompt.model}: {what}", model=prompt.model, usage=usage)
    try:
        native = msgspec.json.encode({"parts": parts, "role": "model"}).decode()
    except UnicodeEncodeError:
        what = f"{prompt.model}: the answer holds half a character"
        raise MalformedError(what, model=prompt.model, usage=usage) from None
    return Completion(
        text=_text(parts),
        calls=tuple(_call(part["functionCall"]) for part in _called(parts)),
        usage=usage,
        native=native,
        served_by=served_by or prompt.model,
        latency_s=latency_s,
    )


def _content(message: Message) -> Json:
    match message:
        case UserMessage(text=text):
            return {"role": "user", "parts": [{"text": text}]}
        case ModelMessage(native=native) if native and message.native_model.startswith(FAMILY):
            own: Json = msgspec.json.decode(native)
            return own
        case ModelMessage():
            return {"role": "model", "parts": _foreign_parts(message)}
        case ResultsMessage(results=results):
            return {"role": "user", "parts": [_response(result) for result in results]}
        case _:
            assert_never(message)


def _foreign_parts(message: ModelMessage) -> list[Json]:
    """Return an answer of another family; only the first call of an answer needs a signature."""
    parts: list[Json] = [{"text": message.text}] if message.text or not message.calls else []
    for number, call in enumerate(message.calls):
        asked = {"id": call.native_id or None, "name": call.tool, "args": _object(call.arguments)}
        signature = {} if number else {"thoughtSignature": UNSIGNED}
        parts.append({"functionCall": asked, **signature})
    return parts


def _object(arguments: str) -> Json:
    """Return a call's arguments; text that is no JSON object is kept under one key."""
    try:
        return msgspec.json.decode(arguments, type=dict[str, Any])
    except ValueError:
        return {"arguments": arguments}


def _response(result: CallResult) -> Json:
    said = {"output" if result.ok else "error": result.text}
    answer = {"id": result.native_id or None, "name": result.tool, "response": said}
    return {"functionResponse": answer}


def _failure(parts: list[Json], finish: str, blocked: str) -> tuple[type[ModelError], str] | None:
    """Return why the answer cannot be used, or None."""
    if blocked:
        return BlockedError, f"the prompt is blocked: {blocked}"
    if not finish:
        # A connection that is cut cleanly looks just like success but for this.
        return MalformedError, "the answer has no end: no finish reason came"
    if finish != "STOP":
        kind = _ERROR_OF_FINISH.get(finish, MalformedError)
        return kind, f"the answer ended with {finish}"
    if not _called(parts) and not _text(parts):
        return MalformedError, "the answer is empty"
    return None


def _text(parts: Iterable[Json]) -> str:
    return "".join(part.get("text") or "" for part in parts if not part.get("thought"))


def _called(parts: Iterable[Json]) -> list[Json]:
    return [part for part in parts if "functionCall" in part]


def _call(asked: Json) -> RequestedCall:
    arguments = msgspec.json.encode(asked.get("args") or {}).decode()
    return RequestedCall(asked.get("name") or "", arguments, asked.get("id") or "")


def _usage(chunks: Iterable[Json]) -> Usage:
    """Return the last count: each one covers the whole call so far."""
    counts: Json = {}
    for chunk in chunks:
        counts = chunk.get("usageMetadata") or counts
    return Usage(
        input=counts.get("promptTokenCount", 0) + counts.get("toolUsePromptTokenCount", 0),
        output=counts.get("candidatesTokenCount", 0),
        cached=counts.get("cachedContentTokenCount", 0),
        thinking=counts.get("thoughtsTokenCount", 0),
    )
