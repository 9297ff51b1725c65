"""The recorded failures of tests/failures: real outputs, and what a hint about each must name."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from events.action import Outcome

FOLDER = Path(__file__).parents[2] / "failures"
ROOT = "/home/dev/project"
"""Where all of them were recorded."""


@dataclass(frozen=True)
class Recorded:
    """One failure as it once happened."""

    name: str
    outcome: Outcome
    output: str
    names: tuple[str, ...]
    """Regular expressions; a good hint holds a match of each."""

    def missing(self, hint: str) -> list[str]:
        """Return what `hint` does not name."""
        return [name for name in self.names if re.search(name, hint) is None]


def recorded_failures() -> list[Recorded]:
    """Return all of them, in the order of their index."""
    index = tomllib.loads((FOLDER / "index.toml").read_text(encoding="utf-8"))
    return [
        Recorded(
            name,
            Outcome(ok=False, **{key: value for key, value in facts.items() if key != "names"}),
            (FOLDER / f"{name}.txt").read_bytes().decode(errors="replace"),
            tuple(facts["names"]),
        )
        for name, facts in index.items()
    ]


FAILURES = {failure.name: failure for failure in recorded_failures()}
