"""The questions of a run at the terminal that runs it."""

import pytest

from events.run_events import RunCancelled
from tests.end_to_end.people import ME, answers, editor, open_questions, refusals, uses
from tests.end_to_end.project import Project, trackside
from tests.end_to_end.scripts import call, command, done, turn, write
from tests.end_to_end.terminal import Screen, at_terminal

COMPLETED, BLOCKED, WAITING = 0, 1, 3
MENU = "[q]uit > "
HOSTILE = (
    "plain\x1b[2J\x1b]8;;http://evil\x07link\x1b]8;;\x07\x1b]52;c;ZXZpbA==\x07\rover"
    "\u202egnp.exe\u200b\u2066hidden\u2069\u00ad\u2028end\n"
)


@pytest.fixture
def stepping(project: Project) -> Project:
    """A project with one ticket in step mode, which writes one file."""
    project.plan({"id": "A", "step_mode": True})
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    return project


def test_what_a_model_wants_to_write_is_shown_and_does_nothing_else(project: Project) -> None:
    project.plan({"id": "A", "step_mode": True})
    project.script({"A": [[turn(write("a.txt", HOSTILE)), done()]]})
    with at_terminal(*project.words()) as screen:
        screen.expect(MENU)
        screen.type("a")
        assert screen.end() == COMPLETED
        harmless(screen)
    for escape in (r"\x1b[2J", r"\x1b]52;c;", r"\r", r"\u202e", r"\u200b", r"\u2066", r"\u2028"):
        assert escape in screen.text
    listed = trackside("log", "run", "--repo", str(project.repo.path))
    assert "\x1b" not in listed.out


def harmless(screen: Screen) -> None:
    for char in "\x1b\x07\r\u202e\u200b\u2066\u2069\u2028\u00ad":
        assert char not in screen.text


def test_a_command_is_shown_whole_with_its_place_and_its_environment(project: Project) -> None:
    project.plan({"id": "A", "step_mode": True})
    forged = "make\nworktree: /elsewhere"
    project.script({"A": [[turn(command(forged)), done()]]})
    with at_terminal(*project.words()) as screen:
        shown = screen.expect(MENU)
        screen.type("r")
        screen.expect("go back): ")
        screen.type("\n")
        assert screen.end() == COMPLETED
    lines = [line for line in shown.split("\n") if line.startswith("worktree: ")]
    assert len(lines) == 1
    assert str(project.cache) in lines[0]
    assert "environment: " in shown
    assert "HOME" in shown
    assert refusals(project) == [f"Not run: {ME} rejected it"]


def test_a_long_diff_says_how_much_is_not_shown_and_shows_it_on_demand(project: Project) -> None:
    project.plan({"id": "A", "step_mode": True})
    content = "".join(f"line {number}\n" for number in range(5000))
    project.script({"A": [[turn(write("a.txt", content)), done()]]})
    with at_terminal(*project.words()) as screen:
        shown = screen.expect(MENU)
        assert "... 4,963 lines of 5,003 (" in shown
        assert "not shown" in shown
        screen.type("v")
        assert "+line 4999" in screen.expect(MENU)
        screen.type("a")
        assert screen.end() == COMPLETED


def test_an_invalid_edit_is_opened_again_with_the_error_above_it(stepping: Project) -> None:
    script = (
        'if grep -q "^// .*content" "$1"; then\n'
        '  printf \'{"path": "a.txt", "content": "mended\\\\n"}\' >"$1"\n'
        'else printf \'{"path": "a.txt"}\' >"$1"; fi'
    )
    with at_terminal(*stepping.words(), environment=editor(stepping.folder, script)) as screen:
        screen.expect(MENU)
        screen.type("e")
        screen.expect("+mended")
        screen.expect("[b]ack > ")
        screen.type("a")
        assert screen.end() == COMPLETED
    assert stepping.file("a.txt") == "mended\n"


@pytest.mark.parametrize("script", ["true", ': >"$1"', "exit 1"])
def test_an_edit_that_changes_nothing_is_none(script: str, stepping: Project) -> None:
    with at_terminal(*stepping.words(), environment=editor(stepping.folder, script)) as screen:
        screen.expect(MENU)
        screen.type("e")
        screen.expect("nothing was changed")
        screen.expect(MENU)
        screen.type("a")
        assert screen.end() == COMPLETED
    assert stepping.file("a.txt") == "a\n"
    assert answers(stepping)[0].arguments is None


def test_an_editor_that_is_not_there_is_said_so(stepping: Project) -> None:
    with at_terminal(*stepping.words(), environment={"VISUAL": "/no/such"}) as screen:
        screen.expect(MENU)
        screen.type("e")
        screen.expect("there is no editor")
        screen.expect(MENU)
        screen.type("a")
        assert screen.end() == COMPLETED


def test_an_edit_can_be_edited_again_or_left(stepping: Project) -> None:
    change = editor(stepping.folder, r"""sed -i 's/a\\n/aa\\n/' "$1" """)
    with at_terminal(*stepping.words(), environment=change) as screen:
        screen.expect(MENU)
        screen.type("e")
        screen.expect("+aa")
        screen.expect("[b]ack > ")
        screen.type("e")
        screen.expect("+aaa")
        screen.expect("[b]ack > ")
        screen.type("v")
        screen.expect("+aaa")
        screen.expect("[b]ack > ")
        screen.type("b")
        screen.expect(MENU)
        screen.type("a")
        assert screen.end() == COMPLETED
    assert stepping.file("a.txt") == "a\n"


def test_keys_from_before_the_question_do_not_answer_it(project: Project) -> None:
    running, go = project.fifo("running"), project.fifo("go")
    project.plan({"id": "A"}, {"id": "B", "step_mode": True, "depends_on": ["A"]})
    wait = command(f"echo up >{running}; cat {go} >/dev/null & wait")
    project.script({"A": [[turn(wait), done()]], "B": [[turn(write("b.txt", "b\n")), done()]]})
    with at_terminal(*project.words()) as screen:
        assert running.read_text() == "up\n"
        screen.type("aaaa")
        go.write_text("go\n")
        screen.expect(MENU)
        assert not answers(project)
        screen.type("\x1b[A")  # an arrow ends with a letter, and is no answer either
        screen.type("r")
        screen.expect("go back): ")
        screen.type("no\n")
        assert screen.end() == COMPLETED
    assert [answer.verdict for answer in answers(project)] == ["rejected"]


def test_several_questions_are_a_queue_with_a_count(project: Project) -> None:
    project.plan(*({"id": name, "step_mode": True} for name in "ABC"))
    project.script({n: [[turn(write(f"{n}.txt", f"{n}\n")), done()]] for n in "ABC"})
    assert project.run().code == WAITING
    words = ("resume", "run", "--repo", str(project.repo.path))
    with at_terminal(*words) as screen:
        for count in ("approval needed (3 waiting)", "approval needed (2 waiting)", "needed\n"):
            screen.expect(count)
            screen.expect(MENU)
            screen.type("a")
            screen.expect(f"approved by {ME}")
        assert screen.end() == COMPLETED
    assert len(uses(project)) == 3


def test_a_ticket_wide_yes_at_the_terminal_asks_no_more(project: Project) -> None:
    project.plan({"id": "A", "step_mode": True})
    writes = [turn(write(f"{number}.txt", "x\n")) for number in range(4)]
    project.script({"A": [[*writes, done()]]})
    with at_terminal(*project.words()) as screen:
        screen.expect(MENU)
        screen.type("t")
        assert screen.end() == COMPLETED
    assert screen.text.count(MENU) == 1
    assert len(uses(project)) == 4


def test_a_person_can_leave_a_question_for_later(stepping: Project) -> None:
    with at_terminal(*stepping.words()) as screen:
        screen.expect(MENU)
        screen.type("q")
        screen.expect("[b]ack > ")
        screen.type("b")
        screen.expect(MENU)
        screen.type("q")
        screen.expect("[b]ack > ")
        screen.type("l")
        assert screen.end() == WAITING
        assert screen.echoes()
    assert open_questions(stepping) == ["A.1.c1"]
    assert "trackside approve run A.1.c1" in screen.text


def test_a_person_can_cancel_the_run_at_a_question(stepping: Project) -> None:
    with at_terminal(*stepping.words()) as screen:
        screen.expect(MENU)
        screen.type("q")
        screen.expect("[b]ack > ")
        screen.type("c")
        assert screen.end() == BLOCKED
    (cancelled,) = stepping.events(RunCancelled)
    assert cancelled.by == ME
    assert not uses(stepping)


def test_a_question_that_is_answered_elsewhere_leaves_the_screen(stepping: Project) -> None:
    with at_terminal(*stepping.words()) as screen:
        screen.expect(MENU)
        words = ("run", "A.1.c1", "--repo", str(stepping.repo.path))
        assert trackside("approve", *words).code == COMPLETED
        screen.expect(f"approved by {ME}, meanwhile")
        assert screen.end() == COMPLETED
    assert len(uses(stepping)) == 1


def test_a_reason_can_be_typed_while_others_work_and_taken_back(stepping: Project) -> None:
    with at_terminal(*stepping.words()) as screen:
        screen.expect(MENU)
        screen.type("r")
        screen.expect("go back): ")
        screen.type("\x04")
        screen.expect(MENU)
        screen.type("r")
        screen.expect("go back): ")
        screen.type("too early\n")
        assert screen.end() == COMPLETED
    assert refusals(stepping) == [f"Not run: {ME} rejected it: too early"]


def test_the_prompt_of_a_worker_can_be_edited_whole(project: Project) -> None:
    project.plan({"id": "A"})
    project.script({"A": [[turn(write("a.txt", "a\n"), expect=("Be quick.",)), done()]]})
    change = editor(project.folder, """sed -i '1i Be quick.' "$1" """)
    with at_terminal(*project.words("--policy", "ask"), environment=change) as screen:
        screen.expect("spawn: start a worker")
        screen.expect(MENU)
        screen.type("e")
        screen.expect("this will run instead:")
        screen.expect("[b]ack > ")
        screen.type("a")
        for _ in range(2):  # the write and the merge
            screen.expect(MENU)
            screen.type("a")
        assert screen.end() == COMPLETED
    assert answers(project)[0].system is not None


def test_the_live_table_makes_room_for_a_question(stepping: Project) -> None:
    with at_terminal(*stepping.words(), environment={"TERM": "xterm"}) as screen:
        screen.expect("\x1b[32m+a\x1b[0m")
        screen.expect(MENU)
        before = len(screen.text)
        screen.type("v")
        screen.expect(MENU)
        assert "\x1b[2K" not in screen.text[before:]  # no line of the table is drawn or erased
        screen.type("a")
        assert screen.end() == COMPLETED


def test_a_signal_at_a_question_leaves_terminal_and_run_as_they_should_be(
    stepping: Project,
) -> None:
    with at_terminal(*stepping.words()) as screen:
        screen.expect(MENU)
        screen.type("\x03")
        assert screen.end() == WAITING
        assert screen.echoes()
    assert open_questions(stepping) == ["A.1.c1"]


def test_a_signal_ends_the_editor_too(stepping: Project) -> None:
    up = stepping.fifo("up")
    sleeping = editor(stepping.folder, f"echo up >{up}; exec sleep 60")
    with at_terminal(*stepping.words(), environment=sleeping) as screen:
        screen.expect(MENU)
        screen.type("e")
        assert up.read_text() == "up\n"
        screen.process.terminate()
        assert screen.end() == WAITING


def test_output_that_is_no_terminal_is_headless(stepping: Project) -> None:
    assert stepping.run().code == WAITING


def test_a_call_that_only_reads_asks_nobody_in_step_mode(project: Project) -> None:
    project.plan({"id": "A", "step_mode": True})
    project.script({"A": [[turn(call("read_file", path="app.py")), done()]]})
    with at_terminal(*project.words()) as screen:
        assert screen.end() == COMPLETED
    assert "approval needed" not in screen.text
