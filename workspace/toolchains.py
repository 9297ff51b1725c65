"""Where the user's own compilers and interpreters are, so that a sandbox can leave them visible."""

import os
import sys
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from workspace.paths import MAX_LINKS

_PROGRAMS = frozenset({"bin", "sbin", "shims"})
_OF_AN_INSTALLATION = ("lib", "lib64", "libexec", "pyvenv.cfg")


def toolchains(path: str, hidden: Collection[Path], visible: Callable[[Path], bool]) -> set[Path]:
    """Return what the programs of `path` (as in PATH) and their symlinks need, and is not visible.

    For ``.../bin`` it is the folder above, if it looks like an installation
    (``~/.pyenv``, ``~/.nvm/versions/node/v22.1.0``); else the folder itself, since the one above
    may hold credentials (``~/.cargo``, ``~/.docker``). Where a symlink leads to a file elsewhere,
    it is that file. It is never one of `hidden` (home folders, the repository), nor what is above
    them, nor their ``.local``.
    """
    found: set[Path] = set()
    folders = [Path(os.path.normpath(name)) for name in path.split(os.pathsep) if name[:1] == "/"]
    todo = [*folders, Path(sys.base_prefix, "bin")]
    seen: set[Path] = set()
    while todo:
        folder = todo.pop()
        if folder in seen or not folder.is_dir():
            continue
        seen.add(folder)
        if not visible(folder):
            found.update(_root(folder, hidden))
        for target in _targets(folder):
            if target.parent.name in _PROGRAMS:
                todo.append(target.parent)
            elif target.is_file() and not visible(target):
                found.add(target)
    return found


def _root(folder: Path, hidden: Collection[Path]) -> list[Path]:
    above = folder.parent
    whole = folder.name in _PROGRAMS and any((above / n).exists() for n in _OF_AN_INSTALLATION)
    candidates = (above, folder) if whole else (folder,)
    return [each for each in candidates if not _shows_too_much(each, hidden)][:1]


def _shows_too_much(folder: Path, hidden: Collection[Path]) -> bool:
    return any(
        place.is_relative_to(name) or name == place / ".local"
        for name in {folder, folder.resolve()}
        for each in hidden
        for place in {each, each.resolve()}
    )


def _targets(folder: Path) -> Iterator[Path]:
    """Go through what the symlinks in `folder` lead to, each step of the way."""
    with os.scandir(folder) as entries:
        for entry in entries:
            link, steps = Path(entry.path), 0
            while link.is_symlink() and steps < MAX_LINKS:
                link = Path(os.path.normpath(link.parent / link.readlink()))
                steps += 1
                yield link
