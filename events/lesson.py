"""What a failed attempt hands to the next one: bounded words, and never a line of raw output."""

from collections.abc import Sequence

LESSON_CHARS = 2000
"""A lesson stays small: every turn of the next attempt pays for it."""
REASON_CHARS, PATHS_CHARS = 900, 600
"""Parts of it; what is left is for the latest hints."""
PATHS_NAMED = 20
"""Paths that are named one by one; the tree holds the rest."""


def lesson_of(number: int, reason: str, changed: Sequence[str], hints: Sequence[str]) -> str:
    """Return what the next attempt is told, `LESSON_CHARS` characters at most.

    Args:
        number: of the failed attempt.
        reason: why it failed; a merge conflict and a red check are reasons.
        changed: files that its edits have touched; its worktree is gone.
        hints: of QA, in order; the latest count most, and each is told once.
    """
    lesson = f"Attempt {number} failed: {clipped(reason, REASON_CHARS)}"
    if changed:
        lesson += f"\nIts edits are gone; they were in: {named(changed)}"
    told: list[str] = []
    for hint in dict.fromkeys(reversed(hints)):
        line = f"\n- hint: {hint}"
        if len(lesson) + sum(map(len, told)) + len(line) > LESSON_CHARS:
            break
        told.insert(0, line)
    return lesson + "".join(told)


def named(paths: Sequence[str]) -> str:
    """Return paths as words, and how many there are beyond the first few.

    >>> named(["a.py", "b.py"]), named([f"{n}.py" for n in range(22)])[-18:]
    ('a.py, b.py', ', 19.py and 2 more')
    """
    whole: list[str] = []
    for path in paths[:PATHS_NAMED]:
        if sum(map(len, whole)) + len(path) > PATHS_CHARS:
            break
        whole.append(path)
    left_out = len(paths) - len(whole)
    more = [f"{left_out} more"] if left_out else []
    return " and ".join([", ".join(whole), *more] if whole else more)


def clipped(text: str, most: int) -> str:
    """Return `text`, cut to `most` characters with a sign that it is.

    >>> clipped("a long story", 10)
    'a long ...'
    """
    return text if len(text) <= most else f"{text[: most - 4].rstrip()} ..."
