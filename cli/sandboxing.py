"""The sandbox for commands of a run: chosen aloud, and never lowered silently."""

import os
from pathlib import Path
from typing import Literal

from cli.errors import SandboxWeakerError
from cli.places import cache_folder
from events.settings import SandboxSettings
from workspace.levels import choose
from workspace.sandbox import Sandbox

Wanted = Literal["auto", "bwrap", "landlock", "none"]
LEVELS = ("none", "landlock", "bwrap")
"""The weakest first."""


def sandbox_for(
    settings: SandboxSettings, repository: Path, asked: Wanted | None = None, before: str = ""
) -> Sandbox:
    """Return the sandbox for commands of a run on `repository`, tried out.

    Args:
        settings: What the run's configuration says.
        repository: The user's checkout, which commands do not see.
        asked: The level that was asked for on the command line now; None: as configured.
        before: The level that the run had so far; empty for a new one.

    Raises:
        SandboxUnavailableError: the level that was asked for cannot be had.
        SandboxWeakerError: the run had a stronger one, and nobody has asked for less.
    """
    level = asked or settings.level
    found = choose(level, settings, [repository, cache_folder()], os.environ)
    if asked is None and before and LEVELS.index(found.level) < LEVELS.index(before):
        raise SandboxWeakerError(before, found.level, found.not_stronger)
    return found
