"""What a model is asked and what it answers, in no provider's dialect."""

import hashlib
from typing import Literal

import msgspec

from events.ids import AttemptId, CallId, Digest, TicketId

Tier = Literal[1, 2, 3, 4]
"""1 plans an epic, 2 plans a track (both later), 3 is the Worker, 4 is QA."""


class Usage(msgspec.Struct, gc=False, frozen=True, omit_defaults=True):
    """Tokens of one or more model calls, as the provider counted them."""

    input: int = 0
    """Tokens of the prompt, cached ones included."""
    output: int = 0
    """Tokens of the answer, without thinking."""
    cached: int = 0
    """The part of `input` that was served from a cache."""
    thinking: int = 0
    """Tokens of thought; billed as output."""

    @property
    def total(self) -> int:
        """All tokens that count against a budget."""
        return self.input + self.output + self.thinking

    def __add__(self, other: "Usage") -> "Usage":
        """Return both together."""
        return Usage(
            self.input + other.input,
            self.output + other.output,
            self.cached + other.cached,
            self.thinking + other.thinking,
        )

    def __sub__(self, other: "Usage") -> "Usage":
        """Return what is left."""
        return Usage(
            self.input - other.input,
            self.output - other.output,
            self.cached - other.cached,
            self.thinking - other.thinking,
        )


class ToolSpec(msgspec.Struct, frozen=True):
    """One tool as a model is told of it."""

    name: str
    description: str
    parameters: str
    """JSON Schema of the arguments, as JSON text (deterministic order)."""


class RequestedCall(msgspec.Struct, frozen=True, omit_defaults=True):
    """A tool call as a model asked for it: hostile input until validated."""

    tool: str
    arguments: str
    """JSON text; not necessarily an object, not necessarily valid."""
    native_id: str = ""
    """The provider's id of the call, echoed with the result; empty if it gave none."""


class CallResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a model is told about one of its calls."""

    call: CallId
    tool: str
    text: str
    ok: bool = True
    native_id: str = ""


class UserMessage(msgspec.Struct, frozen=True, tag="user"):
    """Words of trackside to the model."""

    text: str


class ModelMessage(msgspec.Struct, frozen=True, tag="model", omit_defaults=True):
    """One answer of the model, as it is sent back to it in the next turn."""

    text: str
    calls: tuple[RequestedCall, ...] = ()
    native: str = ""
    """The provider's own form as JSON text (thought signatures live there), or empty."""
    native_model: str = ""
    """The model that wrote `native`; another family ignores it."""


class ResultsMessage(msgspec.Struct, frozen=True, tag="results"):
    """The results of all calls of the answer before, in its order."""

    results: tuple[CallResult, ...]


Message = UserMessage | ModelMessage | ResultsMessage


class PromptKey(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which call of the run a prompt belongs to. It is never part of what a model reads."""

    tier: Tier
    ticket: TicketId
    attempt: int
    """1, 2, ... within the ticket."""
    turn: int
    """1, 2, ... within the attempt; for QA the ordinal of the hint."""
    call: int
    """1, 2, ... over all recorded model calls of the attempt, failed ones included."""


def digest_of(*parts: object) -> Digest:
    """Return the sha256 over `parts` as JSON in deterministic order, a line each."""
    hasher = hashlib.sha256()
    for part in parts:
        hasher.update(msgspec.json.encode(part, order="deterministic") + b"\n")
    return Digest(hasher.hexdigest())


class Prompt(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything that one model call sends. Equal prompts have equal digests."""

    model: str
    system: str
    messages: tuple[Message, ...]
    key: PromptKey
    tools: tuple[ToolSpec, ...] = ()
    max_output_tokens: int = 8192
    answer_schema: str = ""
    """JSON Schema (text) when the answer must be JSON of that shape, else empty."""

    @property
    def digest(self) -> Digest:
        """sha256 over all of it but the key."""
        return digest_of(
            self.model,
            self.system,
            self.messages,
            self.tools,
            self.max_output_tokens,
            self.answer_schema,
        )


class Completion(msgspec.Struct, frozen=True, omit_defaults=True):
    """One whole answer of a model. A truncated or blocked answer is a `ModelError`, never this."""

    text: str
    calls: tuple[RequestedCall, ...] = ()
    usage: Usage = Usage()
    native: str = ""
    finish_reason: str = "stop"
    served_by: str = ""
    """The model that answered, as the provider names it."""
    latency_s: float = 0.0
    """Seconds from the request to the last byte of the answer."""


class View(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which form of which file a prompt holds, so that a replay can rebuild it."""

    path: str
    view: str
    """``raw``, ``curated``, ``skeleton``, ``outline``, ``excerpt`` (head and tail), ``missing``."""
    blob: str = ""
    """The git blob id of the file that was read; empty when it is missing."""
    size_bytes: int = 0
    tokens: int = 0
    """Estimated tokens of the view as shown."""
    original_tokens: int = 0
    """Estimated tokens of the whole file."""
    note: str = ""
    """Why the view is not what was asked for, if so."""


class WorkerContext(msgspec.Struct, frozen=True):
    """The clean context an attempt starts with: all that the worker knows."""

    ticket_id: TicketId
    attempt: AttemptId
    model_name: str
    system: str
    message: str
    """The first user message: goal, ticket, views, lesson, from stable to volatile."""
    views: tuple[View, ...] = ()
