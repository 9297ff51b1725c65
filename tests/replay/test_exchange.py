"""The exact prompt and answer of any turn."""

import json
from pathlib import Path

import msgspec
import pytest

from events.conversation import ModelMessage, Prompt, ResultsMessage, UserMessage
from events.ids import TicketId
from replay.errors import NotInHistoryError
from replay.exchange import Conversation
from replay.prompt_text import prompt_text
from store.run_folder import RunFolder
from tests.replay.recorded import Json, archive_of, copy_of, forge


def conversation(folder: RunFolder, ticket: str) -> Conversation:
    return Conversation(archive_of(folder), TicketId(ticket))


def test_a_prompt_is_the_one_whose_digest_was_recorded(
    baked: RunFolder, answered: RunFolder
) -> None:
    for folder, tickets in (
        (baked, ("base", "retry", "stuck", "words")),
        (answered, ("bold", "slow")),
    ):
        for ticket in tickets:
            talk = conversation(folder, ticket)
            for attempt in range(1, talk.attempts + 1):
                for turn in range(1, talk.turns(attempt) + 1):
                    exchange = talk.exchange(attempt, turn)
                    assert exchange.code == "exact"
                    assert exchange.prompt.digest == exchange.rebuilt == exchange.sent


def test_the_last_turn_of_the_last_attempt_is_meant_by_default(baked: RunFolder) -> None:
    exchange = conversation(baked, "retry").exchange()
    assert (exchange.attempt, exchange.attempts, exchange.turn, exchange.turns) == (2, 2, 2, 2)
    assert exchange.reply is not None
    assert exchange.reply.text == "All done."
    assert exchange.asked < exchange.reply.position


def test_a_turn_holds_what_was_said_and_done_before_it(baked: RunFolder) -> None:
    exchange = conversation(baked, "base").exchange(turn=2)
    kinds = [type(message) for message in exchange.prompt.messages]
    assert kinds == [UserMessage, ModelMessage, ResultsMessage]
    assert [view.view for view in exchange.views] == ["curated", "missing", "raw"]
    assert exchange.reply is not None
    assert [call.tool for call in exchange.reply.calls] == [
        "write_file", "replace_text", "write_file", "write_file", "read_file",
    ]  # fmt: skip
    assert json.loads(exchange.reply.calls[0].arguments)["content"] == "def greet(name:\n"


def test_before_a_turn_is_the_turn_or_the_attempt_before(baked: RunFolder) -> None:
    talk = conversation(baked, "retry")
    assert talk.before(talk.exchange(1, 1)) is None
    second = talk.before(talk.exchange(2, 1))
    assert second is not None
    assert (second.attempt, second.turn) == (1, 1)
    third = talk.before(talk.exchange(2, 2))
    assert third is not None
    assert (third.attempt, third.turn) == (2, 1)


def test_the_text_of_a_prompt_leaves_nothing_out(baked: RunFolder) -> None:
    prompt = conversation(baked, "base").exchange(turn=3).prompt
    text = prompt_text(prompt)
    for words in (
        "You are a worker of trackside",
        "=== tool write_file",
        "=== message 2, from the model\nI look first.",
        '--- call read_file {"path":"app/greet.py"}',
        "--- result of c7 read_file (not done)",
    ):
        assert words in text
    shape = msgspec.structs.replace(prompt, answer_schema='{"type":"object"}')
    assert '=== answer schema\n{"type":"object"}' in prompt_text(shape)


@pytest.mark.parametrize(
    ("ticket", "attempt", "turn", "words"),
    [
        ("nobody", None, None, 'no ticket "nobody"'),
        ("after", None, None, 'nobody has begun to work on ticket "after"'),
        ("base", 2, None, "has had 1 attempt, so no attempt 2"),
        ("base", 0, None, "no attempt 0"),
        ("base", 1, 9, "attempt base.1 has begun 4 turns, so no turn 9"),
        ("base", 1, 0, "no turn 0"),
    ],
)
def test_a_turn_that_never_was_is_refused(
    baked: RunFolder, ticket: str, attempt: int | None, turn: int | None, words: str
) -> None:
    with pytest.raises(NotInHistoryError, match=words):
        conversation(baked, ticket).exchange(attempt, turn)


def test_a_prompt_that_this_program_would_build_otherwise_is_said_to_be_so(
    baked: RunFolder, tmp_path: Path
) -> None:
    copy = copy_of(baked, tmp_path)

    def change(record: Json) -> None:
        if record["event"]["type"] == "attempt.call_begun":
            record["event"]["prompt"] = "0" * 64

    forge(copy, change)
    exchange = conversation(copy, "base").exchange()
    assert (exchange.code, exchange.sent) == ("diverged", "0" * 64)


def test_a_call_without_an_answer_has_none(baked: RunFolder, tmp_path: Path) -> None:
    copy = copy_of(baked, tmp_path)
    copy.seal.unlink()
    lines = copy.log.read_bytes().split(b"\n")
    begun = next(place for place, line in enumerate(lines) if b'"attempt.call_begun"' in line)
    copy.log.write_bytes(b"\n".join(lines[: begun + 1]) + b"\n")
    ticket = json.loads(lines[begun])["stream"].removeprefix("attempt/").rpartition(".")[0]
    assert conversation(copy, ticket).exchange().reply is None


def test_a_prompt_makes_the_trip_over_the_wire(baked: RunFolder) -> None:
    prompt = conversation(baked, "base").exchange().prompt
    assert msgspec.json.decode(msgspec.json.encode(prompt), type=Prompt) == prompt
