"""The door to all models: names, keys, playbooks, waits, and an orderly end."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, wait
from pathlib import Path

import pytest

from events.conversation import Completion
from events.settings import Models
from models.errors import AuthError, ModelError, PlaybookInvalidError, UnknownModelError
from models.limiter import Limiter
from models.service import ModelService, Wait, with_model
from tests.models.asking import PATIENCE_S, key_of, prompt_of

PLAYBOOK = {
    "tickets": {"T1": [[{"text": f"turn {number}"} for number in range(1, 9)]]},
    "qa": [{"match": "", "hint": "Read it."}],
}
NAME = "scripted:demo.json"


@pytest.fixture
def waits() -> list[Wait]:
    return []


@pytest.fixture
def service(tmp_path: Path, waits: list[Wait]) -> Iterator[ModelService]:
    (tmp_path / "demo.json").write_text(json.dumps(PLAYBOOK))
    limiter = Limiter(2, jitter=lambda _: 0.0)
    made = ModelService(Models(), {}, folder=tmp_path, on_wait=waits.append, limiter=limiter)
    yield made
    made.close()


def test_a_playbook_serves_workers_and_qa(service: ModelService) -> None:
    worker = service.submit(prompt_of(model=NAME, key=key_of(turn=2)))
    hint = service.submit(prompt_of(model=NAME, key=key_of(tier=4)))
    assert worker.result(PATIENCE_S).text == "turn 2"
    assert hint.result(PATIENCE_S).text == '{"hint":"Read it."}'


def test_a_playbook_may_be_named_by_a_whole_path(service: ModelService, tmp_path: Path) -> None:
    name = f"scripted:{tmp_path / 'demo.json'}"
    service.check(name)
    assert service.submit(prompt_of(model=name)).result(PATIENCE_S).text == "turn 1"


@pytest.mark.parametrize(
    "name", ["gpt-5", "gemini", "gemini-", "scripted:", "recorded:", "", "Gemini-2.5-flash"]
)
def test_a_name_that_nobody_serves_is_refused(service: ModelService, name: str) -> None:
    with pytest.raises(UnknownModelError, match=f'"{name}": name gemini-... or'):
        service.check(name)
    with pytest.raises(UnknownModelError):
        service.submit(prompt_of(model=name)).result(PATIENCE_S)


@pytest.mark.parametrize("environment", [{}, {"GEMINI_API_KEY": " ", "GOOGLE_API_KEY": ""}])
def test_a_gemini_model_without_a_key_is_refused(environment: dict[str, str]) -> None:
    service = ModelService(Models(), environment)
    with pytest.raises(AuthError, match=r'"gemini-2\.5-flash" needs a key: set GEMINI_API_KEY'):
        service.check("gemini-2.5-flash")
    with pytest.raises(AuthError):
        service.submit(prompt_of(model="gemini-2.5-flash")).result(PATIENCE_S)
    service.close()


@pytest.mark.parametrize("variable", ["GEMINI_API_KEY", "GOOGLE_API_KEY"])
def test_either_key_will_do(variable: str) -> None:
    ModelService(Models(), {variable: "k"}).check("gemini-2.5-flash")


def test_a_playbook_that_cannot_be_used_is_refused(service: ModelService, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text('{"tickets": 1, "qa": 2}')
    with pytest.raises(PlaybookInvalidError) as caught:
        service.check("scripted:bad.json")
    assert len(caught.value.problems) == 1
    with pytest.raises(ModelError, match=r"bad\.json: tickets") as failed:
        service.submit(prompt_of(model="scripted:bad.json")).result(PATIENCE_S)
    assert (failed.value.kind, failed.value.retryable) == ("script", False)


def test_a_delay_is_kept_and_told(service: ModelService, waits: list[Wait]) -> None:
    prompt = prompt_of(model=NAME)
    assert service.submit(prompt, delay_s=0.01).result(PATIENCE_S).text == "turn 1"
    assert waits == [Wait(prompt.key, NAME, "delay", 0.01)]


def test_a_call_that_waits_can_be_cancelled(service: ModelService) -> None:
    answer = service.submit(prompt_of(model=NAME), delay_s=3600.0)
    assert answer.cancel()
    assert service.submit(prompt_of(model=NAME)).result(PATIENCE_S).text == "turn 1"


def test_callbacks_run_on_the_thread_of_the_models(service: ModelService) -> None:
    told: Future[str] = Future()
    answer = service.submit(prompt_of(model=NAME), delay_s=0.01)
    answer.add_done_callback(lambda _: told.set_result(threading.current_thread().name))
    assert told.result(PATIENCE_S) == "models"


def test_closing_cancels_what_is_out_and_what_comes_later(service: ModelService) -> None:
    slow = [service.submit(prompt_of(model=NAME), delay_s=3600.0) for _ in range(3)]
    service.close()
    late = service.submit(prompt_of(model=NAME))
    assert all(answer.cancelled() for answer in [*slow, late])
    assert wait([late], PATIENCE_S).done == {late}
    service.close()


def test_a_service_that_was_never_asked_closes_at_once(tmp_path: Path) -> None:
    before = threading.active_count()
    service = ModelService(Models(), {}, folder=tmp_path)
    assert threading.active_count() == before
    service.close()


def test_many_calls_at_once_all_get_their_own_answer(service: ModelService) -> None:
    answers: list[Future[Completion]] = [
        service.submit(prompt_of(model=NAME, key=key_of(turn=turn))) for turn in range(1, 9)
    ]
    texts = [answer.result(PATIENCE_S).text for answer in answers]
    assert texts == [f"turn {turn}" for turn in range(1, 9)]


def test_one_model_replaces_the_ladder_and_a_playbook_speaks_for_qa_too() -> None:
    models = Models(ladder=("gemini-a", "gemini-b"), qa="gemini-c", parallel=3)
    assert with_model(models, "gemini-x") == Models(ladder=("gemini-x",), qa="gemini-c", parallel=3)
    assert with_model(models, NAME) == Models(ladder=(NAME,), qa=NAME, parallel=3)


def test_the_sdk_is_not_loaded_until_a_gemini_model_is_asked() -> None:
    script = (
        "import sys; from models.service import ModelService; from events.settings import Models\n"
        "service = ModelService(Models(), {'GEMINI_API_KEY': 'k'})\n"
        "service.check('gemini-2.5-pro'); sys.exit('google.genai' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], check=False, timeout=PATIENCE_S)
    assert done.returncode == 0
