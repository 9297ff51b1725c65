"""Plays a playbook over HTTP: the mind of the loopback Gemini server when a whole track runs."""

import json
import re
import threading
from collections.abc import Callable

from models.playbook import Playbook, Step, steps
from tests.gemini_replies import Json, Reply, count, rate_limit, refuse, say, unavailable
from tests.gemini_server import Request

_WORKER = re.compile(r"Ticket (\S+) \(attempt (\d+)\)")
_FAILURES = {
    "rate_limit": rate_limit("0.01s"),
    "unavailable": unavailable(),
    "timeout": refuse(408, "The request took too long."),
}


class PlaybookBrain:
    """Answers a worker by the line ``Ticket T1 (attempt 2)`` of its first message and its turn.

    The turn is one more than the answers that the request holds, so any server of the same
    playbook goes on where another stopped. A scripted failure comes once a server. QA is known by
    that word in the system text; the playbook answers it too, unless another `qa` is given.
    """

    def __init__(self, playbook: Playbook, qa: Callable[[Request], Reply] | None = None) -> None:
        self._playbook = playbook
        self._qa = qa or self._hint
        self._failed: set[tuple[str, int, int]] = set()
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Reply:
        if is_for_qa(request):
            return self._qa(request)
        contents = request.body["contents"]
        named = _WORKER.search(_text(contents[0]))
        if named is None:
            return refuse(400, "the playbook knows no such prompt: it names no ticket and attempt")
        ticket, attempt = named[1], int(named[2])
        turn = sum(content["role"] == "model" for content in contents) + 1
        attempts = self._playbook.tickets.get(ticket, ())
        if attempt > len(attempts):
            return refuse(400, f"the playbook has no attempt {attempt} of ticket {ticket}")
        place = f"ticket {ticket}, attempt {attempt}, turn {turn}"
        failure = None
        for step in _of_turn(list(steps(attempts[attempt - 1])), turn):
            if step.error is None:
                return self._answer(request, step, place)
            failure = _FAILURES[step.error]
            if self._is_first((ticket, attempt, step.number)):
                return failure
        # Nothing comes after the failures: the outage lasts.
        return failure or refuse(400, f"the playbook has no {place}")

    def _answer(self, request: Request, step: Step, place: str) -> Reply:
        everything = json.dumps(request.body, ensure_ascii=False)
        for expected in step.turn.expect:
            if json.dumps(expected, ensure_ascii=False)[1:-1] not in everything:
                return refuse(400, f"the playbook's {place} expects {expected!r} in the prompt")
        turn, given = step.turn, step.turn.usage or self._playbook.usage
        usage = given and count(
            given.input, given.output, cached=given.cached, thinking=given.thinking
        )
        texts = [turn.text] if turn.text else []
        calls = [(call.tool, call.args) for call in turn.calls]
        return say(*texts, calls=calls, usage=usage or None, model=request.model)

    def _hint(self, request: Request) -> Reply:
        prompt = "\n".join(_text(content) for content in request.body["contents"])
        for entry in self._playbook.qa:
            if re.search(entry.match, prompt):
                return say(json.dumps({"hint": entry.hint}), model=request.model)
        return refuse(400, "the playbook has no hint for this failure")

    def _is_first(self, failure: tuple[str, int, int]) -> bool:
        with self._lock:
            seen = failure in self._failed
            self._failed.add(failure)
        return not seen


def is_for_qa(request: Request) -> bool:
    """Return whether QA asks, and not a worker."""
    return bool(re.search(r"\bQA\b", _text(request.body.get("systemInstruction") or {})))


def _of_turn(script: list[Step], turn: int) -> list[Step]:
    """Return the steps of the `turn`-th answer: its failures, then itself, if it is there."""
    answers = [number for number, step in enumerate(script) if step.error is None]
    begin = answers[turn - 2] + 1 if 1 < turn <= len(answers) + 1 else 0
    end = answers[turn - 1] + 1 if turn <= len(answers) else len(script)
    return script[begin:end] if turn <= len(answers) + 1 else []


def _text(content: Json) -> str:
    return "\n".join(part.get("text", "") for part in content.get("parts") or ())
