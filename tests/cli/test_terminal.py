"""A person's terminal: keys, lines, and how it is left."""

import io
import os
import pty
import select
import sys
import termios
import threading
import time
from collections.abc import Iterator
from fcntl import ioctl
from struct import unpack

import pytest

from cli.person import who
from cli.terminal import Terminal, at_terminal

LONGEST_S = 20.0


class Person:
    """The other end of a terminal."""

    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        self.screen = io.StringIO()
        self.terminal = Terminal(self.slave, self.screen, colour=False)

    def type(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def hears(self, for_s: float | None) -> bool:
        """Return whether there is something to read from the terminal, by then; None: wait."""
        return bool(select.select([self.slave], [], [], for_s)[0])

    def wait_until_there(self, count: int) -> None:
        """Return once so many bytes can be read: what is typed has a way to go, and may be read."""
        there = -1
        until = time.monotonic() + LONGEST_S
        while there != count:
            assert time.monotonic() < until, there
            (there,) = unpack("i", ioctl(self.slave, termios.FIONREAD, bytes(4)))

    @property
    def echoes(self) -> bool:
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def leave(self) -> None:
        self.terminal.close()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def somebody() -> Iterator[Person]:
    made = Person()
    yield made
    made.leave()


def test_keys_come_one_by_one_in_lower_case(somebody: Person) -> None:
    with somebody.terminal.keys():
        assert not somebody.echoes
        somebody.type("A")
        assert somebody.terminal.key() == "a"
        somebody.type("v\n")
        assert somebody.terminal.key() == "v"
    assert somebody.echoes


@pytest.mark.parametrize("typed", ["\x1b[A", "\x1bOP", "aaa", "\x1b[1;5C\n", "\n"])
def test_what_is_no_single_key_is_dropped(typed: str, somebody: Person) -> None:
    def go_on() -> None:
        somebody.wait_until_there(0)
        somebody.type("r")

    with somebody.terminal.keys():
        somebody.type(typed)
        somebody.wait_until_there(len(typed))
        going_on = threading.Thread(target=go_on)
        going_on.start()
        assert somebody.terminal.key() == "r"
        going_on.join()


def test_keys_that_are_forgotten_are_no_answer(somebody: Person) -> None:
    with somebody.terminal.keys():
        somebody.type("a")
        somebody.wait_until_there(1)
        somebody.terminal.forget_keys()
        somebody.type("r")
        assert somebody.terminal.key() == "r"


def test_a_key_behind_an_arrow_counts(somebody: Person) -> None:
    with somebody.terminal.keys():
        somebody.type("\x1b[Ar")
        assert somebody.terminal.key() == "r"


def test_keys_from_before_are_dropped(somebody: Person) -> None:
    somebody.type("a\n")
    assert somebody.hears(None)  # it is there by now
    with somebody.terminal.keys():
        assert not somebody.hears(0)


@pytest.mark.parametrize(
    ("typed", "line"), [(" not today \n", "not today"), ("\n", ""), ("\x04", None)]
)
def test_a_line_is_typed_as_usual(somebody: Person, typed: str, line: str | None) -> None:
    def begins() -> bool:
        """Type once lines are read: what comes before may meet the terminal in either mode."""
        somebody.type(typed)
        return True

    with somebody.terminal.keys():
        somebody.terminal.wake()
        assert somebody.terminal.line("why: ", begins) == line
        assert not somebody.echoes
    assert somebody.screen.getvalue() == "why: "


def test_a_line_that_nobody_wants_any_more_is_given_up(somebody: Person) -> None:
    wanted = iter([True, False])
    with somebody.terminal.keys():
        somebody.terminal.wake()

        def still() -> bool:
            somebody.terminal.wake()
            return next(wanted)

        assert somebody.terminal.line("why: ", still) is None


def test_another_program_gets_the_terminal_as_it_was(somebody: Person) -> None:
    with somebody.terminal.keys():
        with somebody.terminal.lent():
            assert somebody.echoes
        assert not somebody.echoes


def test_a_terminal_that_goes_is_an_error_of_the_system() -> None:
    somebody = Person()
    with somebody.terminal.keys():
        os.close(somebody.master)
        with pytest.raises(OSError, match=r"terminal has gone|Input/output"):
            somebody.terminal.key()
    somebody.terminal.close()
    somebody.terminal.wake()
    os.close(somebody.slave)


def test_waking_it_again_and_again_never_blocks(somebody: Person) -> None:
    for _ in range(70_000):
        somebody.terminal.wake()
    assert somebody.terminal.key() == ""


def test_a_process_without_a_terminal_is_headless(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not at_terminal()
    monkeypatch.setattr(sys, "stdin", None)
    assert not at_terminal()


def test_a_terminal_that_listens_to_another_program_is_none(
    somebody: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open(somebody.slave, closefd=False) as theirs:
        monkeypatch.setattr(sys, "stdin", theirs)
        monkeypatch.setattr(sys, "stderr", theirs)
        assert not at_terminal()


def test_a_person_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError

    monkeypatch.setattr("getpass.getuser", nameless)
    assert who() == f"user {os.getuid()}"
