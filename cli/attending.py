"""What a run listens to while this process works on it: its inbox, and who sits here."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from actors.fitting import EditInvalidError, Fitted, fitted
from actors.system import System
from actors.workshop import Workshop
from cli.desk import Counter, Desk
from cli.editor import Editor
from cli.person import who
from cli.post_room import PostRoom
from cli.progress import Progress
from cli.terminal import Terminal
from cli.wiring import OpenRun
from events.approval import Answer
from events.ids import ApprovalId
from events.run_commands import CancelRun
from store.clocks import clocks

NoteBug = Callable[[str, BaseException], None]


@contextmanager
def attended(
    opened: OpenRun,
    system: System,
    workshop: Workshop,
    progress: Progress,
    note_bug: NoteBug,
    *,
    asks_here: bool,
) -> Iterator[None]:
    """Have answers and commands from other processes taken, and questions asked here if wanted."""

    def fit(approval: ApprovalId, answer: Answer, edited: str) -> Fitted:
        question = opened.world.approval(approval).question
        if question is None:
            raise EditInvalidError("it was never asked")
        return fitted(workshop, opened.world.attempt(question.attempt), answer, edited)

    with ExitStack() as stack:
        post_room = PostRoom(opened, system, fit, lambda error: note_bug("post room", error))
        stack.enter_context(post_room)
        if asks_here:
            desk = _desk(opened, system, fit, progress, note_bug)
            opened.log.subscribe(desk.take)
            stack.enter_context(desk)
        yield


def _desk(
    opened: OpenRun,
    system: System,
    fit: Callable[[ApprovalId, Answer, str], Fitted],
    progress: Progress,
    note_bug: NoteBug,
) -> Desk:
    keyboard, screen = sys.stdin.fileno(), sys.stderr
    terminal = Terminal(keyboard, screen, colour=_is_coloured())
    cancel = CancelRun(who(), "at the terminal")
    counter = Counter(
        answer=system.answer,
        fit=fit,
        cancel=lambda: system.operate(cancel, lambda _: None),
        leave=system.interrupt,
        clocks=lambda: clocks(opened.view.at),
        mourn=lambda error: note_bug("desk", error),
    )
    return Desk(terminal, Editor(keyboard, screen), opened.view, progress, counter)


def _is_coloured() -> bool:
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM", "") not in {"", "dumb"}
