"""What a path inside the repository may look like, before anybody touches a disk."""

import re
from collections.abc import Collection
from pathlib import PurePosixPath

LONGEST_PATH = 4096
"""Bytes, as Linux has it."""
LONGEST_NAME = 255

_OFF_LIMITS = frozenset({".git", ".trackside"})
"""Folders that no ticket and no tool enters."""

_UNSEEN = dict.fromkeys([
    *range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF,
])  # fmt: skip
"""Characters that HFS+ passes over in a name."""


def path_problem(path: str) -> str | None:
    """Return why `path` is no path of a file inside the repository, or None if it is one.

    >>> path_problem("src/shop.py")
    >>> path_problem("../shop.py")
    'leaves the repository by ".."'
    """
    names = path.split("/")
    checks = (
        (not path.strip(), "is empty"),
        (path.startswith("/") or path[1:2] == ":", "is absolute; give it from the repository on"),
        (path.startswith("~"), "starts with ~; give it from the repository on"),
        ("\\" in path, 'holds a backslash; folders are parted by "/"'),
        (not path.isprintable(), "holds a character that cannot be printed"),
        (_is_long(path, names), "is too long"),
        (".." in names, 'leaves the repository by ".."'),
        (any(map(is_off_limits, names)), "reaches into .git or .trackside"),
        (clean_path(path) == ".", "is the repository itself, not a file"),
    )
    return next((reason for wrong, reason in checks if wrong), None)


def clean_path(path: str) -> str:
    """Return `path` in the one form in which equal paths are equal texts.

    >>> clean_path("./src//shop.py")
    'src/shop.py'
    """
    return PurePosixPath(path).as_posix()


def stands_for(name: str, names: Collection[str]) -> str:
    """Return which of `names` (in lower case) some file system takes `name` for; empty if none.

    Letter case does not count, nor do characters that HFS+ passes over, dots and blanks at the end
    and what follows a colon (NTFS); ``VSCODE~1`` is what Windows calls ``.vscode``.

    >>> stands_for(".VSCode.", {".git", ".vscode"}), stands_for("vscode", {".git", ".vscode"})
    ('.vscode', '')
    """
    plain = (name if name.isascii() else name.translate(_UNSEEN)).casefold()
    if ":" in plain:
        plain = plain[:1] + plain[1:].partition(":")[0]
    plain = plain.rstrip(" .")
    if plain in names:
        return plain
    if "~" not in plain:
        return ""
    return next((each for each in names if _is_short_for(plain, each)), "")


def _is_short_for(plain: str, name: str) -> bool:
    stem, _, extension = name.lstrip(".").partition(".")
    short = rf"{re.escape(stem[:6])}~\d(\.{re.escape(extension[:3])})?"
    return re.fullmatch(short, plain) is not None


def _is_long(path: str, names: list[str]) -> bool:
    sizes = (len(name.encode(errors="surrogatepass")) for name in names)
    return len(path) > LONGEST_PATH or max(sizes) > LONGEST_NAME


def is_off_limits(name: str) -> bool:
    """Return whether no ticket and no tool enters what has this name."""
    return bool(stands_for(name, _OFF_LIMITS))
