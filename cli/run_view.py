"""A run as its log tells it, folded up to one position: what every command about a run looks at."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from cli.spending import HEARD, Spending
from cli.words import text_words
from events.payload import Text
from events.world import Fold, World, evolve
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

    def take_all(self, records: Iterable[Recorded]) -> None:
        """Fold all of `records`: what `take` does one by one, in a fraction of the time.

        The state is that of before until the last one has been folded.
        """
        under_way = Fold(self.world)
        under_way.take(self._noted(records))
        self.world = under_way.close()

    def _noted(self, records: Iterable[Recorded]) -> Iterator[Recorded]:
        """Go through `records` and take down what is not part of the state."""
        at = ""
        for recorded in records:
            at = recorded.at
            self.began = self.began or at
            event = recorded.event
            if isinstance(event, HEARD):
                self.spending.take(recorded.stream, event, date.fromisoformat(at[:10]))
            yield recorded
        self.at = at or self.at

    def text(self, text: Text) -> str:
        """Return a text; of one that is lost, where it should be."""
        try:
            return self.read_blob(text)
        except StoreError as error:
            return f"{text_words(text)} ({error})"
