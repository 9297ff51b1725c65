"""Runs that ask Gemini, over HTTP through the real SDK."""

import pytest

from events import attempt_events as attempt
from tests.end_to_end.gemini_run import asked, lead_to, refused, troubled
from tests.end_to_end.project import Project, started, trackside
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
        lead_to(server, monkeypatch)
        assert project.resume().code == 0
        times = asked(server)
    assert times.pop(("A", 1, 2)) == 2
    assert set(times.values()) == {1}
    assert len(times) == 4
    begun = project.events(attempt.CallBegun)
    assert len(begun) == len(project.events(attempt.ReplyRecorded)) == 5


def test_a_recording_hands_over_to_gemini_in_the_middle_of_an_attempt(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.plan({"id": "A", "max_attempts": 1})
    project.script({"A": [[turn(write("a.txt", "a\n")), turn(command("cat a.txt")), done()]]})
    with troubled(project.playbook_file, {}) as server:
        lead_to(server, monkeypatch)
        project.configure("[limits]\nturns = 1")
        assert trackside(*project.words_by("gemini-2.5-flash")).code == 1
        project.configure("")
        assert asked(server) == {("A", 1, 1): 1}
        name = f"recorded:{project.folder_of()}+gemini-2.5-flash"
        again = trackside(*project.words_by(name, run="again"))
        assert (again.code, again.err) == (0, again.err)
        assert asked(server) == {("A", 1, turn): 1 for turn in (1, 2, 3)}
        assert refused(server) == []  # the server looks at its signatures of the turn on record
    assert project.file("a.txt", "again") == "a\n"
    usages = [said.usage.total for said in project.events(attempt.ReplyRecorded, run="again")]
    assert [bool(used) for used in usages] == [False, True, True]
