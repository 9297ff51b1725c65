"""The small values that all streams share."""

import pytest

from events.conversation import Prompt, PromptKey, Usage, UserMessage, digest_of
from events.ids import AttemptId, TicketId, attempt_id, ticket_of
from events.payload import BlobRef, plain
from tests.histories import T1, digest


def test_usage_adds_up_and_counts_what_a_budget_pays_for() -> None:
    both = Usage(input=10, output=2, cached=8, thinking=1) + Usage(input=5, output=1)
    assert both == Usage(input=15, output=3, cached=8, thinking=1)
    assert both.total == 19


@pytest.mark.parametrize("name", ["T1", "T1.2", "a.b.7", "1"])
def test_an_attempt_names_its_ticket_whatever_dots_that_has(name: str) -> None:
    assert ticket_of(attempt_id(TicketId(name), 12)) == (name, 12)
    assert ticket_of(AttemptId(f"{name}.3")) == (name, 3)


def test_a_text_beside_the_log_is_not_plain() -> None:
    assert plain("short") == "short"
    with pytest.raises(TypeError, match="kept in blob"):
        plain(BlobRef(digest("long"), 9000))


def prompt(text: str = "hi", turn: int = 1, model: str = "flash") -> Prompt:
    key = PromptKey(tier=3, ticket=T1, attempt=1, turn=turn, call=1)
    return Prompt(model=model, system="be brief", messages=(UserMessage(text),), key=key)


def test_the_key_of_a_prompt_is_no_part_of_its_digest() -> None:
    assert prompt(turn=1).digest == prompt(turn=2).digest
    assert len({prompt().digest, prompt("ho").digest, prompt(model="pro").digest}) == 3


def test_parts_of_a_digest_do_not_run_together() -> None:
    assert digest_of("ab", "c") != digest_of("a", "bc")
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
