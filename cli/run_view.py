"""A run as its log tells it, folded up to one position: what every command about a run looks at."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from cli.spending import Spending
from cli.words import text_words
from events.payload import Text
from events.world import World, evolve
from store.errors import StoreError
from store.log import Recorded


@dataclass(slots=True)
class RunView:
    """The state of a run and what it has used; `take` is for one thread, reading for any."""

    read_blob: Callable[[Text], str] = text_words
    """Resolves a text that is kept beside the log."""
    world: World = field(default_factory=World)
    spending: Spending = field(default_factory=Spending)
    began: str = ""
    """Time of the first event; empty before it."""
    at: str = ""
    """Time of the last event."""

    def take(self, recorded: Recorded) -> None:
        """Fold one record; they must come in order, from the first on."""
        self.world = evolve(self.world, recorded.stream, recorded.event, recorded.position)
        on = date.fromisoformat(recorded.at[:10])
        self.spending.take(recorded.stream, recorded.event, on)
        self.began = self.began or recorded.at
        self.at = recorded.at

    def text(self, text: Text) -> str:
        """Return a text; of one that is lost, where it should be."""
        try:
            return self.read_blob(text)
        except StoreError as error:
            return f"{text_words(text)} ({error})"
