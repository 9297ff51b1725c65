"""The patterns of a policy: paths, commands and names, what they match and when they are wrong."""

import re
import shlex
from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import lru_cache

from events.paths import clean_path, path_problem
from events.reading import quoted

_SHELL_CHARACTERS = frozenset("|&;<>()$`\\*?[]{}~#!\n\r\0")
"""A command that holds one of these may run more, or other, words than it seems to."""


def glob_matches(glob: str, path: str) -> bool:
    """Return whether the whole of `path` is of the form `glob`.

    ``*`` and ``?`` stay within one folder, ``**`` stands for any number of folders, none included.
    The work is bounded by the product of both lengths, whatever they hold.

    >>> glob_matches("src/**/*.py", "src/shop.py")
    True
    >>> glob_matches("src/*.py", "src/deep/shop.py")
    False
    """
    parts = glob.split("/")
    here = _through_stars(parts, {0})
    for name in clean_path(path).split("/"):
        stay = {at for at in here if at < len(parts) and parts[at] == "**"}
        step = {at + 1 for at in here - stay if at < len(parts) and fnmatchcase(name, parts[at])}
        here = _through_stars(parts, stay | step)
    return len(parts) in here


def glob_problem(glob: str) -> str | None:
    """Return why `glob` can match no path, or None."""
    parts = glob.split("/")
    if glob.startswith(("/", "~")) or not {"", ".", ".."}.isdisjoint(parts):
        return f'{quoted(glob)} matches nothing: paths begin at the worktree, without "." and ".."'
    return None


def _through_stars(parts: Sequence[str], here: set[int]) -> set[int]:
    reached = set(here)
    for at, part in enumerate(parts):
        if at in reached and part == "**":
            reached.add(at + 1)
    return reached


def argv_matches(template: Sequence[str], command: str) -> bool:
    """Return whether a shell would run exactly the words of `template` for `command`.

    ``*`` in the template stands for one word that is neither an option nor a path that leaves the
    worktree.

    >>> argv_matches(["pytest", "-q", "*"], "pytest -q tests/test_shop.py")
    True
    >>> argv_matches(["pytest", "*"], "pytest --pdbcls=x:y")
    False
    >>> argv_matches(["pytest"], "pytest; rm -r src")
    False
    """
    words = plain_words(command)
    return (
        words is not None
        and len(words) == len(template)
        and all(map(_word_matches, template, words))
    )


def argv_problem(template: Sequence[str]) -> str | None:
    """Return why `template` would allow too much, or None."""
    return 'the program itself cannot be "*"' if list(template[:1]) == ["*"] else None


def plain_words(command: str) -> list[str] | None:
    """Return the words of a command as any shell reads them; None if there is a doubt."""
    if not _SHELL_CHARACTERS.isdisjoint(command):
        return None
    try:
        return shlex.split(command)
    except ValueError:  # a quotation that does not end
        return None


def _word_matches(wanted: str, word: str) -> bool:
    if wanted != "*":
        return wanted == word
    return not word.startswith("-") and path_problem(word) is None


def regex_matches(pattern: str, command: str) -> bool:
    """Return whether the whole of `command` is of the form `pattern`; ``.`` is no line break."""
    return _compiled(pattern).fullmatch(command) is not None


def regex_problem(pattern: str) -> str | None:
    """Return why `pattern` is no regular expression, or None."""
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"{quoted(pattern)} is no regular expression: {error}"
    return None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def name_matches(patterns: Sequence[str], name: str) -> bool:
    """Return whether `name` is of one of the forms; no form at all takes every name."""
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)
