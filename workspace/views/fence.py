"""Content of files inside of a message, so that it cannot be taken for words of ours."""

import re
from typing import Final

_LEAST_TICKS: Final = 3
_TICKS: Final = re.compile(r"`+")


def fenced(text: str, language: str = "") -> str:
    """Return `text` between two fences of backticks, longer than any run of them in it."""
    longest = max((len(run) for run in _TICKS.findall(text)), default=0)
    fence = "`" * max(_LEAST_TICKS, longest + 1)
    end = "" if text.endswith("\n") or not text else "\n"
    return f"{fence}{language}\n{text}{end}{fence}"


def plain_path(path: str) -> str:
    """Return `path`, quoted and escaped if a character of it could make it look like more."""
    return path if path.isprintable() and path == path.strip() else ascii(path)
