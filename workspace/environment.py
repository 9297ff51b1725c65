"""The environment of commands: an allow-list, so that no secret gets in by being new."""

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

_PASSED_ON = frozenset({"LANG", "LANGUAGE", "TZ", "CI"})
_NEVER = frozenset({"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"})
_NEVER_PREFIXES = ("GEMINI_", "GOOGLE_", "TRACKSIDE_")


def command_environment(
    root: Path, home: Path, named: Iterable[str] = (), ours: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return the environment of commands in the worktree `root`, and make their `home` folder.

    From `ours` come PATH (without trackside's own programs and without relative folders), the
    locale, TZ, CI, and what the user `named`. Keys of model providers, and what bends Python, are
    never passed on, not even by name. `home` is the home folder and holds the temporary folder.
    """
    temporary = home / "tmp"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary.mkdir(mode=0o700, exist_ok=True)
    allowed = {
        name: value
        for name, value in ours.items()
        if name in _PASSED_ON or name.startswith("LC_") or name in set(named)
    }
    passed = {
        name: value
        for name, value in allowed.items()
        if name not in _NEVER and not name.startswith(_NEVER_PREFIXES)
    }
    return dict(
        sorted(
            {
                "LANG": "C.UTF-8",
                **passed,
                "PATH": command_path(ours.get("PATH", "")),
                "HOME": str(home),
                "TMPDIR": str(temporary),
                "TERM": "dumb",
                "PYTHONDONTWRITEBYTECODE": "1",
                # A worktree holds no git folder, and git must not find one further up.
                "GIT_CEILING_DIRECTORIES": str(root.resolve().parent),
            }.items()
        )
    )


def command_path(path: str) -> str:
    """Return PATH as commands get it.

    Without the folders that trackside brought along, and without those that move with us.
    """
    own = Path(sys.prefix, "bin") if sys.prefix != sys.base_prefix else None
    kept = [name for name in path.split(os.pathsep) if name.startswith("/") and Path(name) != own]
    return os.pathsep.join(kept) or os.defpath
