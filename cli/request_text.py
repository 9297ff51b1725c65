"""One request to a person, as lines: who asks, what will really happen, and what is not shown."""

from collections.abc import Iterator

from cli.escape import clipped, shown
from cli.words import action_words
from events.action import RISKS, Action, risk_of
from events.approval import Question
from events.counted import counted

WORDS_CHARS = 300
LINE_CHARS = 500
"""Of one line of a preview that is not shown whole; a longer one says how much is left out."""
KINDS = {
    "spawn": "spawn: start a worker with this prompt",
    "tool": "tool",
    "merge": "merge: put the ticket's changes onto the run's tip",
    "in_doubt": "in doubt: cut short by a crash, it may have run; run it again",
}
_COLOURS = {"+": "32", "-": "31", "@": "36"}
"""First character of a line of a diff -> colour."""


def request_lines(
    run: str,
    question: Question,
    preview: str,
    *,
    left_s: float | None = None,
    most_lines: int | None = None,
    colour: bool = False,
) -> Iterator[str]:
    """Give the lines of a request, escaped and without their ends.

    Args:
        run: The run that asks.
        question: What it asks.
        preview: The characters of the preview; they may have been edited.
        left_s: Seconds until the policy answers, if it does.
        most_lines: Lines of the preview that are shown; None: all, and each of them whole. A
            command is always shown whole: harm would stand in the part that is left out.
        colour: Whether a diff is coloured.
    """
    action = question.action
    risk = risk_of(action)
    facts = {
        "run": run,
        "ticket": question.ticket,
        "attempt": question.attempt,
        "spelled": spelled(action_words(action)),
        "kind": KINDS[action.kind] + (f": {action.tool}" if action.kind == "tool" else ""),
        "archetype": question.archetype,
        "risk": f"{risk}: {RISKS[risk]}",
        "rule": question.rule,
        "expires": expiry_words(question, left_s),
    }
    yield f"{shown(question.approval)}  {clipped(action_words(action), WORDS_CHARS)}"
    yield from (
        f"  {name:<9}  {clipped(fact, WORDS_CHARS)}" for name, fact in facts.items() if fact
    )
    yield from preview_lines(
        preview,
        shown_of(action, most_lines),
        colour=colour and (action.kind == "merge" or action.effect == "write"),
    )


def shown_of(action: Action, most_lines: int | None) -> int | None:
    """Return how many lines are shown of the preview of an action; None: all."""
    return None if action.effect == "command" else most_lines


def spelled(words: str) -> str:
    r"""Return `words` with every character spelled out that may only look like another one.

    Empty if they hold none.

    >>> print(spelled("write_file \u0430pp.py"))
    write_file \u0430pp.py
    """
    return "" if words.isascii() else words.encode("unicode_escape").decode()


def preview_lines(preview: str, most_lines: int | None, *, colour: bool) -> Iterator[str]:
    """Give the lines of a preview, escaped, and what is left out of them; see `request_lines`."""
    lines = preview.removesuffix("\n").split("\n")
    kept = lines if most_lines is None else lines[:most_lines]
    for line in kept:
        plain = line.replace("\t", "    ")
        text = shown(plain) if most_lines is None else clipped(plain, LINE_CHARS)
        code = _COLOURS.get(line[:1]) if colour else None
        yield f"\x1b[{code}m{text}\x1b[0m" if code else text
    if len(kept) < len(lines):
        size = len("\n".join(lines[len(kept) :]).encode(errors="replace"))
        left_out = counted(len(lines) - len(kept), "line")
        yield f"... {left_out} of {len(lines):,} ({counted(size, 'byte')}) not shown"


def expiry_words(question: Question, left_s: float | None) -> str:
    """Return when and how a question answers itself; nothing if it never does."""
    if question.expiry is None:
        return ""
    verdict = {"allow": "approved", "deny": "rejected"}[question.expiry.verdict]
    when = "now" if left_s == 0 else f"in {left_s or question.expiry.after_s:,.0f} s"
    return f"{when}, then it is {verdict}"
