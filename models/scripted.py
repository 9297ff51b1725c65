"""A model that answers from a playbook: no key, no network, and the same answers every time."""

import re
from pathlib import Path
from typing import assert_never

import msgspec

from events.conversation import (
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
    ModelError,
    ModelTimeoutError,
    RateLimitError,
    ScriptError,
    UnavailableError,
)
from models.playbook import Failure, Playbook, Step, Turn, read_playbook, steps

PREFIX = "scripted:"
QA_TIER = 4
CHARACTERS_PER_TOKEN = 4

_ERROR_OF: dict[Failure, type[ModelError]] = {
    "rate_limit": RateLimitError,
    "unavailable": UnavailableError,
    "timeout": ModelTimeoutError,
}


class ScriptedModel:
    """Answers each call as its playbook says: a pure function of the prompt and its key."""

    def __init__(self, playbook: Playbook, source: str) -> None:
        """Answer from `playbook`; `source` names it in errors."""
        self._playbook = playbook
        self._source = source

    @classmethod
    def from_file(cls, path: Path) -> "ScriptedModel":
        """Return the model of the playbook in `path`.

        Raises:
            PlaybookInvalidError: the playbook cannot be used.
        """
        return cls(read_playbook(path), str(path))

    async def complete(self, prompt: Prompt) -> Completion:
        """Return what the playbook says to this call.

        Raises:
            ScriptError: it says nothing here, or expects another prompt.
            ModelError: it says that the call fails.
        """
        if prompt.key.tier == QA_TIER:
            return self._hint(prompt)
        step = self._step(prompt)
        if step.error is not None:
            raise _ERROR_OF[step.error](
                f"{self._place(prompt, step.number)}: the call fails, as scripted: {step.error}",
                model=prompt.model,
            )
        self._check_expectations(prompt, step)
        return self._answer(prompt, step.turn)

    async def aclose(self) -> None:
        """Do nothing: there is no connection."""

    def _step(self, prompt: Prompt) -> Step:
        """Return what the call meets; an error with nothing after it lasts for ever."""
        key = prompt.key
        attempts = self._playbook.tickets.get(key.ticket)
        if attempts is None:
            known = ", ".join(self._playbook.tickets) or "none"
            raise self._error(prompt, f'no ticket "{key.ticket}"; it has {known}')
        if key.attempt > len(attempts):
            missing = f'ticket "{key.ticket}" has no attempt {key.attempt}, only {len(attempts)}'
            raise self._error(prompt, missing)
        script = list(steps(attempts[key.attempt - 1]))
        if key.call <= len(script):
            return script[key.call - 1]
        if script and script[-1].error is not None:
            return script[-1]
        turns = len(attempts[key.attempt - 1])
        missing = f'ticket "{key.ticket}", attempt {key.attempt} has no turn {key.turn}'
        raise self._error(prompt, f"{missing}, only {turns}")

    def _check_expectations(self, prompt: Prompt, step: Step) -> None:
        if not step.turn.expect:
            return
        text = rendered(prompt)
        for expected in step.turn.expect:
            if expected not in text:
                place = self._place(prompt, step.number)
                raise ScriptError(f"{place}: the prompt lacks {expected!r}", model=prompt.model)

    def _answer(self, prompt: Prompt, turn: Turn) -> Completion:
        calls = tuple(
            RequestedCall(call.tool, msgspec.json.encode(call.args).decode()) for call in turn.calls
        )
        given = turn.usage or self._playbook.usage
        usage = given.usage() if given else _counted(prompt, turn.text, calls)
        return Completion(turn.text, calls, usage, served_by=prompt.model)

    def _hint(self, prompt: Prompt) -> Completion:
        text = rendered(prompt)
        for entry in self._playbook.qa:
            if re.search(entry.match, text):
                answer = msgspec.json.encode({"hint": entry.hint}).decode()
                return self._answer(prompt, Turn(text=answer))
        raise self._error(prompt, "no entry of qa matches the failure")

    def _error(self, prompt: Prompt, what: str) -> ScriptError:
        return ScriptError(f"playbook {self._source}: {what}", model=prompt.model)

    def _place(self, prompt: Prompt, number: int) -> str:
        key = prompt.key
        return (
            f'playbook {self._source}: ticket "{key.ticket}", attempt {key.attempt}, turn {number}'
        )


def rendered(prompt: Prompt) -> str:
    """Return all that a model reads of `prompt` as one text, in order."""
    return "\n".join([prompt.system, *(_words(message) for message in prompt.messages)])


def _words(message: Message) -> str:
    match message:
        case UserMessage(text=text):
            return text
        case ModelMessage(text=text, calls=calls):
            return "\n".join([text, *(f"{call.tool} {call.arguments}" for call in calls)])
        case ResultsMessage(results=results):
            return "\n".join(f"{result.tool}: {result.text}" for result in results)
        case _:
            assert_never(message)


def _counted(prompt: Prompt, text: str, calls: tuple[RequestedCall, ...]) -> Usage:
    """Return an estimate: a token is about four characters."""
    said = len(text) + sum(len(call.tool) + len(call.arguments) for call in calls)
    return Usage(len(rendered(prompt)) // CHARACTERS_PER_TOKEN, said // CHARACTERS_PER_TOKEN)
