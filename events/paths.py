"""What a path inside the repository may look like, before anybody touches a disk."""

from pathlib import PurePosixPath

LONGEST_PATH = 4096
"""Bytes, as Linux has it."""
LONGEST_NAME = 255

_OURS_OR_GITS = frozenset({".git", "git~1", ".trackside"})
"""Folders that no ticket and no tool enters; git~1 is what Windows calls .git."""


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
        (any(map(_is_off_limits, names)), "reaches into .git or .trackside"),
        (clean_path(path) == ".", "is the repository itself, not a file"),
    )
    return next((reason for wrong, reason in checks if wrong), None)


def clean_path(path: str) -> str:
    """Return `path` in the one form in which equal paths are equal texts.

    >>> clean_path("./src//shop.py")
    'src/shop.py'
    """
    return PurePosixPath(path).as_posix()


def _is_long(path: str, names: list[str]) -> bool:
    sizes = (len(name.encode(errors="surrogatepass")) for name in names)
    return len(path) > LONGEST_PATH or max(sizes) > LONGEST_NAME


def _is_off_limits(name: str) -> bool:
    return name.casefold().rstrip(" .") in _OURS_OR_GITS
