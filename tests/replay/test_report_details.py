"""What a page shows of each kind of event when it is opened."""

import json
from pathlib import Path
from typing import Any

import pytest

from events import attempt_rules
from events.action import Action, Outcome
from events.approval import Answer, ApprovalAnswered, ApprovalAsked, Question
from events.attempt_events import (
    AnswerTaken,
    AttemptEnded,
    CallFailed,
    CheckRan,
    ContextAssembled,
    ReplyRecorded,
    SetupRan,
    ToolFinished,
    ToolStarted,
)
from events.attempt_terms import Call
from events.base import Event, UnknownEvent
from events.conversation import Usage, View
from events.fork_words import Origin, RunForked
from events.hint import HintGiven
from events.ids import ApprovalId, AttemptId, CallId, CommitId, RunId, TicketId
from events.payload import BlobRef, Text
from events.run_events import TicketBlocked, TicketCompleted, TicketRequeued
from events.ticket import Block
from replay.reports.activity import activity_of
from replay.reports.details import Book
from replay.reports.pool import Pool
from store.errors import BlobMissingError
from tests.events.attempts import in_a_call, opened
from tests.histories import RED, digest, started, tree, write
from tests.scenario import Scenario

LOST = BlobRef(digest("lost"), 9)
C1 = CallId("c1")


def read(text: Text) -> str:
    if isinstance(text, BlobRef):
        raise BlobMissingError(Path("ab/cd"), text.blob)
    return text


def told(event: Event) -> str:
    """Return all that is shown of an event, as one text, without its record."""
    pool = Pool()
    blocks = list(Book(pool, read).blocks(event, 0))
    assert blocks[-1][:2] == ["code", "Record"]
    texts = [text for chunk in pool.chunks() for text in chunk]

    def resolved(value: Any) -> Any:  # noqa: ANN401 - JSON
        if isinstance(value, int) and not isinstance(value, bool):
            return texts[value] if value < len(texts) else value
        if isinstance(value, list | tuple):
            return [resolved(item) for item in value]
        return value

    return json.dumps([resolved(block) for block in blocks[:-1]], ensure_ascii=False)


OUT = Action(kind="tool", tool="run_command", effect="command", command="rm -rf /", confined=False)
QUESTION = Question(
    approval=ApprovalId("T1.1.c1"), ticket=TicketId("T1"), attempt=AttemptId("T1.1"),
    action=write(), arguments='{"path": "till.py", "content": "a\\nb"}', preview="+b", rule="ask",
)  # fmt: skip
ANSWER = Answer(verdict="rejected", by="bob", via="command", reason="not so", arguments='{"x": 1}')
SHOWN: dict[str, tuple[Event, list[str]]] = {
    "a failed call": (
        CallFailed("rate_limit", "too many", 3.0), ["rate_limit", "after 3 s", "too many"],
    ),
    "a reply": (
        ReplyRecorded(
            1, "I write.",
            (Call(C1, "write_file", '{"path": "a", "content": "one\\ntwo", "n": 3}'),
             Call(CallId("c2"), "odd", "no JSON"), Call(CallId("c3"), "list", "[1]")),
            served_by="gemini-x", usage=Usage(10, 5, 3, 2), latency_s=1.5,
        ),
        ["I write.", "c1 write_file", '["path", "a"]', '["n", "3"]', '["content", "one\\ntwo"]',
         "no JSON", "[1]", "10 (3 cached)", "1.5 s"],
    ),
    "a context": (
        ContextAssembled("sys", "first", ("read_file",), (View("a.py", "missing", note="gone"),),
                         digest("c")),
        ["read_file", "missing, 0 of 0 tokens, gone", "first", "sys"],
    ),
    "a start that a person edited": (
        ToolStarted(C1, OUT, tree(1), "T1.1.c1", arguments='{"command": "ls"}'),
        ["rm -rf /", "it can reach beyond", "edited by a person", '["command", "ls"]'],
    ),
    "a refusal": (
        ToolFinished(C1, Outcome(ok=False, text="The policy denies it."), tree(1), refused=True),
        ["refused", "The policy denies it."],
    ),
    "a red check": (CheckRan(RED), ["failed", "pytest", "Error: 1 != 2", "exit code"]),
    "a setup that took too long": (
        SetupRan(Outcome(ok=False, timed_out=True, duration_s=2.0, signal=9), tree(1)),
        ["timed out", "2.00 s", "signal"],
    ),
    "a hint without a model": (
        HintGiven("look there", "extract", prompt="no prompt", problem="no key"),
        ["look there", "extract", "no key", "no prompt"],
    ),
    "a question": (ApprovalAsked(QUESTION), ["till.py", "What would happen", "+b", "ask"]),
    "an answer": (ApprovalAnswered(ANSWER), ["rejected", "bob", "not so", '["x", "1"]']),
    "an answer taken": (AnswerTaken(ApprovalId("a"), ANSWER), ["rejected", "not so"]),
    "an end": (AttemptEnded("failed", "no luck", "try less"), ["failed", "no luck", "try less"]),
    "a new try": (
        TicketRequeued(TicketId("T1"), AttemptId("T1.1"), "failed", "no luck", "try less"),
        ["no luck", "try less"],
    ),
    "a block": (TicketBlocked(TicketId("T1"), Block("failed", "no luck")), ["no luck"]),
    "a completion": (
        TicketCompleted(
            TicketId("T1"), AttemptId("T1.1"), CommitId("c0ffee"), tree(3), Usage(9, 9)
        ),
        ["c0ffee", "9 (0 cached)"],
    ),
    "a fork": (
        RunForked(run=RunId("r2"), origin=Origin(run=RunId("r1"), position=7, sum="5eed")),
        ["r1", "7", "5eed"],
    ),
    "a lost text": (ReplyRecorded(1, LOST), ["the payload lost00000000", "is missing"]),
}  # fmt: skip


@pytest.mark.parametrize("name", SHOWN)
def test_each_event_shows_what_it_rests_on(name: str) -> None:
    event, words = SHOWN[name]
    shown = told(event)
    for word in words:
        assert word in shown


def test_an_event_of_a_later_program_shows_its_record() -> None:
    pool = Pool()
    (block,) = Book(pool, read).blocks(UnknownEvent('{"type":"tomorrow.came"}'), -1)
    texts = [text for chunk in pool.chunks() for text in chunk]
    assert texts[block[2]] == '{"type":"tomorrow.came"}'


def test_what_an_attempt_is_at_follows_from_its_state() -> None:
    new = Scenario.of(attempt_rules.DECIDER)
    assert activity_of(new.state, "in_progress") == "context"
    opening = new.after(started(setup="make"))
    assert activity_of(opening.state, "in_progress") == "context"
    out = in_a_call()
    assert activity_of(out.state, "in_progress") == "model"
    assert activity_of(out.state, "step_paused") == "waits"
    setting_up = opened(setup="make", check="")
    assert activity_of(setting_up.state, "in_progress") == "setup"
