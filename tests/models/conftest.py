"""A Gemini server for each test that wants one, and no thread that outlives its test."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from queue import SimpleQueue

import pytest

from events.settings import Models
from models.service import ModelService, Wait
from tests.gemini_replies import Reply
from tests.gemini_server import Answer, GeminiServer
from tests.models.asking import Gemini


@pytest.fixture(autouse=True)
def no_thread_is_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")  # loopback is never asked through a proxy
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


@pytest.fixture(autouse=True)
def nothing_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Neither the SDK nor asyncio has anything to complain about."""
    yield
    assert [each.getMessage() for each in caplog.records if each.levelname != "INFO"] == []


@pytest.fixture
def gemini() -> Iterator[Callable[..., Gemini]]:
    """Start a server with these replies, or one that answers, and a service that asks it."""
    with ExitStack() as stack:

        def start(
            *replies: Reply, answer: Answer | None = None, settings: Models | None = None
        ) -> Gemini:
            server = stack.enter_context(GeminiServer(answer or replies))
            waits: SimpleQueue[Wait] = SimpleQueue()
            service = ModelService(settings or Models(), server.environment, on_wait=waits.put)
            stack.enter_context(closing(service))
            return Gemini(server, service, waits)

        yield start
