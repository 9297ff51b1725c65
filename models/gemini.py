"""Gemini models, through google-genai. The only file that imports the SDK, and slowly: be lazy.

One try is one streamed request: the SDK neither retries, nor continues, nor calls tools by itself.
Its `HttpOptions.timeout` counts each read for itself, so the deadlines are kept here.
"""

import asyncio
import logging
import time
import warnings
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

from google import genai
from google.genai import errors, types

from events.conversation import Completion, Prompt
from events.settings import Models
from models import gemini_wire
from models.errors import (
    BadRequestError,
    MalformedError,
    ModelError,
    ModelTimeoutError,
    UnavailableError,
)
from models.gemini_errors import one_line, refusal
from models.key import redacted

_TRANSPORTS = frozenset({"aiohttp", "anyio", "httpcore", "httpcore2", "httpx", "httpx2", "ssl"})
"""Packages whose exceptions mean a broken connection; the SDK picks one by what is installed."""
_SILENT = logging.NullHandler()


class GeminiModel:
    """All models of the Gemini API, over one connection pool on the loop that it is made on."""

    def __init__(self, settings: Models, key: str, base_url: str | None) -> None:
        """Make the client; `base_url` None means Google's own address."""
        _quieten()
        self._settings = settings
        self._key = key
        self._client = genai.Client(
            vertexai=False, api_key=key, http_options=types.HttpOptions(base_url=base_url)
        )

    async def complete(self, prompt: Prompt) -> Completion:
        """Return the answer to `prompt`.

        Raises:
            ModelError: there is no whole, usable answer.
        """
        started = time.monotonic()
        try:
            contents = [types.Content.model_validate(each) for each in gemini_wire.contents(prompt)]
            config = types.GenerateContentConfig.model_validate(gemini_wire.config(prompt))
        except ValueError as error:  # such as an answer on record that another SDK wrote
            what = one_line(f"{prompt.model}: this SDK cannot send the conversation: {error}")
            raise BadRequestError(what, model=prompt.model) from None
        outcome = await self._stream(prompt.model, contents, config)
        if isinstance(outcome, ModelError):
            # Raised here and not where it was caught: a traceback through the SDK's own error
            # would carry the SDK's words, which may hold the key.
            raise outcome
        return gemini_wire.completion(prompt, outcome, time.monotonic() - started)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aio.aclose()
        self._client.close()

    async def _stream(
        self, model: str, contents: list[types.Content], config: types.GenerateContentConfig
    ) -> list[dict[str, Any]] | ModelError:
        """Return all chunks of the answer as JSON values, or what went wrong."""
        total_s, idle_s = self._settings.total_timeout_s, self._settings.idle_timeout_s
        total, idle = asyncio.timeout(total_s), asyncio.timeout(idle_s)
        chunks: list[dict[str, Any]] = []
        try:
            async with total, idle:
                stream = await self._client.aio.models.generate_content_stream(
                    model=model, contents=contents, config=config
                )
                async for chunk in stream:
                    idle.reschedule(asyncio.get_running_loop().time() + idle_s)
                    chunks.append(_json(chunk))
        except Exception as error:  # noqa: BLE001 - the edge: what the SDK may raise is open-ended
            await _let_go(error)
            if total.expired():
                return ModelTimeoutError(f"{model}: no whole answer in {total_s:g} s", model=model)
            if idle.expired():
                return ModelTimeoutError(f"{model}: silent for {idle_s:g} s", model=model)
            return self._translated(model, error)
        return chunks

    def _translated(self, model: str, error: Exception) -> ModelError:
        """Return the error of ours that an error of the SDK or below it stands for."""
        words = redacted(str(error), self._key)
        if isinstance(error, errors.APIError) and isinstance(error.code, int):
            headers = getattr(error.response, "headers", {})
            message = redacted(str(error.message or error.status), self._key)
            return refusal(model, error.code, message, error.details, headers, datetime.now(UTC))
        if isinstance(error, OSError) or type(error).__module__.split(".")[0] in _TRANSPORTS:
            what = f"the connection broke: {type(error).__name__}: {words}"
            return UnavailableError(f"{model}: {one_line(what)}", model=model)
        what = f"the answer cannot be read: {type(error).__name__}: {words}"
        return MalformedError(f"{model}: {one_line(what)}", model=model)


def _json(chunk: types.GenerateContentResponse) -> dict[str, Any]:
    fields = {"candidates", "prompt_feedback", "usage_metadata", "model_version"}
    return chunk.model_dump(mode="json", exclude_none=True, by_alias=True, include=fields)


async def _let_go(error: Exception) -> None:
    """Close the stream that an error sent in mid-stream still holds, in a cycle, half read."""
    stream = getattr(getattr(error, "response", None), "segment_iterator", None)
    if isinstance(stream, AsyncGenerator):
        await stream.aclose()


def _quieten() -> None:
    """Keep the SDK off standard error: what it would say there is handled here, or known."""
    logging.getLogger("google_genai").addHandler(_SILENT)
    # A word that is newer than the SDK, such as a finish reason, is handled like any unknown one.
    warnings.filterwarnings("ignore", message=".* is not a valid ", module=r"google\.genai\.")
