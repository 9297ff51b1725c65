"""Every way to answer, at every moment: one use, the right outcome, and the log says who."""

import json
import signal
from collections.abc import Callable

import pytest

from store.failpoint import VARIABLE
from tests.end_to_end.people import (
    ME,
    answers,
    editor,
    put,
    questions,
    refusals,
    uses,
    wait_for_expiry,
)
from tests.end_to_end.project import Project, ended, started, trackside
from tests.end_to_end.scripts import done, turn, write
from tests.end_to_end.terminal import at_terminal

COMPLETED, WAITING = 0, 3
A1 = "A.1.c1"
EDITED = json.dumps({"path": "a.txt", "content": "edited\n"})
EXPIRES = (
    '[[rule]]\nverdict = "ask"\neffect = ["write"]\nexpires_s = {}\n[[rule]]\nverdict = "allow"'
)
VERDICTS = ("approve", "reject", "edit", "expire")
PLACES = (
    "at the same terminal",
    "from another process while it is up",
    "from another process while it is down",
    "and a crash before the use",
    "after a crash",
)
EXPIRES_S = {PLACES[2]: 3.0, PLACES[3]: 3.0}
"""Time enough for a process to end before the question does."""


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("verdict", VERDICTS)
def test_an_answer_counts_once_wherever_it_comes_from(
    verdict: str, place: str, project: Project
) -> None:
    project.plan({"id": "A", "step_mode": True})
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    options = _policy(project, EXPIRES_S.get(place, 0.6)) if verdict == "expire" else []
    _PLAYED[place](project, verdict, options)
    _is_as_it_should_be(project, verdict, at_terminal=place == PLACES[0])


def _policy(project: Project, expires_s: float) -> list[str]:
    file = project.folder / "policy.toml"
    file.write_text(EXPIRES.format(expires_s))
    return ["--policy", str(file)]


def _is_as_it_should_be(project: Project, verdict: str, *, at_terminal: bool) -> None:
    assert trackside("verify", "run", "--repo", str(project.repo.path)).code == COMPLETED
    (question,), (answer,) = questions(project), answers(project)
    assert question.approval == A1
    if verdict in {"reject", "expire"}:
        assert not uses(project)
        (told,) = refusals(project)
        assert ("not today" if verdict == "reject" else "nobody answered") in told
        assert project.tree() == project.world().run.facts.base_tree
    else:
        (use,) = uses(project)
        assert use.allowed_by == A1
        assert project.file("a.txt") == ("edited\n" if verdict == "edit" else "a\n")
        assert "edited" not in str(question.arguments)
        assert (use.arguments is not None) == (verdict == "edit")
    if verdict == "expire":
        assert (answer.by, answer.via) == ("expiry", "policy")
    else:
        assert (answer.by, answer.via) == (ME, "terminal" if at_terminal else "command")


def test_an_answer_that_comes_while_the_run_lies_down_to_rest_has_it_go_on(
    project: Project,
) -> None:
    project.plan({"id": "A", "step_mode": True})
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    assert project.run(*_policy(project, 0.001)).code == COMPLETED


def _answer(project: Project, verdict: str) -> None:
    """Answer from this process, which is another one than the run's."""
    words = ["run", A1, "--repo", str(project.repo.path)]
    match verdict:
        case "approve":
            assert trackside("approve", *words).code == 0
        case "reject":
            assert trackside("reject", *words, "--reason", "not today").code == 0
        case "edit":
            file = project.folder / "edited.json"
            file.write_text(EDITED)
            told = trackside("approve", *words, "--edit", str(file))
            assert told.code == 0
            assert "+edited" in told.out
        case "expire":
            wait_for_expiry(project, A1)
            late = trackside("approve", *words)
            assert late.code == 2
            assert "expiry has rejected it" in late.err


def _at_the_terminal(project: Project, verdict: str, options: list[str]) -> None:
    change = editor(project.folder, r"""sed -i 's/"a\\n"/"edited\\n"/' "$1" """)
    with at_terminal(*project.words(*options), environment=change) as screen:
        if verdict != "expire":  # its time may be over before anything is shown
            screen.expect("+a")
            screen.expect("[q]uit > ")
        match verdict:
            case "approve":
                screen.type("a")
            case "reject":
                screen.type("r")
                screen.expect("reason")
                screen.type("not today\n")
            case "edit":
                screen.type("e")
                screen.expect("+edited")
                screen.expect("[b]ack > ")
                screen.type("a")
            case "expire":
                screen.expect("rejected by expiry")
        assert screen.end() == COMPLETED
        assert screen.echoes()


def _while_up(project: Project, verdict: str, options: list[str]) -> None:
    with started(*project.words("--wait", *options)) as process:
        put(project, process)
        _answer(project, verdict)
        assert ended(process).code == COMPLETED


def _while_down(project: Project, verdict: str, options: list[str]) -> None:
    assert project.run(*options).code == WAITING
    _answer(project, verdict)
    assert project.resume().code == COMPLETED


def _before_the_use(project: Project, verdict: str, options: list[str]) -> None:
    assert project.run(*options).code == WAITING
    _answer(project, verdict)
    words = ("resume", "run", "--repo", str(project.repo.path))
    for _ in range(2):
        position = project.records()[-1].position + 2  # behind log.opened, all that is due at once
        with started(*words, environment={VARIABLE: f"after-position:{position}"}) as process:
            assert ended(process).code == -signal.SIGKILL
        assert not list(project.cache.rglob("a.txt"))
    assert project.resume().code == COMPLETED


def _after_a_crash(project: Project, verdict: str, options: list[str]) -> None:
    with started(*project.words("--wait", *options)) as process:
        put(project, process)
        process.kill()
        process.wait()
    _answer(project, verdict)
    assert project.resume().code == COMPLETED


_PLAYED: dict[str, Callable[[Project, str, list[str]], None]] = dict(
    zip(
        PLACES,
        (_at_the_terminal, _while_up, _while_down, _before_the_use, _after_a_crash),
        strict=True,
    )
)


def test_what_is_answered_waits_for_nobody_though_the_run_does_not_go_on_yet(
    project: Project,
) -> None:
    project.plan({"id": "A", "step_mode": True}, {"id": "B", "step_mode": True})
    project.script({name: [[turn(write(f"{name}.txt", "x\n")), done()]] for name in "AB"})
    assert project.run("--deliver", "none").code == WAITING
    here = ("--repo", str(project.repo.path))
    assert trackside("reject", "run", "A.1.c1", *here).code == COMPLETED
    first = trackside("status", "run", *here).out
    assert "run run waits for a person: 0 of 2 tickets completed, 1 waiting for a person" in first
    assert "1 answered" in first
    assert "goes on, as A.1.c1 is answered" in first
    assert "waits for approval B.1.c1" in first
    assert [wait["approval"] for wait in project.answer("status", "run")["waits"]] == ["B.1.c1"]
    assert trackside("approve", "run", "B.1.c1", *here).code == COMPLETED
    second = trackside("status", "run", *here).out
    assert "run run has what it waited for, and has to go on: 0 of 2 tickets" in second
    assert "completed, 2 answered\n" in second
    answer = project.answer("status", "run")
    assert (answer["code"], answer["waits"]) == ("waiting", [])
    assert answer["next"] == [f"trackside resume run --repo {project.repo.path}"]
    assert project.resume().code == COMPLETED
