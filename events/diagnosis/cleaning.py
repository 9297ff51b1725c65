"""Output as a person would see it on a screen, bounded: the text that all other rules read.

Every expression here and in the rules is anchored or possessive, and lines are short once this is
done, so that reading takes time in proportion to the length of the output.
"""

import re
from collections.abc import Iterator

ENDS_CHARS = 512 * 1024
"""How much of either end of a long output is read."""
FINDS, FIND_CHARS = 20, 4000
"""How many telling places are looked up between the ends, and how much is read from each on."""
LINE_CHARS = 600

TELLING = re.compile(
    r"Traceback \(most recent|(?i:\berror\b|\bfatal\b|\bpanic)|[a-z]Error\b|Exception\b|\bFAIL"
)
"""Where an output says that something went wrong."""

_ESCAPE = re.compile(
    r"\x1b(?:\[[0-?]*+[ -/]*+[@-~]?"  # colours and moves of the cursor
    r"|\][^\x07\x1b\n]*+(?:\x07|\x1b\\)?"  # titles of windows, links
    r"|[ -/]++[0-~]|[0-Z\\^-~])"
)
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")


def cleaned(output: str, root: str = "") -> str:
    r"""Return `output` as a screen would show it, bounded to about a million characters.

    Without colours and control characters; of a line that was written over, only what stood there
    last; lines cut to `LINE_CHARS`; paths below the folder `root` relative to it.

    >>> cleaned("\x1b[31m10 %\r99 %\x1b[0m\nbad\x00 /w/a.py", root="/w")
    '99 %\nbad a.py'
    """
    text = _SURROGATE.sub("\ufffd", _ESCAPE.sub("", _windows(output)))
    lines = map(_as_shown, text.split("\n"))
    shown = "\n".join(line if len(line) <= LINE_CHARS else _shortened(line) for line in lines)
    return shown.replace(root.rstrip("/") + "/", "") if root.strip("/") else shown


def printable(text: str) -> str:
    r"""Return `text` on one line, with single spaces, without characters that cannot be printed.

    >>> printable("a\x07\u202e  b\n")
    'a b'
    """
    shown = (character if character.isprintable() else " " for character in text)
    return " ".join("".join(shown).split())


def _windows(output: str) -> str:
    """Return the whole output, or both its ends and the telling places between."""
    if len(output) <= 2 * ENDS_CHARS:
        return output
    middle = output[ENDS_CHARS:-ENDS_CHARS]
    note = "\n[... not read: long output ...]\n"
    return note.join([output[:ENDS_CHARS], *_finds(middle), output[-ENDS_CHARS:]])


def _finds(middle: str) -> Iterator[str]:
    end = 0
    for _ in range(FINDS):
        match = TELLING.search(middle, end)
        if match is None:
            return
        start = max(end, middle.rfind("\n", end, match.start()) + 1, match.start() - LINE_CHARS)
        end = start + FIND_CHARS
        yield middle[start:end]


def _as_shown(line: str) -> str:
    return _UNSEEN.sub("", line.rstrip("\r").rpartition("\r")[2])


def _shortened(line: str) -> str:
    half = LINE_CHARS // 2 - 3
    return f"{line[:half]} ... {line[-half:]}"
