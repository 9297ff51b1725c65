"""A Gemini server that plays a playbook, with trouble on the way, and what it was asked."""

import base64
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

import pytest

from models.playbook import read_playbook
from tests.end_to_end.project import Project
from tests.gemini_replies import Reply
from tests.gemini_server import Answer, Exchange, GeminiServer, Request
from tests.playbook_brain import PlaybookBrain

Place = tuple[str, int, int]
"""Ticket, attempt, turn."""

_WORKER = re.compile(r"Ticket (\S+) \(attempt (\d+)\)")


def troubled(playbook: Path, troubles: Mapping[Place, Reply]) -> GeminiServer:
    """Return a server that answers by the playbook, but at these places first with trouble."""
    brain = PlaybookBrain(read_playbook(playbook))
    left = dict(troubles)

    def answer(request: Request) -> Reply:
        trouble = left.pop(place_of(request), None)
        return brain(request) if trouble is None else trouble

    return GeminiServer(answer)


def brain_of(project: Project, **qa: Answer) -> PlaybookBrain:
    """Return what plays the playbook of a project."""
    return PlaybookBrain(read_playbook(project.playbook_file), **qa)


def answered(server: GeminiServer) -> list[Exchange]:
    """Return what the server answered, refusals left out."""
    return [each for each in server.exchanges if each.reply.status == HTTPStatus.OK]


def refused(server: GeminiServer) -> list[Exchange]:
    """Return what the server refused."""
    return [each for each in server.exchanges if each.reply.status != HTTPStatus.OK]


def lead_to(server: GeminiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what runs in this process ask the server."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)


def place_of(request: Request) -> Place:
    """Return which turn a request asks for; all zero for QA."""
    contents = request.body["contents"]
    text = "".join(part.get("text", "") for part in contents[0]["parts"])
    named = _WORKER.search(text)
    if named is None:
        return "", 0, 0
    turn = sum(content["role"] == "model" for content in contents) + 1
    return named[1], int(named[2]), turn


def asked(server: GeminiServer) -> Counter[Place]:
    """Return how often each turn was asked for, those of QA left out."""
    return Counter(place for request in server.requests if (place := place_of(request))[1])


def forms_of(secret: str) -> Iterator[bytes]:
    """Give the secret as it may hide: plain, base64, hex, URL-encoded."""
    raw = secret.encode()
    yield raw
    yield base64.b64encode(raw).rstrip(b"=")
    yield base64.urlsafe_b64encode(raw).rstrip(b"=")
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    yield quote(secret, safe="").encode()
    yield "".join(f"%{byte:02X}" for byte in raw).encode()
