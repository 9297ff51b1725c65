"""A past run as a model: the same questions get the same answers, and where it ends it says so."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import msgspec
import pytest

from events.conversation import Completion, ModelMessage, Prompt, RequestedCall, Usage
from events.settings import Models
from models.errors import PlaybookInvalidError, RecordingEndedError, UnknownModelError
from models.playbook import parse_turn
from models.prices import cost
from models.recorded import Place, RecordedModel, Recording, asked_of, taken_apart
from models.service import ModelService, with_model
from tests.models.asking import PATIENCE_S, key_of, prompt_of

FIRST = prompt_of("hi", model="gemini-old")
SAID = Completion("hello", (RequestedCall("finish", "{}"),), Usage(10, 5), served_by="gemini-old")
SECOND = prompt_of(
    "hi",
    ModelMessage("hello", native='{"sig":1}', native_model="gemini-old"),
    model="gemini-old",
    key=key_of(turn=2),
)
BYE = Completion("bye", usage=Usage(20, 5))


def recording_of(*pairs: tuple[Prompt, Completion]) -> Recording:
    by_prompt: dict[str, dict[Place, Completion]] = {}
    for prompt, said in pairs:
        by_prompt.setdefault(prompt.digest, {})[Place.of(prompt.key)] = said
    return Recording(
        run="r1",
        models=tuple({prompt.model: None for prompt, _ in pairs}),
        by_prompt=by_prompt,  # type: ignore[arg-type]  # digests are texts
        by_place={Place.of(prompt.key): said for prompt, said in pairs},
    )


RECORDING = recording_of((FIRST, SAID), (SECOND, BYE))


def answer(prompt: Prompt, model: RecordedModel | None = None) -> Completion:
    return asyncio.run((model or RecordedModel(RECORDING)).complete(prompt))


def test_the_same_question_gets_the_same_answer_at_no_cost() -> None:
    said = answer(msgspec.structs.replace(FIRST, model="recorded:r1"))
    assert (said.text, said.calls, said.served_by) == (SAID.text, SAID.calls, "gemini-old")
    assert said.usage == Usage()


def test_a_question_is_known_by_what_it_says_wherever_it_is_asked() -> None:
    elsewhere = msgspec.structs.replace(FIRST, model="recorded:r1", key=key_of("T9", 4, 7))
    assert answer(elsewhere).text == "hello"


def test_its_own_earlier_answers_count_as_those_of_the_model_that_gave_them() -> None:
    asked = asked_of("recorded:r1", SECOND)
    assert asked.digest != SECOND.digest
    assert answer(msgspec.structs.replace(asked, key=key_of("T9"))).text == "bye"
    assert asked_of("gemini-old", asked) == SECOND


def test_another_question_at_the_same_place_gets_the_answer_of_the_place() -> None:
    other = prompt_of("hi there", model="recorded:r1", key=key_of(turn=2, call=5))
    assert answer(other).text == "bye"


def test_of_equal_questions_each_gets_its_own_answer() -> None:
    again = msgspec.structs.replace(FIRST, key=key_of("T2"))
    model = RecordedModel(recording_of((FIRST, SAID), (again, BYE)))
    assert [answer(one, model).text for one in (FIRST, again)] == ["hello", "bye"]


@pytest.mark.parametrize(("tier", "words"), [(3, "turn 3"), (4, "hint 3")])
def test_where_the_recording_ends_it_says_so(tier: int, words: str) -> None:
    key = key_of("T1", 2, 3, tier=tier)  # type: ignore[arg-type]
    with pytest.raises(RecordingEndedError) as caught:
        answer(prompt_of("new", model="recorded:r1", key=key))
    assert str(caught.value) == (
        'the recording of run r1 ends here: it has no answer for ticket "T1", attempt 2, '
        f"{words}; recorded:r1+MODEL goes on with a live model"
    )
    assert not caught.value.retryable


@pytest.fixture
def service(tmp_path: Path) -> Iterator[ModelService]:
    playbook = {"tickets": {"T1": [[{"text": "live 1"}, {"text": "live 2"}, {"text": "live 3"}]]}}
    (tmp_path / "live.json").write_text(json.dumps(playbook))

    def find(run: str) -> Recording:
        assert run == "r1"
        return RECORDING

    with closing(ModelService(Models(), {}, folder=tmp_path, recordings=find)) as made:
        yield made


def test_it_hands_over_to_a_live_model(service: ModelService) -> None:
    name = "recorded:r1+scripted:live.json"
    service.check(name)
    first = service.submit(msgspec.structs.replace(FIRST, model=name))
    third = service.submit(prompt_of("more", model=name, key=key_of(turn=3)))
    assert first.result(PATIENCE_S).text == "hello"
    said = third.result(PATIENCE_S)
    assert (said.text, said.served_by) == ("live 3", "scripted:live.json")
    assert said.usage.total


def test_a_live_model_that_nobody_serves_is_refused_at_once(service: ModelService) -> None:
    with pytest.raises(PlaybookInvalidError):
        service.check("recorded:r1+scripted:missing.json")


def test_without_a_way_to_past_runs_none_can_be_played(tmp_path: Path) -> None:
    with (
        closing(ModelService(Models(), {}, folder=tmp_path)) as service,
        pytest.raises(UnknownModelError, match="past runs cannot be read here"),
    ):
        service.check("recorded:r1")


def test_a_recording_speaks_for_qa_as_well() -> None:
    assert with_model(Models(), "recorded:r1").qa == "recorded:r1"


@pytest.mark.parametrize(
    ("name", "run", "live"),
    [
        ("recorded:r1", "r1", ""),
        ("recorded:/a+b/c", "/a+b/c", ""),
        ("recorded:r1+gemini-2.5-flash", "r1", "gemini-2.5-flash"),
        ("recorded:r1+scripted:a+gemini-x.json", "r1", "scripted:a+gemini-x.json"),
    ],
)
def test_a_name_is_taken_apart_at_the_first_model(name: str, run: str, live: str) -> None:
    assert taken_apart(name) == (run, live)


def test_playing_back_costs_nothing_and_the_live_part_its_price() -> None:
    day, usage = date(2026, 11, 22), Usage(1_000_000, 0)
    assert cost("recorded:r1", usage, day) == 0.0
    live = cost("gemini-2.5-flash", usage, day)
    assert live
    assert cost("recorded:r1+gemini-2.5-flash", usage, day) == live


# ------------------------------------------------------------------- one turn, given by a person


def test_a_turn_that_a_person_gives_is_read_like_one_of_a_playbook() -> None:
    turn = parse_turn(b'{"text": "hi", "calls": [{"tool": "finish"}]}', "turn.json")
    assert (turn.text, turn.calls[0].tool) == ("hi", "finish")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"{", "turn.json: is not JSON"),
        (b"[]", "turn.json: Expected `object`"),
        (b'{"words": 1}', "turn.json: Object contains unknown field `words`"),
        (b"{}", "turn.json: must be an answer"),
        (b'{"text": "hi", "error": "timeout"}', "turn.json: must be an answer"),
    ],
)
def test_what_is_no_answer_is_refused(data: bytes, problem: str) -> None:
    with pytest.raises(PlaybookInvalidError) as caught:
        parse_turn(data, "turn.json")
    assert str(caught.value).startswith(problem)
