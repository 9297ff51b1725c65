"""The inbox of a run that this process works on: messages go to its actors as they come."""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Self

import msgspec

from actors.fitting import Fitted
from actors.messages import Receipt
from actors.system import System
from cli.post import NO_MESSAGE, has_caused, inbox_of, is_on_record
from cli.wiring import OpenRun
from events.approval import Answer
from events.errors import TracksideError
from events.ids import ApprovalId
from events.run_commands import OperatorCommand
from events.waiting import no_answer_because
from store.inbox import GiveAnswer, Letter, Reply, TellRun
from store.watch import LONGEST_S, Watch

LOOK_AGAIN_S = 1.0
"""After an error of the system that may pass."""

Fit = Callable[[ApprovalId, Answer, str], Fitted]


class PostRoom:
    """Takes messages while it is entered, in a thread of its own that waits for the folder.

    A run that nobody can reach any more rests: what ends the thread early interrupts the run.
    """

    def __init__(
        self, this: OpenRun, system: System, fit: Fit, mourn: Callable[[Exception], None]
    ) -> None:
        """Take messages for the actors of `system`; `mourn` hears of what ends the thread early."""
        self._this = this
        self._system = system
        self._fit = fit
        self._mourn = mourn
        self._inbox = inbox_of(this.folder)
        self._inbox.open()
        self._told: dict[str, float] = {}
        """When each message was told to an actor; one that died over it is told again."""
        self._watch = Watch([self._inbox.folder])
        self._all_new = False
        """Whether what lies in the inbox has come since we look; else it may be left of a crash."""
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="post room", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed = True
        self._watch.wake()
        self._thread.join()
        self._watch.__exit__()

    def _run(self) -> None:
        try:
            while not self._closed:
                self._watch.wait(None if self._look() else LOOK_AGAIN_S)
        except Exception as error:  # noqa: BLE001 - the edge of a thread: nobody else would hear
            self._mourn(error)
            self._system.interrupt()

    def _look(self) -> bool:
        """Take what lies in the inbox; return whether the system let us."""
        try:
            letters = self._inbox.letters()
        except OSError:  # no descriptor is free, say
            return False
        taken = [self._takes(letter) for letter in letters]
        self._all_new = all(taken)
        return self._all_new

    def _takes(self, letter: Letter) -> bool:
        """Take a letter; return False if the system does not let us, which holds up no other."""
        try:
            self._take(letter)
        except OSError:
            return False
        return True

    def _take(self, letter: Letter) -> None:
        name, now = letter.name, time.monotonic()
        if now - self._told.get(name, -LONGEST_S) < LONGEST_S:
            return
        match letter.message:
            case None:
                self._inbox.settle(name, NO_MESSAGE)
            case TellRun(command=command):
                self._tell(name, command)
            case GiveAnswer() as given:
                self._give(name, given)
        self._told[name] = now

    def _tell(self, name: str, command: OperatorCommand) -> None:
        if not self._all_new and has_caused(self._this, name):
            self._settle(name, "", "")
            return
        told = msgspec.structs.replace(command, message=name)
        self._system.operate(told, partial(self._settle, name, ""))

    def _give(self, name: str, given: GiveAnswer) -> None:
        # The sender has read the question in the log, maybe before this process heard of it.
        self._this.log.flush(self._this.log.end_position)
        if is_on_record(self._this, name, given.approval):
            self._settle(name, "", "")
            return
        refusal = no_answer_because(self._this.world, given.approval)
        if refusal is not None:
            self._settle(name, "", refusal)
            return
        answer, preview = msgspec.structs.replace(given.answer, message=name), ""
        if given.edited is not None:
            try:
                made = self._fit(given.approval, answer, given.edited)
            except TracksideError as error:
                self._settle(name, "", str(error))
                return
            answer, preview = made.answer, made.preview
        receipt: Receipt = partial(self._settle, name, preview)
        self._system.answer(given.approval, answer, receipt)

    def _settle(self, name: str, preview: str, refusal: str) -> None:
        self._inbox.settle(name, Reply(refusal, "" if refusal else preview))
