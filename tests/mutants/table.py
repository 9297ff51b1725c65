"""The table of mutations: what breaks each of the forty items, and which tests must notice it."""

import tomllib
from pathlib import Path

import msgspec

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


class Mutation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One mistake that somebody could make, and the tests that turn red by it."""

    item: int
    """Of docs/reliability.md."""
    what: str
    """What is wrong then, in a sentence."""
    file: str
    """Where, relative to the root of the sources."""
    old: str
    """What stands there, once."""
    new: str
    red: tuple[str, ...]
    """The tests, as pytest names them; with parameters if some are enough."""
    limit_s: float = 120.0
    """How long the tests may take together."""
    hangs: bool = False
    """Whether it may also show by a test that takes longer than that."""

    def applied(self, text: str) -> str:
        """Return `text`, which is that of the file, with the mistake in it.

        Raises:
            ValueError: what it changes does not stand there once.
        """
        found = text.count(self.old)
        if found != 1:
            raise ValueError(f"{self.file}: {self.old!r} stands there {found} times, not once")
        return text.replace(self.old, self.new)


def mutations(folder: Path = HERE) -> list[Mutation]:
    """Return all mutations of the TOML files in `folder`, by item, then in their order there."""
    found: list[Mutation] = []
    for file in sorted(folder.glob("*.toml")):
        rows = tomllib.loads(file.read_text())["mutation"]
        found += msgspec.convert(rows, list[Mutation])
    return sorted(found, key=lambda one: one.item)
