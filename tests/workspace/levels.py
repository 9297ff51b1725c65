"""The levels of the sandbox as tests get them: really, or skipped with the reason."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

import pytest

from events.settings import SandboxSettings
from workspace.errors import SandboxUnavailableError
from workspace.levels import choose
from workspace.sandbox import Sandbox

Level = Literal["bwrap", "landlock", "none"]
CONFINING: tuple[Level, ...] = ("bwrap", "landlock")
LEVELS: tuple[Level, ...] = (*CONFINING, "none")


_PLAIN = SandboxSettings()
_KNOWN: dict[tuple[Level, SandboxSettings], Sandbox] = {}


def level_here(level: Level, settings: SandboxSettings = _PLAIN) -> Sandbox:
    """Return the level for the tests' own user; what was tried once is not tried again."""
    key = (level, settings)
    if key not in _KNOWN:
        _KNOWN[key] = level_for(level, settings, (), os.environ)
    return _KNOWN[key]


def level_for(
    level: Level,
    settings: SandboxSettings,
    hidden: Iterable[Path],
    environment: Mapping[str, str],
) -> Sandbox:
    """Return the level; where it cannot be had skip the test, which in CI is an error."""
    try:
        return choose(level, settings, hidden, environment)
    except SandboxUnavailableError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
