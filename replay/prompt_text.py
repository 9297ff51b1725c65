"""A prompt as plain text: for people to read, and to compare with another one line by line."""

from collections.abc import Iterator

from events.conversation import Message, ModelMessage, Prompt, ResultsMessage, UserMessage


def prompt_text(prompt: Prompt) -> str:
    """Return all that a model was sent, a heading before each part; nothing is left out."""
    return "\n".join(_parts(prompt)) + "\n"


def _parts(prompt: Prompt) -> Iterator[str]:
    yield f"=== model {prompt.model}, at most {prompt.max_output_tokens} tokens of output"
    if prompt.answer_schema:
        yield f"=== answer schema\n{prompt.answer_schema}"
    yield f"=== system\n{prompt.system}"
    for tool in prompt.tools:
        yield f"=== tool {tool.name}\n{tool.description}\n{tool.parameters}"
    for number, message in enumerate(prompt.messages, start=1):
        yield f"=== message {number}, {_words(message)}"


def _words(message: Message) -> str:
    match message:
        case UserMessage(text=text):
            return f"from trackside\n{text}"
        case ModelMessage(text=text, calls=calls):
            asked = "".join(f"\n--- call {call.tool} {call.arguments}" for call in calls)
            return f"from the model\n{text}{asked}"
        case ResultsMessage(results=results):
            told = "".join(
                f"\n--- result of {result.call} {result.tool}"
                f"{'' if result.ok else ' (not done)'}\n{result.text}"
                for result in results
            )
            return f"results{told}"
