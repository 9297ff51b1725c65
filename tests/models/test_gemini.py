"""Gemini through the real SDK: what is sent, and what is made of the answer."""

import json
import threading
from collections.abc import Callable

import pytest

from events.conversation import (
    CallResult,
    Completion,
    Message,
    ModelMessage,
    RequestedCall,
    ResultsMessage,
    ToolSpec,
    Usage,
    UserMessage,
)
from events.ids import CallId
from tests.gemini_replies import Json, count, say
from tests.models.asking import Gemini, prompt_of

Start = Callable[..., Gemini]

READ = ToolSpec(
    "read_file",
    "Return a file.",
    '{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}',
)


def spoken(answer: Completion, *, by: str = "gemini-test") -> ModelMessage:
    return ModelMessage(answer.text, answer.calls, answer.native, by)


def results(answer: Completion, *texts: str, ok: bool = True) -> ResultsMessage:
    return ResultsMessage(
        tuple(
            CallResult(CallId(f"c{number}"), call.tool, text, ok, call.native_id)
            for number, (call, text) in enumerate(zip(answer.calls, texts, strict=True))
        )
    )


def test_a_streamed_answer_comes_back_whole(gemini: Start) -> None:
    service = gemini(say("Hello ", "world", usage=count(100, 7, cached=30, thinking=9)))
    answer = service.ask()
    assert answer.text == "Hello world"
    assert answer.calls == ()
    assert answer.usage == Usage(input=100, output=7, cached=30, thinking=9)
    assert answer.finish_reason == "stop"
    assert answer.served_by == "gemini-test"
    assert answer.latency_s > 0


def test_a_prompt_is_sent_as_one_streamed_request_with_the_key_in_a_header(gemini: Start) -> None:
    service = gemini(say("ok"))
    service.ask(prompt_of("Mend it.", tools=(READ,)))
    [request] = service.server.requests
    assert request.path == "/v1/models/gemini-test:streamGenerateContent?alt=sse"
    assert request.headers["x-goog-api-key"] == service.server.key
    assert request.body == {
        "contents": [{"role": "user", "parts": [{"text": "Mend it."}]}],
        "systemInstruction": {"role": "user", "parts": [{"text": "You are a worker."}]},
        "tools": [
            {
                "functionDeclarations": [
                    {
                        "name": "read_file",
                        "description": "Return a file.",
                        "parameters_json_schema": json.loads(READ.parameters),
                    }
                ]
            }
        ],
        "generationConfig": {"maxOutputTokens": 8192},
    }


def test_a_schema_asks_for_json(gemini: Start) -> None:
    service = gemini(say('{"hint": "mind the gap"}'))
    schema = '{"type":"object","properties":{"hint":{"type":"string"}}}'
    assert service.ask(prompt_of(answer_schema=schema)).text == '{"hint": "mind the gap"}'
    [body] = service.bodies
    assert body["generationConfig"]["responseMimeType"] == "application/json"
    assert body["generationConfig"]["responseJsonSchema"] == json.loads(schema)


def test_calls_come_back_in_order_with_their_ids(gemini: Start) -> None:
    calls: list[tuple[str, Json]] = [("read_file", {"path": "a"}), ("list_files", {})]
    answer = gemini(say("I look.", calls=calls)).ask()
    assert answer.text == "I look."
    assert answer.calls == (
        RequestedCall("read_file", '{"path":"a"}', "call-1"),
        RequestedCall("list_files", "{}", "call-2"),
    )


def test_thoughts_are_kept_for_the_model_and_are_no_part_of_the_text(gemini: Start) -> None:
    answer = gemini(say("Done.", thought="Let me think.")).ask()
    assert answer.text == "Done."
    assert "Let me think." in answer.native


@pytest.mark.parametrize("ids", [True, False])
def test_a_conversation_goes_back_exactly_as_gemini_gave_it(gemini: Start, ids: bool) -> None:
    calls: list[tuple[str, Json]] = [
        ("read_file", {"path": "a", "n": 1.5}),
        ("read_file", {"path": "ü\u2028"}),
    ]
    service = gemini(
        say("Two.", calls=calls, ids=ids, thought="hm"),
        say("Thinking", " aloud."),
        say("Third.", calls=[("list_files", {})], ids=ids),
        say("The end."),
    )
    said: list[Message] = [UserMessage("Begin.")]
    for texts in (("one", "two"), (), ("three",)):
        answer = service.ask(prompt_of(*said))
        said += [spoken(answer)]
        said += [results(answer, *texts)] if texts else [UserMessage("Go on.")]
    assert service.ask(prompt_of(*said)).text == "The end."

    sent = service.bodies[-1]["contents"]
    assert [content["role"] for content in sent] == ["user", "model"] * 3 + ["user"]
    first = service.bodies[1]["contents"][1]["parts"]
    assert first[0] == {"text": "hm", "thought": True}
    assert first[2]["thoughtSignature"]
    assert sent[3]["parts"][-1].keys() == {"text", "thoughtSignature"}
    echoed: list[Json] = [{"id": "call-1"}, {"id": "call-2"}] if ids else [{}, {}]
    assert [part["functionResponse"] for part in sent[2]["parts"]] == [
        {"name": "read_file", "response": {"output": "one"}, **echoed[0]},
        {"name": "read_file", "response": {"output": "two"}, **echoed[1]},
    ]


def test_a_failed_call_is_told_as_an_error(gemini: Start) -> None:
    service = gemini(say(calls=[("read_file", {"path": "a"})]), say("I see."))
    answer = service.ask()
    service.ask(prompt_of("hi", spoken(answer), results(answer, "no such file", ok=False)))
    [part] = service.bodies[1]["contents"][2]["parts"]
    assert part["functionResponse"]["response"] == {"error": "no such file"}


@pytest.mark.parametrize("by", ["scripted:demo.json", "gemini-test"])
def test_an_answer_that_gemini_did_not_write_is_told_in_its_words(gemini: Start, by: str) -> None:
    native = "not for gemini" if by.startswith("scripted") else ""
    calls = (RequestedCall("read_file", '{"path":"a"}'), RequestedCall("read_file", "[broken"))
    said = ModelMessage("I read.", calls, native, by)
    answered = ResultsMessage(
        (CallResult(CallId("c1"), "read_file", "1"), CallResult(CallId("c2"), "read_file", "2"))
    )
    service = gemini(say("Good."))
    assert service.ask(prompt_of("hi", said, answered)).text == "Good."
    [body] = service.bodies
    assert body["contents"][1]["parts"] == [
        {"text": "I read."},
        {
            "functionCall": {"name": "read_file", "args": {"path": "a"}},
            "thoughtSignature": "skip_thought_signature_validator",
        },
        {"functionCall": {"name": "read_file", "args": {"arguments": "[broken"}}},
    ]


def test_text_alone_of_another_family_is_told_as_text(gemini: Start) -> None:
    service = gemini(say("Good."))
    service.ask(prompt_of("hi", ModelMessage("I am done.", native_model="scripted:a"), "Go on."))
    assert service.bodies[0]["contents"][1]["parts"] == [{"text": "I am done."}]


def test_many_threads_share_one_client(gemini: Start) -> None:
    service = gemini(answer=lambda request: say(request.body["contents"][0]["parts"][0]["text"]))
    answers: dict[str, str] = {}

    def ask(name: str) -> None:
        answers[name] = service.ask(name).text

    threads = [threading.Thread(target=ask, args=(f"n{number}",)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {f"n{number}": f"n{number}" for number in range(12)}
