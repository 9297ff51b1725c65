"""What QA makes of raw output: a bounded extract for its model, and a hint without any model."""

import msgspec

from events.action import Outcome
from events.conversation import Prompt, PromptKey, UserMessage
from events.hint import MAX_WORDS, Failure, cut
from events.ids import ticket_of

HEAD_LINES, TAIL_LINES, LINE_CHARS = 40, 80, 300
"""What a model reads of a failure: the first cause stands near the top or near the end."""

SYSTEM = f"""\
You are QA. A command or an edit of a coding worker failed. Name the first cause and, if it is \
plain, the way out: file, line and name where you see them. Answer with JSON {{"hint": "..."}} of \
at most {MAX_WORDS} words, in one sentence. Never quote a stack trace."""


class _Answer(msgspec.Struct, frozen=True):
    hint: str


ANSWER_SCHEMA = '{"type":"object","properties":{"hint":{"type":"string"}},"required":["hint"]}'


def hint_prompt(failure: Failure, output: str, model: str) -> Prompt:
    """Return what the QA model is asked; it depends on the failure alone."""
    outcome = failure.outcome
    ticket, number = ticket_of(failure.attempt)
    asked = f"Command: {outcome.command or failure.call}\nEnded: {_ended(outcome)}\nOutput:\n"
    return Prompt(
        model=model,
        system=SYSTEM,
        messages=(UserMessage(asked + extract(output)),),
        key=PromptKey(tier=4, ticket=ticket, attempt=number, turn=0, call=1),
        max_output_tokens=512,
        answer_schema=ANSWER_SCHEMA,
    )


def _ended(outcome: Outcome) -> str:
    if outcome.finding:
        return outcome.finding
    if outcome.timed_out:
        return f"timeout after {outcome.duration_s:.1f} s"
    return f"exit code {outcome.exit_code}, signal {outcome.signal}"


def extract(output: str) -> str:
    """Return the first and the last lines of `output`, each of bounded length."""
    lines = [line[:LINE_CHARS] for line in output.split("\n")]
    if len(lines) <= HEAD_LINES + TAIL_LINES:
        return "\n".join(lines)
    left_out = len(lines) - HEAD_LINES - TAIL_LINES
    note = f"[... {left_out} lines left out ...]"
    return "\n".join([*lines[:HEAD_LINES], note, *lines[-TAIL_LINES:]])


def hint_in(answer: str) -> str | None:
    """Return the hint of a model's answer, at most `MAX_WORDS` words; None if it holds none."""
    try:
        hint = msgspec.json.decode(answer, type=_Answer).hint
    except msgspec.DecodeError:
        hint = answer
    return cut(hint) or None


def first_cause(output: str) -> str:
    r"""Return a hint without a model: the last line that names an error, else the last line.

    >>> first_cause("Traceback ...\nKeyError: 'x'\n")
    "KeyError: 'x'"
    """
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if "Error" in line or "FAILED" in line or "error:" in line]
    return cut((telling or lines or ["no output"])[-1])
