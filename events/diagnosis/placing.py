"""Where in the worktree a failure points to, and the source around such a place."""

import re
from itertools import islice
from typing import NamedTuple

from events.diagnosis.cause import is_ours
from events.diagnosis.cleaning import cleaned
from events.diagnosis.recognition import recognised
from events.paths import clean_path, path_problem

MAX_PLACES = 8
LINES_BEFORE, LINES_AFTER = 10, 9
"""About 20 lines around the failing one, as product.md, section 6, has it."""
SOURCE_CHARS = 200

_MENTIONS, _NAME = 5000, r"[\w./@+~-]{1,255}+"
_MENTION = re.compile(
    r'File "(?P<frame>[^"\n]{1,1000}+)", line (?P<frame_line>\d{1,7})\b'
    rf"|(?<![\w./@+~-])(?P<path>{_NAME}):(?P<line>\d{{1,7}})\b"
    rf"|\b(?:file|at) (?P<said>{_NAME}),? line (?P<said_line>\d{{1,7}})\b"
    rf"|(?<![\w./@+~-])(?P<tsc>{_NAME})\((?P<tsc_line>\d{{1,7}}),\d{{1,7}}\)"
)


class Place(NamedTuple):
    """A line of a file of the worktree that a failure mentions."""

    path: str
    """POSIX, from the repository on; nothing says that such a file exists."""
    line: int
    """1, 2, ..."""


def places(output: str, root: str = "") -> tuple[Place, ...]:
    r"""Return up to `MAX_PLACES` places in the worktree, the most telling first.

    The place of the first cause leads; the others follow by how close to it they are mentioned.
    Absolute paths count only below `root`, the folder of the worktree. Files of libraries do not.

    >>> places('File "/w/till.py", line 7, in add\nmain.c:3: error: no', root="/w")
    (Place(path='main.c', line=3), Place(path='till.py', line=7))
    """
    text = cleaned(output, root)
    cause = recognised(text)
    at = cause.at if cause else len(text)
    mentions = list(islice(_MENTION.finditer(text), _MENTIONS))
    mentions.sort(key=lambda mention: abs(mention.start() - at))
    named = [_MENTION.search(cause.where)] if cause else []
    found = (_place(mention) for mention in (*named, *mentions) if mention)
    return tuple(islice(dict.fromkeys(place for place in found if place), MAX_PLACES))


def source_excerpt(source: str, line: int) -> str:
    r"""Return about 20 numbered lines of `source` around `line`, which is marked; may be empty.

    >>> print(source_excerpt("a = 1\nb = a / 0\n", 2))
      1 | a = 1
    > 2 | b = a / 0
    """
    lines = source.splitlines()
    focus = min(max(line, 1), max(len(lines), 1))
    first = max(1, focus - LINES_BEFORE)
    last = min(len(lines), focus + LINES_AFTER)
    width = len(str(last))
    return "\n".join(
        f"{'>' if number == focus else ' '} {number:>{width}} | {_bounded(lines[number - 1])}"
        for number in range(first, last + 1)
    )


def _place(mention: re.Match[str]) -> Place | None:
    kind = mention.lastgroup or ""
    line = int(mention[kind])
    path = mention[kind.removesuffix("line").removesuffix("_") or "path"]
    inside = not path.startswith(("/", "<")) and line > 0 and is_ours(path) and _is_file(path)
    if not inside or path_problem(path) is not None:
        return None
    return Place(clean_path(path), line)


def _is_file(path: str) -> bool:
    """Return whether `path` looks like a file: ``12:30`` and ``localhost:80`` do not."""
    name = path.rpartition("/")[2]
    stem, dot, suffix = name.rpartition(".")
    return bool(dot and stem and suffix.isalnum() and not suffix.isdigit()) or name == "Makefile"


def _bounded(line: str) -> str:
    shown = cleaned(line.expandtabs(4))
    return shown if len(shown) <= SOURCE_CHARS else shown[:SOURCE_CHARS] + "..."
