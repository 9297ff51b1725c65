"""A log and models that break in ways nobody foresaw, in the place of the real ones."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

import pytest

from actors.system import System
from events.base import Command, Event
from events.conversation import Completion, Prompt
from events.ids import StreamId
from models.service import ModelService
from store.log import EventLog, Recorded

Faults = Mapping[str, Collection[int]]
"""Stream -> which of the appends to it fail: 1, 2, ..."""


class UnforeseenError(Exception):
    """A bug."""


class FaultyLog:
    """A log whose appends fail as a bug would, before or after they have done their work."""

    def __init__(
        self, log: EventLog, faults: Faults, *, too_late: bool, error: Exception | None = None
    ) -> None:
        self._log = log
        self._faults = faults
        self._too_late = too_late
        self._error = error
        self._appends: Counter[str] = Counter()

    @property
    def last_position(self) -> int:
        return self._log.last_position

    @property
    def epoch(self) -> int:
        return self._log.epoch

    @property
    def end_position(self) -> int:
        return self._log.end_position

    def append(
        self,
        stream: StreamId,
        events: Sequence[Event],
        *,
        expected: int,
        cause: Command | None = None,
    ) -> tuple[Recorded, ...]:
        with self._faulty(stream):
            return self._log.append(stream, events, expected=expected, cause=cause)

    def enqueue(
        self,
        stream: StreamId,
        events: Sequence[Event],
        *,
        expected: int,
        cause: Command | None = None,
    ) -> tuple[Recorded, ...]:
        with self._faulty(stream):
            return self._log.enqueue(stream, events, expected=expected, cause=cause)

    def flush(self, position: int) -> None:
        self._log.flush(position)

    @contextmanager
    def _faulty(self, stream: StreamId) -> Iterator[None]:
        self._appends[stream] += 1
        place = f"append {self._appends[stream]} to {stream}"
        fails = self._appends[stream] in self._faults.get(stream, ())
        if fails and not self._too_late:
            raise self._error or UnforeseenError(f"before {place}")
        yield
        if fails:
            raise self._error or UnforeseenError(f"after {place}")

    def read(self, *, after: int = 0) -> Iterator[Recorded]:
        return self._log.read(after=after)

    def read_stream(self, stream: StreamId) -> Iterator[Recorded]:
        return self._log.read_stream(stream)

    def subscribe(self, listener: Callable[[Recorded], None]) -> None:
        self._log.subscribe(listener)

    def close(self) -> None:
        self._log.close()


def break_log(
    monkeypatch: pytest.MonkeyPatch,
    faults: Faults,
    *,
    too_late: bool = False,
    error: Exception | None = None,
) -> None:
    """Have the actors of the next run write to a faulty log, which fails with a bug or `error`."""

    def start(log: EventLog, *rest: Any, **named: Any) -> System:  # noqa: ANN401 - not ours to know
        return System(FaultyLog(log, faults, too_late=too_late, error=error), *rest, **named)

    monkeypatch.setattr("cli.conduct.System", start)


def break_models(monkeypatch: pytest.MonkeyPatch, breaks: Callable[[Prompt], bool]) -> None:
    """Have the models of the next run fail with what no model may raise, where `breaks` says so."""

    class FaultyModels(ModelService):
        def submit(self, prompt: Prompt, *, delay_s: float = 0.0) -> "Future[Completion]":
            if not breaks(prompt):
                return super().submit(prompt, delay_s=delay_s)
            broken: Future[Completion] = Future()
            broken.set_exception(UnforeseenError(f"call {prompt.key.call}"))
            return broken

    monkeypatch.setattr("cli.conduct.ModelService", FaultyModels)
