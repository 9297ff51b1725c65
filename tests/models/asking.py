"""Prompts, and models that are asked for real: over HTTP on loopback, or from a playbook."""

from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from events.conversation import (
    Completion,
    Message,
    Prompt,
    PromptKey,
    Tier,
    ToolSpec,
    UserMessage,
)
from events.ids import TicketId
from models.errors import ModelError
from models.service import ModelService, Wait
from tests.gemini_server import GeminiServer

PATIENCE_S = 20.0
"""How long a test waits for what must come; nobody waits so long when all is well."""


def prompt_of(
    *messages: Message | str,
    model: str = "gemini-test",
    key: PromptKey | None = None,
    system: str = "You are a worker.",
    tools: tuple[ToolSpec, ...] = (),
    answer_schema: str = "",
) -> Prompt:
    said = [UserMessage(each) if isinstance(each, str) else each for each in messages or ("hi",)]
    return Prompt(
        model, system, tuple(said), key or key_of(), tools=tools, answer_schema=answer_schema
    )


def key_of(
    ticket: str = "T1", attempt: int = 1, turn: int = 1, call: int | None = None, tier: Tier = 3
) -> PromptKey:
    return PromptKey(tier, TicketId(ticket), attempt, turn, turn if call is None else call)


@dataclass(frozen=True)
class Gemini:
    """A Gemini server and a service that asks it."""

    server: GeminiServer
    service: ModelService
    waits: "SimpleQueue[Wait]"

    def ask(self, prompt: Prompt | str = "hi") -> Completion:
        asked = prompt_of(prompt) if isinstance(prompt, str) else prompt
        return self.service.submit(asked).result(PATIENCE_S)

    def failure(self, prompt: Prompt | str = "hi") -> ModelError:
        """Ask, and return how it fails."""
        try:
            answer = self.ask(prompt)
        except ModelError as error:
            return error
        msg = f"it did not fail: {answer}"
        raise AssertionError(msg)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [request.body for request in self.server.requests]
