"""`trackside context --hint`: what QA was asked about a failure, and what it answered."""

import argparse
import difflib
from collections.abc import Iterator

from cli.answers import print_answer
from cli.escape import json_text, shown
from cli.exit_code import ExitCode
from cli.past import say_torn
from events.ids import TicketId
from replay.archive import Archive
from replay.consultation import Advice, Consultation, Consultations
from replay.prompt_text import prompt_text

LAST = "last"


def hint_number(text: str) -> int | str:
    """Return the number of a hint, or `LAST`.

    Raises:
        ArgumentTypeError: it is neither.

    >>> hint_number("2"), hint_number("last")
    (2, 'last')
    """
    if text == LAST:
        return LAST
    if text.isascii() and text.isdigit():
        return int(text)
    raise argparse.ArgumentTypeError(f"give 1, 2, ... or {LAST}, not {shown(text)}")


def run_hint(archive: Archive, args: argparse.Namespace) -> int:
    """Print what was asked and answered; return the exit code."""
    consultations = Consultations(archive, TicketId(args.ticket))
    say_torn(archive)
    number = None if args.hint == LAST else args.hint
    hint = consultations.consultation(args.attempt, number)
    if args.raw:
        print(json_text({"prompt": hint.prompt, "reply": hint.advice}))
    elif args.json:
        print_answer(hint)
    elif args.diff:
        print(*difference(consultations.before(hint), hint), sep="\n")
    else:
        print(*lines_of(hint), sep="\n")
    return ExitCode.COMPLETED


def lines_of(hint: Consultation) -> Iterator[str]:
    """Give the hint as escaped lines; every character of prompt and answer is there."""
    yield shown(_title(hint))
    about = f"{hint.call}: {hint.command}" if hint.command else hint.call
    yield shown(f"asked at position {hint.asked} ({hint.asked_at}) about {about}")
    if hint.prompt is not None:
        yield f"prompt digest {hint.sent}"
        yield ""
        yield shown(prompt_text(hint.prompt), lines=True).removesuffix("\n")
    if hint.advice is None:
        yield "=== there is no hint yet; what QA is asked goes on record with its hint"
    else:
        yield shown("\n".join(_answer(hint.advice)), lines=True)


def _answer(advice: Advice) -> Iterator[str]:
    if advice.calls:
        used = advice.usage
        again = ", asked twice: its first hint was too long" if advice.calls > 1 else ""
        yield (
            f"=== answer by {advice.model}: {used.input:,} tokens in, "
            f"{used.output + used.thinking:,} out{again}"
        )
        yield advice.reply or "(an older version of trackside kept the hint only)"
    if advice.problem:
        yield f"=== problem: {advice.problem}"
    yield f"=== hint at position {advice.position} {_BY[advice.source]}"
    yield advice.words


_BY = {
    "model": "in the model's words",
    "extract": "by the rules, from the output",
    "person": "by a person, in a fork",
}


def difference(before: Consultation | None, hint: Consultation) -> Iterator[str]:
    """Give the lines by which the prompt differs from the one before, escaped."""
    if before is None:
        yield "there is no hint before the first one of a ticket"
        return
    if before.sent == hint.sent:
        yield f"QA was asked the same as for hint {before.hint} of attempt {before.attempt}"
        return
    lines = difflib.unified_diff(
        _prompt_lines(before), _prompt_lines(hint), _title(before), _title(hint), lineterm=""
    )
    yield from map(shown, lines)


def _prompt_lines(hint: Consultation) -> list[str]:
    return [] if hint.prompt is None else prompt_text(hint.prompt).split("\n")


def _title(hint: Consultation) -> str:
    return (
        f"run {hint.run}, ticket {hint.ticket}, attempt {hint.attempt}, "
        f"hint {hint.hint} of {hint.hints}"
    )
