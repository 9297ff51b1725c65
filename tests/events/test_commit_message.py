"""The words of a ticket's one commit."""

import msgspec

from events.attempt import Attempt
from events.commit_message import TITLE_CHARS, commit_message
from events.conversation import Usage
from events.ids import RunId
from tests.events.attempts import TIP, in_a_call
from tests.histories import says, ticket

R1 = RunId("r1")


def worked(description: str = "mend the till\n\nIt cannot add.") -> Attempt:
    about = msgspec.structs.replace(ticket("T1"), description=description)
    usage = Usage(input=900, output=40, thinking=2, cached=100)
    reply = msgspec.structs.replace(says(text="done"), usage=usage)
    return in_a_call(ticket=about).after(reply).state


def test_a_commit_says_which_ticket_and_what_it_took() -> None:
    assert commit_message(worked(), R1, TIP) == (
        "T1: mend the till\n"
        "\n"
        "Trackside-Run: r1\n"
        "Trackside-Ticket: T1\n"
        "Trackside-Attempt: 1\n"
        "Trackside-Model: gemini-2.5-flash-lite\n"
        "Trackside-Tokens: 900 in, 42 out\n"
        "Trackside-Position: 40\n"
    )


def test_the_same_history_gives_the_same_words() -> None:
    assert commit_message(worked(), R1, TIP) == commit_message(worked(), R1, TIP)


def test_a_long_title_is_cut() -> None:
    exact, longer = "x" * (TITLE_CHARS - 4), "x" * (TITLE_CHARS - 3)
    assert commit_message(worked(exact), R1, TIP).splitlines()[0] == f"T1: {exact}"
    assert commit_message(worked(longer), R1, TIP).splitlines()[0] == "T1: " + "x" * 65 + "..."
    spaced = "y" * 64 + " " + "z" * 20
    assert commit_message(worked(spaced), R1, TIP).splitlines()[0] == "T1: " + "y" * 64 + "..."


def test_a_ticket_without_words_is_named_by_its_id() -> None:
    assert commit_message(worked(" \n"), R1, TIP).splitlines()[0] == "T1: T1"
