"""The files of a worktree by name: a sorted walk that follows no link, and globs over its paths."""

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from events.paths import is_off_limits, path_problem
from workspace import paths
from workspace.errors import ToolError

JUNK = frozenset({
    "__pycache__", "node_modules", ".venv", "venv", ".tox", ".nox", ".eggs",
    ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".DS_Store",
})  # fmt: skip
"""Names that are never listed or searched, at any depth. It is a
fixed list, since a worktree holds no git folder that could say what is ignored."""

MAX_FILES = 100_000
"""Where a walk stops, so that a generated forest of files cannot hold up a run."""


def files(root: Path, left_out: list[str] | None = None) -> Iterator[str]:
    """Yield the plain paths of all files, links and other non-folders of a worktree, sorted.

    Junk and names that no tool may use are left out. A folder that cannot be read counts as empty.
    After `MAX_FILES` it stops.

    Args:
        root: The worktree.
        left_out: Takes the paths of what has a name that cannot be put into a call; folders end
            with a slash.
    """
    seen = 0
    todo = [""]
    while todo:
        path = todo.pop()
        if path.endswith("/") or not path:
            found = _names_in(root, path)
            todo += [path + name for name in found[::-1] if _is_nameable(name)]
            if left_out is not None:
                left_out += [path + name for name in found if not _is_nameable(name)]
            continue
        seen += 1
        if seen > MAX_FILES:
            return
        yield path


def matches(path: str, glob: str) -> bool:
    """Return whether a plain `path` fits `glob`: ``*``, ``?``, ``[...]``, and ``**`` for folders.

    A glob without a slash is matched against the file's name, in any folder.

    >>> matches("src/app/main.py", "src/**/*.py"), matches("src/app/main.py", "*.py")
    (True, True)
    """
    pattern = glob.removeprefix("./")
    if "/" not in pattern:
        return pattern == "**" or fnmatchcase(path.rpartition("/")[2], pattern)
    return _fits(path.split("/"), pattern.strip("/").split("/"))


def _fits(names: Sequence[str], pattern: Sequence[str]) -> bool:
    # Which counts of leading names each prefix of the pattern can take: no backtracking.
    reached = {0}
    for part in pattern:
        if part == "**":
            reached = set(range(min(reached), len(names) + 1)) if reached else reached
        else:
            reached = {n + 1 for n in reached if n < len(names) and fnmatchcase(names[n], part)}
    return len(names) in reached


def _names_in(root: Path, path: str) -> list[str]:
    """Return the sorted names in the folder `path` (empty, or with a final slash).

    Folders end with a slash.
    """
    try:
        with paths.direct(root, f"{path}.") as spot:
            folder = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=spot.folder)
    except (OSError, ToolError):
        return []
    try:
        with os.scandir(folder) as entries:
            found = [
                f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name
                for entry in entries
                if _listed(entry.name)
            ]
    finally:
        os.close(folder)
    return sorted(found)


def _listed(name: str) -> bool:
    return name not in JUNK and not is_off_limits(name)


def _is_nameable(name: str) -> bool:
    return path_problem(name) is None
