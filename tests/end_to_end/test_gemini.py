"""Runs that ask Gemini, over HTTP through the real SDK."""

import pytest

from events import attempt_events as attempt
from tests.end_to_end.gemini_run import asked, troubled
from tests.end_to_end.project import Project, started
from tests.end_to_end.scripts import command, done, turn, write
from tests.gemini_replies import Gate, drip


def test_a_call_in_flight_at_a_kill_is_asked_again_and_no_other(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.plan({"id": "A"}, {"id": "B", "depends_on": ["A"]})
    project.script(
        {
            "A": [[turn(write("a.txt", "a\n")), turn(command("cat a.txt")), done()]],
            "B": [[turn(write("b.txt", "b\n")), done()]],
        }
    )
    gate = Gate()
    with troubled(project.playbook_file, {("A", 1, 2): drip(gate)}) as server:
        with started(*project.words_by(None), environment=server.environment) as process:
            assert gate.reached.wait(30)
            process.kill()
            process.wait()
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        assert project.resume().code == 0
        times = asked(server)
    assert times.pop(("A", 1, 2)) == 2
    assert set(times.values()) == {1}
    assert len(times) == 4
    begun = project.events(attempt.CallBegun)
    assert len(begun) == len(project.events(attempt.ReplyRecorded)) == 5
