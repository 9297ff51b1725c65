"""The exact prompt of any turn, from the attempt's state alone: live and in a replay the same."""

from collections.abc import Mapping

from events.attempt import Attempt, Done, Turn
from events.conversation import (
    CallResult,
    Message,
    ModelMessage,
    Prompt,
    PromptKey,
    RequestedCall,
    ResultsMessage,
    ToolSpec,
    UserMessage,
)
from events.lesson import clipped
from events.payload import ReadText

EDITED = "A person changed the arguments of this call; these ran: {}"
EDITED_CHARS = 2000
"""How much of them the model reads; it can look at what they did."""


def prompt_of(attempt: Attempt, tools: Mapping[str, ToolSpec], read: ReadText) -> Prompt:
    """Return the prompt of the attempt's next turn.

    Args:
        attempt: between two turns: every call of the last answer has its result.
        tools: by name; the attempt's own list says which of them, in which order.
        read: resolves the texts that are kept beside the log.
    """
    terms = attempt.bound
    messages: list[Message] = [UserMessage(read(attempt.message))]
    for turn in attempt.turns:
        messages.extend(_messages_of(turn, read))
    return Prompt(
        model=attempt.model,
        system=read(attempt.system),
        messages=tuple(messages),
        key=PromptKey(
            tier=3,
            ticket=terms.ticket.id,
            attempt=terms.number,
            turn=attempt.answers + 1,
            call=attempt.model_calls + 1,
        ),
        tools=tuple(tools[name] for name in attempt.tools if name in tools),
        max_output_tokens=terms.max_output_tokens,
    )


def _messages_of(turn: Turn, read: ReadText) -> list[Message]:
    calls = tuple(
        RequestedCall(call.tool, read(call.arguments), call.native_id) for call in turn.calls
    )
    said: list[Message] = [
        ModelMessage(read(turn.text), calls, read(turn.native), turn.native_model)
    ]
    if turn.done:
        results = tuple(
            CallResult(
                done.call.call, done.call.tool, _told(done, read), done.ok, done.call.native_id
            )
            for done in turn.done
        )
        said.append(ResultsMessage(results))
    if turn.note:
        said.append(UserMessage(turn.note))
    return said


def _told(done: Done, read: ReadText) -> str:
    notes = [] if done.edited is None else [EDITED.format(clipped(read(done.edited), EDITED_CHARS))]
    notes += [done.note] if done.note else []
    return "\n".join([read(done.text), *(f"[{note}]" for note in notes)])
