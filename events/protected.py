"""Names by which a repository steers the tools of whoever opens it: no worker writes them."""

import re
from functools import lru_cache

from events.paths import stands_for

PROTECTED_NAMES = frozenset({
    ".bash_login", ".bash_profile", ".bashrc", ".claude", ".cursor", ".envrc", ".gemini",
    ".gitconfig", ".githooks", ".gitmodules", ".husky", ".idea", ".mcp.json", ".profile",
    ".vscode", ".zlogin", ".zprofile", ".zshenv", ".zshrc", "trackside.toml",
})  # fmt: skip
"""Files and folders that make a shell, an editor, an agent, git or trackside run or allow more."""

_CLOSED = PROTECTED_NAMES | {".git", ".trackside"}
_PARTED = re.compile(r"[/\\]")


def protected_part(path: str) -> str:
    """Return the first name in `path` that some file system takes for a protected one, or "".

    >>> protected_part("sub/.VSCODE/tasks.json"), protected_part("src/vscode.py")
    ('.VSCODE', '')
    """
    return next((name for name in _PARTED.split(path) if _stands_for_any(name)), "")


@lru_cache(maxsize=4096)
def _stands_for_any(name: str) -> bool:
    return bool(stands_for(name, _CLOSED))
