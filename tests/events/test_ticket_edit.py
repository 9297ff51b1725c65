"""An edited ticket: what a file says in place of what the author wrote before."""

import pytest

from events.errors import TrackInvalidError
from events.ids import TicketId
from events.ticket import ContextFile, Ticket
from events.ticket_edit import edited_ticket

BEFORE = Ticket(
    id=TicketId("T2"),
    description="Mend it.",
    depends_on=(TicketId("T1"),),
    context_requirements=(ContextFile("a.py"), ContextFile("b.py", "outline")),
    check="make test",
    attempts=2,
)


def test_keys_that_are_given_change_and_the_others_stay() -> None:
    after = edited_ticket(BEFORE, b'{"check": null, "max_attempts": 5}', "edit.json")
    assert (after.check, after.max_attempts) == (None, 5)
    assert after.description == BEFORE.description
    assert after.depends_on == BEFORE.depends_on
    assert after.context_requirements == BEFORE.context_requirements


def test_toml_and_the_other_names_of_keys_are_read_too() -> None:
    text = b'id = "T2"\nprompt = "Mend it well."\nworker_archetype = "smith"\n'
    after = edited_ticket(BEFORE, text, "edit.toml")
    assert (after.description, after.assigned_to) == ("Mend it well.", "smith")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"{", "not JSON"),
        (b"[]", "expected an object with the keys to change"),
        (b'{"id": "T9"}', 'id: this edits ticket "T2", which keeps its id'),
        (b'{"depends_on": []}', "depends_on: the dependencies of a ticket stay in a fork"),
        (b'{"dependencies": []}', "dependencies: the dependencies of a ticket stay in a fork"),
        (b'{"status": "completed"}', "status: where a ticket is in its life"),
        (b'{"max_attempts": 0}', "max_attempts"),
        (b'{"checks": "true"}', "checks"),
        (b'{"target_file": "../x"}', "target_file"),
    ],
)
def test_what_makes_no_ticket_is_refused(text: bytes, problem: str) -> None:
    with pytest.raises(TrackInvalidError) as caught:
        edited_ticket(BEFORE, text, "edit.json")
    assert problem in str(caught.value)
