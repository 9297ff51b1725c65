"""All models of a process behind one door: names resolved, waits kept, calls run on one loop."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import msgspec

from events.conversation import Completion, Prompt, PromptKey
from events.settings import Models
from models.errors import (
    AuthError,
    ModelError,
    PlaybookInvalidError,
    ScriptError,
    UnknownModelError,
)
from models.key import KEY_NAMES, gemini_key
from models.limiter import Limiter, Reason
from models.loop import LoopThread
from models.model import Model
from models.playbook import read_playbook
from models.recorded import PREFIX as RECORDED
from models.recorded import RecordedModel, Recording, taken_apart
from models.scripted import PREFIX as SCRIPTED
from models.scripted import ScriptedModel

CLOSE_TIMEOUT_S = 5.0


class Wait(msgspec.Struct, frozen=True):
    """A call does not leave at once."""

    key: PromptKey
    model: str
    reason: Reason
    seconds: float | None
    """Expected length; None when it depends on other calls."""


def with_model(settings: Models, name: str) -> Models:
    """Return `settings` with the one model `name` instead of the ladder.

    A playbook or a recording speaks for QA as well, so that a track runs with no key.
    """
    qa = name if name.startswith((SCRIPTED, RECORDED)) else settings.qa
    return msgspec.structs.replace(settings, ladder=(name,), qa=qa)


@dataclass(frozen=True)
class _Provider:
    """What serves the names with one prefix."""

    check: Callable[[str], None]
    open: Callable[[str], Model]
    shared: bool
    """Whether one `Model` serves all names with the prefix."""


class ModelService:
    """Asks any model by its name, for any number of threads."""

    def __init__(
        self,
        settings: Models,
        environment: Mapping[str, str],
        *,
        folder: Path = Path(),
        on_wait: Callable[[Wait], None] = lambda _: None,
        limiter: Limiter | None = None,
        recordings: Callable[[str], Recording] | None = None,
    ) -> None:
        """Get ready; no thread, import or request happens before the first call.

        `folder` is where the relative path of a playbook starts. `on_wait` hears of each wait as
        it begins, on the loop's thread, so it must be quick. `recordings` finds past runs.
        """
        self._settings = settings
        self._environment = environment
        self._folder = folder
        self._on_wait = on_wait
        self._recordings = recordings
        self._limiter = limiter or Limiter(settings.parallel, settings.requests_per_minute)
        self._loop = LoopThread("models")
        self._open: dict[str, Model] = {}
        self._providers = {
            "gemini-": _Provider(self._check_gemini, self._open_gemini, shared=True),
            SCRIPTED: _Provider(self._check_scripted, self._open_scripted, shared=False),
            RECORDED: _Provider(self._check_recorded, self._open_recorded, shared=False),
        }

    def check(self, name: str) -> None:
        """Make sure, without a request, that the model `name` can be asked.

        Raises:
            UnknownModelError: nobody serves the name.
            AuthError: the key is missing.
            PlaybookInvalidError: the playbook cannot be used.
        """
        _, provider = self._provider(name)
        provider.check(name)

    def submit(self, prompt: Prompt, *, delay_s: float = 0.0) -> "Future[Completion]":
        """Return the future of one try at `prompt`, after `delay_s` and when the limiter agrees.

        It fails with a `ModelError`. Cancelling it ends the request. Its callbacks run on the
        loop's thread: they must be quick, like a ``tell``.
        """
        return self._loop.submit(self._complete(prompt, delay_s))

    def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Cancel the calls that are out and end the thread; later calls come back cancelled."""
        self._loop.close(self._farewell, timeout_s)

    async def _complete(self, prompt: Prompt, delay_s: float) -> Completion:
        def tell(reason: Reason, seconds: float | None) -> None:
            self._on_wait(Wait(prompt.key, prompt.model, reason, seconds))

        model = self._model(prompt.model)
        await self._limiter.backoff(delay_s, tell)
        async with self._limiter.place(prompt.model, tell):
            try:
                return await model.complete(prompt)
            except ModelError as error:
                if error.retryable and error.retry_after_s:
                    self._limiter.hold_off(prompt.model, error.retry_after_s)
                raise

    def _model(self, name: str) -> Model:
        prefix, provider = self._provider(name)
        served = prefix if provider.shared else name
        if served not in self._open:
            self._open[served] = provider.open(name)
        return self._open[served]

    def _provider(self, name: str) -> tuple[str, _Provider]:
        for prefix, provider in self._providers.items():
            if name.startswith(prefix) and name != prefix:
                return prefix, provider
        known = " or ".join(f"{prefix}..." for prefix in self._providers)
        raise UnknownModelError(f'unknown model "{name}": name {known}', model=name)

    def _check_gemini(self, name: str) -> None:
        self._key(name)

    def _open_gemini(self, name: str) -> Model:
        from models.gemini import GeminiModel  # half a second or more, so only when it is asked

        key, base_url = self._key(name), self._environment.get("GOOGLE_GEMINI_BASE_URL")
        return GeminiModel(self._settings, key, base_url)

    def _key(self, name: str) -> str:
        key = gemini_key(self._environment)
        if key is None:
            raise AuthError(f'model "{name}" needs a key: set {KEY_NAMES[1]}', model=name)
        return key

    def _check_scripted(self, name: str) -> None:
        read_playbook(self._playbook(name))

    def _open_scripted(self, name: str) -> Model:
        try:
            return ScriptedModel.from_file(self._playbook(name))
        except PlaybookInvalidError as error:
            raise ScriptError("; ".join(str(error).splitlines()), model=name) from None

    def _check_recorded(self, name: str) -> None:
        self._recording(name)
        if live := taken_apart(name).live:
            self.check(live)

    def _open_recorded(self, name: str) -> Model:
        live = taken_apart(name).live
        recording = self._recording(name)
        return RecordedModel(recording, self._model(live) if live else None, live)

    def _recording(self, name: str) -> Recording:
        if self._recordings is None:
            raise UnknownModelError(f'model "{name}": past runs cannot be read here', model=name)
        return self._recordings(taken_apart(name).run)

    def _playbook(self, name: str) -> Path:
        return self._folder / name.removeprefix(SCRIPTED)

    async def _farewell(self) -> None:
        for model in self._open.values():
            await model.aclose()
