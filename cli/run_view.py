"""A run as its log tells it, folded up to one position: what every command about a run looks at."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from threading import Lock

from cli.spending import HEARD, Spending
from cli.words import text_words
from events.payload import Text
from events.world import Fold, World, fold
from store.errors import StoreError
from store.log import Recorded

MOST_WAITING = 1000
"""Records that are folded together at most; they take memory meanwhile."""


@dataclass(slots=True)
class RunView:
    """The state of a run and what it has used; `take` is for one thread, reading for any.

    Records are folded when somebody looks: most of those that a run makes are looked at by nobody,
    one at a time, and many together are folded in a fraction of the time.
    """

    read_blob: Callable[[Text], str] = text_words
    """Resolves a text that is kept beside the log."""
    spending: Spending = field(default_factory=Spending)
    began: str = ""
    """Time of the first event; empty before it."""
    at: str = ""
    """Time of the last event."""
    _world: World = field(default_factory=World)
    _waiting: list[Recorded] = field(default_factory=list)
    """Records that are not part of the world yet."""
    _turn: Lock = field(default_factory=Lock, compare=False)
    """Held by whoever changes those two."""

    @property
    def world(self) -> World:
        """The state of all streams after the last record that was taken."""
        with self._turn:
            self._catch_up()
            return self._world

    def take(self, recorded: Recorded) -> None:
        """Take one record; they must come in order, from the first on."""
        with self._turn:
            self._note(recorded)
            self._waiting.append(recorded)
            if len(self._waiting) >= MOST_WAITING:
                self._catch_up()

    def take_all(self, records: Iterable[Recorded]) -> None:
        """Take all of `records`, and keep none of them.

        The state is that of before until the last one has been folded.
        """
        under_way = Fold(self.world)
        under_way.take(self._noted(records))
        with self._turn:
            self._world = under_way.close()

    def _catch_up(self) -> None:
        if self._waiting:
            self._world = fold(self._waiting, self._world)
            self._waiting.clear()

    def _noted(self, records: Iterable[Recorded]) -> Iterator[Recorded]:
        for recorded in records:
            self._note(recorded)
            yield recorded

    def _note(self, recorded: Recorded) -> None:
        """Take down what is not part of the state."""
        self.at = at = recorded.at
        self.began = self.began or at
        event = recorded.event
        if isinstance(event, HEARD):
            self.spending.take(recorded.stream, event, date.fromisoformat(at[:10]))

    def text(self, text: Text) -> str:
        """Return a text; of one that is lost, where it should be."""
        try:
            return self.read_blob(text)
        except StoreError as error:
            return f"{text_words(text)} ({error})"
