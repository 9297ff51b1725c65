"""No trace of an error reaches a worker: it gets a hint, and may read the rest in slices."""

import json
import re

import pytest

from events import attempt_events as attempt
from events.action import Outcome
from events.attempt_events import HintTaken
from events.diagnosis.extracting import MAX_CHARS
from events.hint import MAX_WORDS, HintAsked, HintGiven
from events.lesson import LESSON_CHARS
from events.run_events import TicketRequeued
from store.blobs import Blobs
from tests.end_to_end.gemini_run import brain_of, lead_to
from tests.end_to_end.project import Project, trackside
from tests.end_to_end.scripts import call, command, done, finish, hint, turn, write
from tests.gemini_replies import Reply, refuse, say
from tests.gemini_server import Answer, GeminiServer, Request
from tests.playbook_brain import is_for_qa

FLASH, LITE, PRO = "gemini-2.5-flash", "gemini-2.5-flash-lite", "gemini-2.5-pro"

FRAMES, BROKEN, TICKS, FEW = 1500, 50, 100_000, 1000
DEEP = "\n".join(
    ["import sys\n\nsys.setrecursionlimit(9999)\nsys.tracebacklimit = 9999\n"]
    + [f"def frame_{n:04}():\n    frame_{n + 1:04}()\n" for n in range(FRAMES)]
    + [f"def frame_{FRAMES:04}():\n    raise ValueError('the deepest_word')\n\nframe_0000()\n"]
)
"""A program that ends in a stack trace of some 3,000 lines."""
SYNTAX = "python3 -m compileall -q broken"
"""A command that prints 200 lines of syntax errors."""
LOOP, SHORT_LOOP = (
    f"python3 -c \"for n in range({times}): print(f'tick_{{n:06}} of the loop')\"; exit 7"
    for times in (TICKS, FEW)
)

RAW = re.compile(r"frame_\d{4}|deepest_word|unclosed_\d\d|tick_\d{6}")
"""What only stands in the outputs, and in the source of the programs."""


def configure(project: Project, text: str = "", *ladder: str) -> None:
    rungs = json.dumps(ladder or [FLASH])
    project.configure(f'{text}\n[models]\nladder = {rungs}\nqa = "{LITE}"')


def hints(*words: str) -> Answer:
    """Return a QA model that gives these hints, the last one for ever."""
    left = list(words)

    def answer(_: Request) -> Reply:
        words = left.pop(0) if len(left) > 1 else left[0]
        return say(json.dumps({"hint": words}))

    return answer


def ask_gemini(
    project: Project, monkeypatch: pytest.MonkeyPatch, qa: Answer, *options: str
) -> tuple[int, list[Request], list[Request]]:
    """Run the track; return the exit code, what workers asked, and what QA asked."""
    with GeminiServer(brain_of(project, qa=qa)) as server:
        lead_to(server, monkeypatch)
        code = trackside(*project.words_by(None, *options)).code
    of_qa = [request for request in server.requests if is_for_qa(request)]
    return code, [each for each in server.requests if not is_for_qa(each)], of_qa


def words_in(request: Request) -> str:
    """Return everything that a model reads of a request."""
    return json.dumps(request.body, ensure_ascii=False)


def with_loud_programs(project: Project) -> None:
    project.repo.write("deep.py", DEEP)
    for number in range(BROKEN):
        project.repo.write(f"broken/part_{number:02}.py", f"unclosed_{number:02} = (1,\n")
    project.repo.commit()


def outputs(project: Project) -> list[str]:
    """Return the whole outputs of the commands that failed, in order."""
    blobs = Blobs(project.folder_of() / "blobs")
    failed: list[Outcome] = [event.failure.outcome for event in project.events(HintAsked)]
    return [blobs.text(outcome.output) for outcome in failed]


def test_no_line_of_a_trace_reaches_a_worker_and_all_of_it_is_kept(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_loud_programs(project)
    configure(project)
    project.plan({"id": "A"})
    loud = [turn(command(text)) for text in ("python3 deep.py", SYNTAX, LOOP)]
    project.script(
        {"A": [[*loud, turn(call("give_up", reason="too loud"))], [turn(write("a", "a")), done()]]}
    )
    told = ("Fix the deepest call.", "Close the parentheses.", "End the loop.")
    code, workers, of_qa = ask_gemini(project, monkeypatch, hints(*told))
    assert code == 0
    assert len(workers) == 6
    for request in workers:
        assert RAW.search(words_in(request)) is None
    assert all(each in words_in(workers[3]) for each in told)

    deep, syntax, loop = outputs(project)
    assert deep.count("\n") >= 2 * FRAMES + 2
    assert deep.endswith("ValueError: the deepest_word\n")
    assert syntax.count("\n") >= 4 * BROKEN
    assert syntax.count("SyntaxError: '(' was never closed") == BROKEN
    assert loop.splitlines() == [f"tick_{number:06} of the loop" for number in range(TICKS)]

    assert len(of_qa) == 3
    for request in of_qa:
        (content,) = request.body["contents"]
        (part,) = content["parts"]
        asked, _, source = part["text"].partition("\nSource:\n")
        assert len(asked) < MAX_CHARS + 300
        assert len(re.findall(r"(?m)^[> ] +\d+ \| ", source)) <= 20

    (requeued,) = project.events(TicketRequeued)
    lesson = requeued.lesson
    assert len(lesson) <= LESSON_CHARS
    assert RAW.search(lesson) is None
    assert lesson.startswith("Attempt 1 failed: too loud")
    assert all(f"- hint: {each}" in lesson for each in told)
    assert lesson.splitlines()[0] in words_in(workers[4])


def test_a_worker_reads_the_output_of_a_failure_in_slices_that_are_capped(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(project)
    project.plan({"id": "A"})
    some = call("read_output", call_id="c1", start_line=501, end_line=503)
    many = call("read_output", call_id="c1", start_line=1, end_line=FEW)
    project.script({"A": [[turn(command(SHORT_LOOP)), turn(some), turn(many), turn(finish())]]})
    code, workers, _ = ask_gemini(project, monkeypatch, hints("End the loop."))
    assert code == 0
    _, after, sliced, capped = (set(re.findall(r"tick_\d{6}", words_in(one))) for one in workers)
    assert after == set()
    assert sliced == {"tick_000500", "tick_000501", "tick_000502"}
    assert capped - sliced == {f"tick_{number:06}" for number in range(400)}
    assert f"lines 1 to 400 of {FEW}" in words_in(workers[3])


def test_a_syntax_error_is_put_to_qa_once_and_the_next_turn_fixes_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(project)
    project.plan({"id": "A", "check": "python3 app.py"})
    bad, good = "def total(prices:\n    return sum(prices)\n", "def total(prices):\n    return 0\n"
    project.script({"A": [[turn(write("app.py", bad)), turn(write("app.py", good)), done()]]})
    code, workers, of_qa = ask_gemini(project, monkeypatch, hints("Close it in line 1 of app.py."))
    assert code == 0
    assert len(of_qa) == 1
    assert "> 1 | def total(prices:" in of_qa[0].body["contents"][0]["parts"][0]["text"]
    (taken,) = project.events(HintTaken)
    assert taken.words == "Close it in line 1 of app.py."
    response = workers[1].body["contents"][-1]["parts"][0]["functionResponse"]
    assert "app.py:1" in str(response)
    assert taken.words in str(response)
    assert "was never closed" not in words_in(workers[1])
    assert project.file("app.py") == good


LONG = " ".join(f"w{number}" for number in range(30))


@pytest.mark.parametrize(
    ("second", "kept"), [("Say less.", "Say less."), (LONG, " ".join(LONG.split()[:MAX_WORDS]))]
)
def test_a_hint_of_too_many_words_is_asked_for_once_more_and_then_cut(
    project: Project, monkeypatch: pytest.MonkeyPatch, second: str, kept: str
) -> None:
    failing(project)
    code, workers, of_qa = ask_gemini(project, monkeypatch, hints(LONG, second))
    assert (code, len(of_qa)) == (0, 2)
    assert "30 words" in words_in(of_qa[1])
    (given,) = project.events(HintGiven)
    assert (given.words, given.source, given.calls) == (kept, "model", 2)
    assert json.loads(given.reply) == {"hint": second}
    assert "w20" not in words_in(workers[-1])


def test_a_long_hint_is_cut_if_nobody_gives_a_shorter_one(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(project)
    replies = [say(json.dumps({"hint": LONG})), refuse(500, "Down.")]
    ask_gemini(project, monkeypatch, lambda _: replies.pop(0))
    (given,) = project.events(HintGiven)
    assert (given.words, given.source) == (" ".join(LONG.split()[:MAX_WORDS]), "model")
    assert (given.calls, given.failed) == (1, 1)
    assert json.loads(given.reply) == {"hint": LONG}
    assert "500" in given.problem


def failing(project: Project) -> None:
    """Plan a ticket whose one command fails."""
    configure(project)
    project.plan({"id": "A"})
    loud = "echo ValueError: no such reactor >&2; exit 3"
    project.script({"A": [[turn(command(loud)), done()]]}, hint("quiet", "Never said."))


def down(_: Request) -> Reply:
    return refuse(500, "Internal error.")


def mute(_: Request) -> Reply:
    return say(json.dumps({"hint": ""}))


@pytest.mark.parametrize(
    ("qa", "problem"),
    [(down, "the server answered 500"), (mute, "the model's answer holds no hint")],
)
def test_the_rules_stand_in_for_a_qa_model_that_gives_no_hint(
    project: Project, monkeypatch: pytest.MonkeyPatch, qa: Answer, problem: str
) -> None:
    failing(project)
    code, workers, _ = ask_gemini(project, monkeypatch, qa)
    assert code == 0
    (given,) = project.events(HintGiven)
    assert (given.source, given.model) == ("extract", LITE)
    assert problem in given.problem
    assert "no such reactor" in given.words
    assert given.words in words_in(workers[1])


def test_the_rules_stand_in_where_a_playbook_has_no_hint(project: Project) -> None:
    failing(project)
    assert project.run().code == 0
    (given,) = project.events(HintGiven)
    assert given.source == "extract"
    assert "no entry of qa matches" in given.problem


def test_the_same_failure_again_and_again_leads_to_the_next_model_and_then_to_a_person(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(project, "", FLASH, PRO)
    project.plan({"id": "A", "max_attempts": 2})
    # Paths, times and numbers differ each time, and so do the words of QA.
    again = turn(command("echo took $$ ms in /tmp/$RANDOM; echo KeyError: price >&2; exit 1"))
    project.script({"A": [[again] * 9, [again] * 9]})
    code, workers, of_qa = ask_gemini(project, monkeypatch, hints(*"abcdef"))
    assert code == 1
    assert [request.model for request in workers] == [FLASH] * 3 + [PRO] * 3
    assert len(of_qa) == 6
    assert {event.result for event in project.events(attempt.AttemptEnded)} == {"stuck"}
    block = project.block("A")
    assert (block.cause, block.reason) == ("stuck", "the same failure 3 times: f")


def test_a_lesson_names_the_edited_files_and_the_red_check(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(project, "[limits]\nturns = 2")
    project.plan({"id": "A", "check": "test -e c.txt || { printf frame_%04d 1; exit 1; }"})
    edit = turn(write("a.txt", "a"), call("move_file", source="app.py", target="b.py"))
    project.script({"A": [[edit, done()], [turn(write("c.txt", "c")), done()]]})
    code, workers, _ = ask_gemini(project, monkeypatch, hints("There is no c.txt."))
    assert code == 0
    lesson = (
        "Attempt 1 failed: the check is red at the last turn: There is no c.txt.\\n"
        "Its edits are gone; they were in: a.txt, app.py, b.py"
    )
    assert lesson in words_in(workers[2])
    assert RAW.search(words_in(workers[2])) is None


def test_the_words_of_an_exception_of_ours_are_in_no_lesson(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception can quote what it choked on: here, the output of a command."""
    configure(project)
    project.plan({"id": "A"})
    project.script({"A": [[turn(command("echo frame_0001; exit 1"))], [turn(finish())]]})
    monkeypatch.setattr("actors.hands.fingerprint", choking)
    code, workers, _ = ask_gemini(project, monkeypatch, hints("Never asked."))
    assert code == 0
    assert "trackside failed on it 3 times, the last with ValueError" in words_in(workers[-1])
    assert all(RAW.search(words_in(request)) is None for request in workers[1:])


def choking(_: Outcome, output: str) -> str:
    raise ValueError(output)
