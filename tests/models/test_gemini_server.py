"""The loopback server itself: as strict as Gemini, and able to play a playbook."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable

import pytest

from events.conversation import (
    CallResult,
    Message,
    ModelMessage,
    Prompt,
    ResultsMessage,
    UserMessage,
)
from events.ids import CallId
from models.playbook import parse_playbook
from tests.gemini_replies import Json, quota_per_day, say
from tests.gemini_server import GeminiServer
from tests.models.asking import Gemini, prompt_of
from tests.playbook_brain import PlaybookBrain

Start = Callable[..., Gemini]

USER: Json = {"role": "user", "parts": [{"text": "hi"}]}
CALL: Json = say(calls=[("f", {"a": 1})]).events[0]["candidates"][0]["content"]  # type: ignore[index,call-overload]
RESULT: Json = {
    "role": "user",
    "parts": [{"functionResponse": {"name": "f", "id": "call-1", "response": {"output": "x"}}}],
}


def post(
    server: GeminiServer, contents: list[Json], *, path: str = "", key: str = ""
) -> tuple[int, Json]:
    """Return the status and the JSON of one plain request."""
    request = urllib.request.Request(
        server.url + (path or "/v1beta/models/gemini-x:generateContent"),
        json.dumps({"contents": contents}).encode(),
        {"x-goog-api-key": key or server.key},
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def part_of(content: Json, **changes: object) -> Json:
    """Return `content` with its first part changed, or a field of the part's one value."""
    [part] = content["parts"]
    [name] = part.keys() - {"thoughtSignature"}
    changed = {name: {**part[name], **changes}}
    if "thoughtSignature" in part:
        changed["thoughtSignature"] = part["thoughtSignature"]
    return {**content, "parts": [changed]}


def test_a_plain_call_gets_the_whole_answer_at_once() -> None:
    with GeminiServer([say("Hel", "lo")]) as server:
        status, answer = post(server, [USER, CALL, RESULT])
        assert status == 200
        parts = answer["candidates"][0]["content"]["parts"]
        assert [part["text"] for part in parts] == ["Hel", "lo", ""]
        assert post(server, [USER])[1]["error"]["message"] == "the test has no further reply"


@pytest.mark.parametrize(
    ("contents", "complaint"),
    [
        ([], "must begin with a user's turn"),
        ([CALL], "must begin with a user's turn"),
        ([{"role": "user", "parts": []}], "'data' must have one value"),
        ([{"role": "user", "parts": [{}]}], "'data' must have one value"),
        ([USER, CALL], "the last function calls have no responses"),
        ([USER, CALL, USER], "number of function response parts"),
        ([USER, RESULT], "number of function response parts"),
        ([USER, CALL, part_of(RESULT, name="g")], "does not match the call of f"),
        ([USER, CALL, part_of(RESULT, id="call-2")], "does not match the call of f"),
        ([USER, part_of(CALL, args={"a": 2}), RESULT], "Thought signature is not valid"),
        (
            [USER, {**CALL, "parts": [{"functionCall": {"name": "f"}}]}],
            "missing a thought_signature",
        ),
        (
            [USER, {"role": "model", "parts": [{"text": "a", "thoughtSignature": "x"}]}],
            "Thought signature is not valid",
        ),
    ],
)
def test_what_gemini_would_refuse_is_refused(contents: list[Json], complaint: str) -> None:
    with GeminiServer([say("never said")]) as server:
        status, answer = post(server, contents)
    assert status == 400
    assert complaint in answer["error"]["message"]


def test_another_key_and_an_unknown_path_are_refused() -> None:
    with GeminiServer([quota_per_day()]) as server:
        assert post(server, [USER], key="other")[0] == 403
        assert post(server, [USER], path="/v1/models")[0] == 400
        assert post(server, [USER])[0] == 429


PLAYBOOK = {
    "tickets": {
        "T1": [
            [
                {"text": "I look.", "calls": [{"tool": "read_file", "args": {"path": "a\n"}}]},
                {"error": "unavailable"},
                {"error": "rate_limit", "text": "Done.", "expect": ["the file's\n words", "Mend"]},
            ],
            [{"text": "Second try.", "usage": {"input": 9}}, {"error": "timeout"}],
            [{"text": "no", "expect": ["cathedral"]}],
        ]
    },
    "qa": [{"match": "E\\d", "hint": "Mind the gap."}],
    "usage": {"input": 3, "output": 2, "cached": 1, "thinking": 4},
}


def first(attempt: int) -> UserMessage:
    return UserMessage(f"Mend it.\nTicket T1 (attempt {attempt})\n")


@pytest.fixture
def playing(gemini: Start) -> Gemini:
    playbook = parse_playbook(json.dumps(PLAYBOOK).encode(), "demo.json")
    return gemini(answer=PlaybookBrain(playbook))


def test_an_attempt_is_played_over_the_wire(playing: Gemini) -> None:
    answer = playing.ask(prompt_of(first(1)))
    assert (answer.text, answer.usage.total) == ("I look.", 9)
    said = ModelMessage(answer.text, answer.calls, answer.native, "gemini-test")
    [call] = answer.calls
    result = CallResult(CallId("c1"), call.tool, "the file's\n words", native_id=call.native_id)
    messages: list[Message] = [first(1), said, ResultsMessage((result,))]
    assert playing.failure(prompt_of(*messages)).kind == "unavailable"
    assert playing.failure(prompt_of(*messages)).kind == "rate_limit"
    assert playing.ask(prompt_of(*messages)).text == "Done."


def test_an_outage_at_the_end_lasts_over_the_wire(playing: Gemini) -> None:
    answer = playing.ask(prompt_of(first(2)))
    assert answer.usage.input == 9
    prompt = prompt_of(first(2), ModelMessage(answer.text, native=answer.native), "Go on.")
    assert [playing.failure(prompt).kind for _ in range(3)] == ["timeout"] * 3


def test_qa_is_known_by_its_system_text(playing: Gemini) -> None:
    answer = playing.ask(prompt_of("it said E7", system="You are QA."))
    assert json.loads(answer.text) == {"hint": "Mind the gap."}


TOO_FAR = ModelMessage("and then?")


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        (prompt_of(first(3)), "turn 1 expects 'cathedral' in the prompt"),
        (prompt_of(first(4)), "no attempt 4 of ticket T1"),
        (prompt_of(first(3), TOO_FAR, "Go on."), "no ticket T1, attempt 3, turn 2"),
        (prompt_of(first(3), TOO_FAR, TOO_FAR, "Go on."), "no ticket T1, attempt 3, turn 3"),
        (prompt_of("hello"), "it names no ticket and attempt"),
        (prompt_of("all is well", system="QA"), "no hint for this failure"),
    ],
)
def test_what_the_playbook_does_not_say_is_a_bad_request(
    playing: Gemini, prompt: Prompt, words: str
) -> None:
    error = playing.failure(prompt)
    assert error.kind == "bad_request"
    assert words in str(error)
