"""What QA was asked about a failure, and what it answered: `trackside context --hint`."""

import json
from pathlib import Path

import msgspec
import pytest

from cli.context_hint import difference
from cli.main import main
from events.conversation import Prompt
from events.hint import HintAsked, HintGiven
from events.ids import TicketId
from replay.consultation import Consultations
from replay.errors import NotInHistoryError
from store.run_folder import RunFolder
from tests.replay.recorded import archive_of, copy_of, cut_after

RETRY = TicketId("retry")


def given(folder: RunFolder, stream: str) -> HintGiven:
    (found,) = [
        one.event
        for one in archive_of(folder).records()
        if one.stream == stream and isinstance(one.event, HintGiven)
    ]
    return found


def test_prompt_and_reply_are_those_on_record_byte_for_byte(baked: RunFolder) -> None:
    hint = Consultations(archive_of(baked), RETRY).consultation()
    event = given(baked, "hint/retry.1.c1")
    assert (hint.code, hint.attempt, hint.hint, hint.call) == ("exact", 1, 1, "c1")
    assert msgspec.json.encode(hint.prompt).decode() == archive_of(baked).text(event.prompt)
    assert hint.prompt is not None
    assert hint.sent == hint.prompt.digest
    assert hint.advice is not None
    assert hint.advice.reply == archive_of(baked).text(event.reply) != ""
    assert json.loads(hint.advice.reply) == {"hint": hint.advice.words}
    assert hint.advice.words == "the command has no luck"


def test_each_failure_of_an_attempt_has_its_hint(baked: RunFolder) -> None:
    hints = Consultations(archive_of(baked), TicketId("stuck"))
    asked = [one.event for one in archive_of(baked).records() if isinstance(one.event, HintAsked)]
    count = sum(one.failure.attempt == "stuck.1" for one in asked)
    assert count > 1
    assert [hints.consultation(1, number).hint for number in range(1, count + 1)] == [
        *range(1, count + 1)
    ]
    assert hints.consultation().hint == count
    before = hints.before(hints.consultation())
    assert before is not None
    assert before.hint == count - 1
    assert hints.before(hints.consultation(1, 1)) is None


@pytest.mark.parametrize(
    ("ticket", "attempt", "hint", "reason"),
    [
        ("nobody", None, None, 'has no ticket "nobody"'),
        ("left", None, None, 'ticket "left" has had 0 hints'),
        ("retry", 1, 2, "attempt retry.1 has had 1 hint, so no hint 2"),
        ("retry", 2, 1, "attempt retry.2 has had 0 hints, so no hint 1"),
        *(
            ("retry", number, hint, f'ticket "retry" has had 2 attempts, so no attempt {number}')
            for number in (7, 3, 0, -1)
            for hint in (None, 1)
        ),
        ("after", 1, 1, 'nobody has begun to work on ticket "after"'),
    ],
)
def test_a_hint_that_never_was_is_refused(
    baked: RunFolder, ticket: str, attempt: int | None, hint: int | None, reason: str
) -> None:
    with pytest.raises(NotInHistoryError, match=reason):
        Consultations(archive_of(baked), TicketId(ticket)).consultation(attempt, hint)


def test_a_hint_that_was_not_given_yet_is_said_to_be_awaited(
    baked: RunFolder, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    copy = copy_of(baked, tmp_path)
    cut_after(copy, "hint.asked")
    failure = next(
        one.event.failure for one in archive_of(copy).records() if isinstance(one.event, HintAsked)
    )
    ticket = failure.attempt.rpartition(".")[0]
    words = ["context", ticket, "--hint", "last", "--repo", str(copy.path.parents[2])]
    assert main(words) == 0
    assert "=== there is no hint yet" in capfd.readouterr().out
    assert main([*words, "--json"]) == 0
    answer = json.loads(capfd.readouterr().out)
    assert (answer["code"], answer["prompt"], answer["advice"]) == ("waiting", None, None)


def test_the_text_holds_every_word_of_prompt_reply_and_hint(
    checkout: Path, baked: RunFolder, capfd: pytest.CaptureFixture[str]
) -> None:
    def told(*words: str) -> str:
        assert main(["context", "baked", *words, "--repo", str(checkout)]) == 0
        return capfd.readouterr().out

    prompt = msgspec.json.decode(
        archive_of(baked).text(given(baked, "hint/retry.1.c1").prompt), type=Prompt
    )
    text = told("retry", "--hint", "1")
    assert prompt.system in text
    assert "Command: echo Error: no luck; exit 3" in text
    assert "=== answer by scripted:" in text
    assert '{"hint":"the command has no luck"}' in text
    assert text.endswith("in the model's words\nthe command has no luck\n")
    raw = json.loads(told("retry", "--hint", "last", "--raw"))
    assert raw["prompt"] == json.loads(msgspec.json.encode(prompt))
    assert told("stuck", "--hint", "2", "--diff") == (
        "QA was asked the same as for hint 1 of attempt 1\n"
    )
    assert "no hint before the first one" in told("retry", "--hint", "1", "--diff")


def test_a_hint_is_asked_for_by_number_or_as_the_last(
    checkout: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for words, reason in (
        (["--hint", "soon"], "give 1, 2, ... or last, not soon"),
        (["--hint", "1", "--turn", "1"], "not allowed with argument --hint"),
    ):
        assert main(["context", "retry", *words, "--repo", str(checkout)]) == 2
        assert reason in capfd.readouterr().err


def test_what_is_new_since_the_hint_before_is_shown(baked: RunFolder) -> None:
    hint = Consultations(archive_of(baked), RETRY).consultation()
    assert hint.prompt is not None
    prompt = msgspec.structs.replace(hint.prompt, system="Another.\x1b")
    later = msgspec.structs.replace(hint, prompt=prompt, sent=prompt.digest, hint=2)
    lines = list(difference(hint, later))
    assert lines[0] == "--- run baked, ticket retry, attempt 1, hint 1 of 1"
    assert "+Another.\\x1b" in lines
