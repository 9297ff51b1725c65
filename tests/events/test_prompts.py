"""The prompt of a turn is a function of the attempt's state."""

import msgspec

from events.attempt_commands import EndAttempt, RecordCallFailure, RecordCheck, RecordContext
from events.conversation import (
    CallResult,
    ModelMessage,
    Prompt,
    PromptKey,
    RequestedCall,
    ResultsMessage,
    ToolSpec,
    UserMessage,
)
from events.ids import CallId
from events.payload import BlobRef, Text, plain
from events.prompts import prompt_of
from tests.events.attempts import NEW, OUTSIDE, AttemptScenario, facing, in_a_call, opened
from tests.histories import (
    BEGIN,
    C1,
    CONTEXT,
    RED,
    T1,
    answered,
    digest,
    finishes,
    hinted,
    ran,
    says,
    started,
    wants,
)

TOOLS = {
    name: ToolSpec(name, f"does {name}", '{"type":"object"}')
    for name in ("finish", "run_command", "write_file", "delete_file")
}


def prompt(scenario: AttemptScenario) -> Prompt:
    return prompt_of(scenario.state, TOOLS, plain)


def test_the_first_turn_is_the_clean_context() -> None:
    assert prompt(opened()) == Prompt(
        model="gemini-2.5-flash-lite",
        system="you are a worker",
        messages=(UserMessage("mend the till"),),
        key=PromptKey(tier=3, ticket=T1, attempt=1, turn=1, call=1),
        tools=(TOOLS["write_file"], TOOLS["run_command"], TOOLS["finish"]),
        max_output_tokens=8192,
    )


def test_an_answer_and_its_results_follow_in_the_order_of_the_calls() -> None:
    both = facing("write_file", "run_command").after(wants("c1"), ran("c1"), wants("c2"), ran("c2"))
    assert prompt(both).messages[1:] == (
        ModelMessage(
            "",
            (RequestedCall("write_file", "{}"), RequestedCall("run_command", "{}")),
            native_model="gemini-2.5-flash-lite",
        ),
        ResultsMessage(
            (
                CallResult(C1, "write_file", "fine"),
                CallResult(CallId("c2"), "run_command", "fine"),
            )
        ),
    )
    assert prompt(both).key.turn == 2


def test_a_red_check_after_text_alone_follows_as_a_message() -> None:
    red = in_a_call().after(says(text="done"), RecordCheck(RED), hinted("check1"))
    _, said, told = prompt(red).messages
    assert said == ModelMessage("done", native_model="gemini-2.5-flash-lite")
    assert isinstance(told, UserMessage)
    assert told.text.startswith("The check failed with exit code 1")


def test_a_red_check_after_finish_is_the_result_of_finish() -> None:
    red = facing("finish").after(finishes(), RecordCheck(RED), hinted("check1"))
    assert isinstance(prompt(red).messages[-1], ResultsMessage)


def test_a_failed_call_changes_the_key_and_nothing_that_a_model_reads() -> None:
    failed = in_a_call().after(RecordCallFailure("timeout", "slow", retryable=True))
    assert prompt(failed).digest == prompt(opened()).digest
    assert (prompt(failed).key.turn, prompt(failed).key.call) == (1, 2)
    assert prompt(failed.after(BEGIN)) == prompt(failed)


def test_the_models_own_form_of_an_answer_goes_back_to_it() -> None:
    native = msgspec.structs.replace(says("finish"), native='{"signature": "x"}')
    red = in_a_call().after(native, finishes(), RecordCheck(RED), hinted("check1"))
    said = prompt(red).messages[1]
    assert isinstance(said, ModelMessage)
    assert said.native == '{"signature": "x"}'


def test_texts_beside_the_log_are_read_into_the_prompt() -> None:
    kept = BlobRef(digest("long"), 9000)
    context = RecordContext(kept, kept, (), (), digest("ctx"))

    def read(text: Text) -> str:
        return "from a blob" if isinstance(text, BlobRef) else text

    built = prompt_of(NEW.after(started(), context).state, TOOLS, read)
    assert (built.system, built.messages) == ("from a blob", (UserMessage("from a blob"),))


def test_a_tool_that_this_program_no_longer_has_is_left_out() -> None:
    assert prompt_of(NEW.after(started(), CONTEXT).state, {}, plain).tools == ()


def test_the_model_is_told_of_the_arguments_that_a_person_gave_its_call() -> None:
    edited = '{"command": "make deploy DRY=1"}'
    yes = answered("T1.1.c1", arguments=edited, digest=OUTSIDE.digest)
    under_way = facing("run_command", "write_file").after(wants("c1", OUTSIDE), yes)
    told = f"A person changed the arguments of this call; these ran: {edited}"
    started = under_way.after(wants("c1", OUTSIDE))
    fine = started.after(ran("c1"), wants("c2"), ran("c2"))
    red = started.after(ran("c1", RED), hinted("c1"), wants("c2"), ran("c2"))
    for scenario, first in ((fine, "fine"), (red, "The command failed")):
        results = prompt(scenario).messages[-1]
        assert isinstance(results, ResultsMessage)
        assert results.results[0].text.startswith(first)
        assert results.results[0].text.endswith(f"\n[{told}]")
        assert results.results[1].text == "fine"
    assert started.after(EndAttempt("cancelled", "enough")).state.edited is None
