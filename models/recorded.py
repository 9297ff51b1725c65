"""A model that answers as the models of a past run did: no key, no network, no cost.

``recorded:RUN`` fails where the recording ends; ``recorded:RUN+MODEL`` goes on with MODEL there.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from events.conversation import Completion, Message, ModelMessage, Prompt, PromptKey, Tier, Usage
from events.ids import Digest, TicketId
from models.errors import RecordingEndedError
from models.model import Model

PREFIX = "recorded:"
_HAND_OVER = re.compile(r"\+(?=gemini-|scripted:)")


class Name(NamedTuple):
    """A name as ``recorded:RUN+MODEL``, taken apart."""

    run: str
    live: str
    """Who answers where the recording ends; empty for nobody."""


def taken_apart(name: str) -> Name:
    """Return the parts of the name of a recorded model.

    >>> taken_apart("recorded:demo")
    Name(run='demo', live='')
    >>> taken_apart("recorded:a+b+scripted:x+y.json")
    Name(run='a+b', live='scripted:x+y.json')
    """
    run, *live = _HAND_OVER.split(name.removeprefix(PREFIX), maxsplit=1)
    return Name(run, live[0] if live else "")


class Place(NamedTuple):
    """Which question of a run an answer belongs to, whichever try it took."""

    tier: Tier
    ticket: TicketId
    attempt: int
    turn: int

    @classmethod
    def of(cls, key: PromptKey) -> "Place":
        """Return the place of a call."""
        return cls(key.tier, key.ticket, key.attempt, key.turn)


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """What the models of one run were asked and what they said."""

    run: str
    models: tuple[str, ...]
    """Those that were asked: their names are part of what the digests are of."""
    by_prompt: Mapping[Digest, Mapping[Place, Completion]]
    by_place: Mapping[Place, Completion]

    def find(self, prompt: Prompt) -> Completion | None:
        """Return what was said to this very prompt; else to the question at the same place.

        The name of the model is no part of the question: who answers now has another one.
        """
        place = Place.of(prompt.key)
        for model in self.models:
            said = self.by_prompt.get(asked_of(model, prompt).digest)
            if said:
                return said.get(place) or next(iter(said.values()))
        return self.by_place.get(place)


def asked_of(model: str, prompt: Prompt) -> Prompt:
    """Return the prompt as another model would have been sent it, its own answers as its own."""
    messages = tuple(_owned_by(model, prompt.model, message) for message in prompt.messages)
    return replace(prompt, model=model, messages=messages)


def _owned_by(model: str, before: str, message: Message) -> Message:
    if isinstance(message, ModelMessage) and message.native_model == before:
        return replace(message, native_model=model)
    return message


class RecordedModel:
    """Plays a recording; a pure function of the prompt until it hands over to a live model."""

    def __init__(
        self, recording: Recording, live: Model | None = None, live_name: str = ""
    ) -> None:
        """Answer from `recording`, and where it ends have `live` answer, if there is one."""
        self._recording = recording
        self._live = live
        self._live_name = live_name

    async def complete(self, prompt: Prompt) -> Completion:
        """Return what was said in the past; playing it back uses no tokens.

        Raises:
            RecordingEndedError: nothing is on record for this question, and nobody is live.
            ModelError: of the live model.
        """
        said = self._recording.find(prompt)
        if said is not None:
            return replace(said, usage=Usage(), latency_s=0.0)
        if self._live is not None:
            return await self._live.complete(asked_of(self._live_name, prompt))
        key, run = prompt.key, self._recording.run
        question = f"turn {key.turn}" if key.tier == 3 else f"hint {key.turn}"  # noqa: PLR2004
        raise RecordingEndedError(
            f'the recording of run {run} ends here: it has no answer for ticket "{key.ticket}", '
            f"attempt {key.attempt}, {question}; {PREFIX}{run}+MODEL goes on with a live model",
            model=prompt.model,
        )

    async def aclose(self) -> None:
        """Do nothing: the live model is closed by who opened it."""
