"""What a model reads of an output: bounded, with the first cause and the last frames."""

import re
from collections.abc import Iterator

from events.diagnosis.cleaning import cleaned
from events.diagnosis.recognition import last_words, recognised

MAX_CHARS, MAX_LINES, LINE_CHARS = 4000, 120, 300
"""Notes of what was left out count too."""
LONGEST_PERIOD = 20
"""Frames of a recursion repeat in blocks of up to so many lines."""
_WORTH_FOLDING = 4
MOST_NOTES, _NOTE_CHARS = 4, 40
AFTER_CAUSE, BEFORE_CAUSE, AT_END, AT_START = 8, 16, 30, 10
"""Lines around the first cause, then of both ends, that go before all others."""

_DIGITS = re.compile(r"\d+")


def extract(output: str, root: str = "") -> str:
    """Return the part of `output` that tells most, at most `MAX_CHARS` in `MAX_LINES` lines.

    Lines around the first cause come first, then the last ones, then the first ones, until the
    room is full. Blocks of lines that repeat, but for numbers, are folded into a note.
    """
    text = cleaned(output, root)
    cause = recognised(text) or last_words(text)
    at = text.count("\n", 0, cause.at) if cause else 0
    lines = text.rstrip("\n").split("\n")
    folded, focus = fold(lines, at)
    return _chosen([line[:LINE_CHARS] for line in folded], focus)


def fold(lines: list[str], focus: int = 0) -> tuple[list[str], int]:
    """Return `lines` with repeating blocks folded, and where the line `focus` stands now.

    A block that repeats stays once, its last repetition too if that has other numbers in it. The
    line `focus` is never folded away.

    >>> fold(["a", "tick 1", "tick 2", "tick 3", "tick 4", "tick 5", "tick 6", "b"])
    (['a', 'tick 1', '[... 4 lines like the one above ...]', 'tick 6', 'b'], 0)
    """
    shapes = [_DIGITS.sub("0", line) if line else line for line in lines]
    kept: list[str] = []
    kept_focus = 0
    seen: dict[str, int] = {}
    here = 0
    while here < len(lines):
        period = here - seen.get(shapes[here], here)
        end = _end_of_repetition(shapes, here, period, focus if here <= focus else len(lines))
        if end - here < max(_WORTH_FOLDING, 2 * period):
            if here == focus:
                kept_focus = len(kept)
            seen[shapes[here]] = here
            kept.append(lines[here])
            here += 1
            continue
        same = lines[end - period : end] == lines[here - period : here]
        gone = end - here - (0 if same else period)
        block = "one" if period == 1 else str(period)
        kept.append(f"[... {gone} lines like the {block} above ...]")
        kept += [] if same else lines[end - period : end]
        seen |= {shapes[index]: index for index in range(end - period, end)}
        here = end
    return kept, kept_focus


def _end_of_repetition(shapes: list[str], here: int, period: int, limit: int) -> int:
    """Return where the block of `period` lines before `here` ceases to repeat, up to `limit`."""
    end = here
    if not 0 < period <= LONGEST_PERIOD:
        return end
    block = shapes[here - period : here]
    while end + period <= limit and shapes[end : end + period] == block:
        end += period
    return end


def _chosen(lines: list[str], focus: int) -> str:
    """Return the lines that fit, in their order, with notes where some are left out."""
    room = MAX_CHARS - MOST_NOTES * _NOTE_CHARS
    chosen: set[int] = set()
    for index in _by_weight(len(lines), focus):
        room -= 0 if index in chosen else len(lines[index]) + 1
        if room < 0 or len(chosen) == MAX_LINES - MOST_NOTES:
            break
        chosen.add(index)
    return "\n".join(_with_notes(lines, sorted(chosen)))


def _by_weight(count: int, focus: int) -> Iterator[int]:
    """Yield the indices of lines, the most telling first: from three points on, without holes."""
    yield from range(focus, min(focus + AFTER_CAUSE, count))
    yield from range(focus - 1, max(focus - 1 - BEFORE_CAUSE, -1), -1)
    yield from range(count - 1, max(count - 1 - AT_END, -1), -1)
    yield from range(min(AT_START, count))
    yield from range(count - 1, -1, -1)


def _with_notes(lines: list[str], chosen: list[int]) -> Iterator[str]:
    following = 0
    for index in [*chosen, len(lines)]:
        if index > following:
            yield f"[... {index - following} lines left out ...]"
        if index < len(lines):
            yield lines[index]
        following = index + 1
