"""What is typed while a question is drawn is no answer to it."""

import io
import os
import pty
import select
import threading
from collections.abc import Callable, Iterator
from typing import Never

import pytest

from cli.desk import Counter, Desk
from cli.editor import Editor
from cli.progress import NoProgress
from cli.terminal import Terminal
from events.approval import Answer
from events.clocks import Clocks
from events.ids import ApprovalId
from tests.histories import ASK_TOOLS, shell, ticket
from tests.stories import Story, told

QUESTION, MENU, LAST_MENU = "approval needed", "[q]uit > ", "[b]ack > "
PATIENCE_S = 20.0


class Impatient(io.StringIO):
    """A screen before which somebody types too early, and then asks to leave the question."""

    def __init__(self, keyboard: int, slave: int) -> None:
        super().__init__()
        self.keyboard = keyboard
        self.slave = slave

    def write(self, text: str) -> int:
        if text.startswith(QUESTION):
            self._type("a", None)
        elif text.endswith(MENU) and not self._heard(0):
            self._type("q", None)
        elif text.endswith(LAST_MENU):
            self._type("l", None)
        return super().write(text)

    def _type(self, key: str, until: float | None) -> None:
        os.write(self.keyboard, key.encode())
        self._heard(until)  # it comes to the other side by a way of its own

    def _heard(self, until: float | None) -> bool:
        return bool(select.select([self.slave], [], [], until)[0])


@pytest.fixture
def asking() -> Story:
    story = told()
    story.begin(ticket("T1"), policy=ASK_TOOLS)
    story.work("T1.1", policy=ASK_TOOLS)
    story.wait("T1.1", shell("rm -r build"))
    return story


@pytest.fixture
def screen() -> Iterator[Impatient]:
    keyboard, slave = pty.openpty()
    made = Impatient(keyboard, slave)
    yield made
    os.close(keyboard)
    os.close(slave)


def test_a_key_that_comes_before_the_menu_answers_nothing(asking: Story, screen: Impatient) -> None:
    answers, left = list[ApprovalId](), threading.Event()

    def answer(approval: ApprovalId, _: Answer, receipt: Callable[[str], None]) -> None:
        answers.append(approval)
        receipt("")

    def refuse(*_: object) -> Never:
        raise AssertionError("nobody asked for it")

    counter = Counter(answer, refuse, refuse, left.set, lambda: Clocks(0.0), refuse)
    terminal = Terminal(screen.slave, screen, colour=False)
    editor = Editor(screen.slave, screen)
    with Desk(terminal, editor, asking.view, NoProgress(), counter):
        assert left.wait(PATIENCE_S), screen.getvalue()
    assert answers == []
