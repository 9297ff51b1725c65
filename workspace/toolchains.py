"""Where the user's own compilers and interpreters are, so that a sandbox can leave them visible."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

_PROGRAMS = frozenset({"bin", "sbin", "shims"})
_OF_AN_INSTALLATION = ("lib", "lib64", "libexec", "pyvenv.cfg")


def toolchains(path: str, home: Path, visible: Callable[[Path], bool]) -> set[Path]:
    """Return what the programs of `path` (as in PATH) and their symlinks need, and is not visible.

    For ``.../bin`` it is the folder above, if it looks like an installation
    (``~/.pyenv``, ``~/.nvm/versions/node/v22.1.0``); else the folder itself, since the one above
    may hold credentials (``~/.cargo``, ``~/.docker``). It is never `home`, nor what is above it,
    nor ``~/.local``. Where a symlink leads to a file elsewhere, it is that file.
    """
    found: set[Path] = set()
    folders = [Path(entry) for entry in path.split(os.pathsep) if entry.startswith("/")]
    todo = [*folders, Path(sys.base_prefix, "bin")]
    seen: set[Path] = set()
    while todo:
        folder = todo.pop()
        if folder in seen or not folder.is_dir():
            continue
        seen.add(folder)
        if not visible(folder):
            found.update(_roots(folder, home))
        for target in _targets(folder):
            if visible(target):
                continue
            if target.parent.name in _PROGRAMS:
                todo.append(target.parent)
            elif target.is_file():
                found.add(target)
    return found


def _roots(folder: Path, home: Path) -> Iterator[Path]:
    too_wide = {home, home / ".local", *home.parents}
    above = folder.parent
    whole = folder.name in _PROGRAMS and any((above / n).exists() for n in _OF_AN_INSTALLATION)
    if whole and above not in too_wide:
        yield above
    elif folder not in too_wide:
        yield folder


def _targets(folder: Path) -> Iterator[Path]:
    """Go through what the symlinks in `folder` say, one step each."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                yield Path(os.path.normpath(folder / Path(entry.path).readlink()))
