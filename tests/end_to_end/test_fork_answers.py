"""A fork in which a hint is another one: what QA says is an answer of a model like any other."""

import json
from pathlib import Path

import pytest

from events.attempt_events import HintTaken
from events.fork_words import RunForked
from events.hint import HintAsked, HintGiven
from tests.end_to_end.project import Ended, Project, trackside
from tests.end_to_end.scripts import command, done, hint, turn, write

WORDS = "Leave the command alone."


@pytest.fixture
def parent(project: Project) -> Project:
    """Return a project with a run in which QA was asked twice; it knew nothing of the second."""
    project.plan({"id": "one"}, {"id": "dark", "depends_on": ["one"]})
    project.script(
        {
            "one": [[turn(command("echo no luck; exit 3")), turn(write("one.txt", "1\n")), done()]],
            "dark": [[turn(command("echo KeyError: gone; exit 4")), done()]],
        },
        hint("no luck", "It has no luck."),
    )
    assert project.run("--workers", "1").code == 0
    return project


def positions_of(project: Project, kind: type, run: str = "run") -> list[int]:
    return [one.position for one in project.records(run) if isinstance(one.event, kind)]


def forked(project: Project, *words: object) -> Ended:
    place = ["--repo", str(project.repo.path), "--run-id", "fork"]
    return trackside("fork", "run", *place, *map(str, words))


def given(folder: Path, **answer: str) -> Path:
    file = folder / "answer.json"
    file.write_text(json.dumps(answer))
    return file


def test_a_hint_can_be_given_otherwise(parent: Project, tmp_path: Path) -> None:
    for place, position in enumerate(positions_of(parent, HintGiven)):
        run = f"fork-{place}"
        file = given(tmp_path, hint=WORDS)
        words = ["--run-id", run, "--answer", str(position), str(file)]
        assert trackside("fork", "run", "--repo", str(parent.repo.path), *words).code == 0
        (changes,) = (one.changes for one in parent.events(RunForked, run=run))
        assert changes.answer == position
        assert parent.resume(run).code == 0
        said = parent.events(HintGiven, run=run)[place]
        assert (said.words, said.source, said.usage.total) == (WORDS, "person", 0)
        assert parent.events(HintTaken, run=run)[place].words == WORDS
        assert parent.tree(run) == parent.tree()
        verdict = parent.answer("verify", run)
        assert (verdict["code"], verdict["runs"][0]["counts"]["hints"]) == ("verified", 1)


def test_a_recording_of_such_a_fork_gives_that_hint(parent: Project, tmp_path: Path) -> None:
    first, _ = positions_of(parent, HintGiven)
    assert forked(parent, "--answer", first, given(tmp_path, hint=WORDS)).code == 0
    assert parent.resume("fork").code == 0
    assert parent.run("--model", "recorded:fork", run="again").code == 0
    said = parent.events(HintGiven, run="again")
    assert (said[0].words, said[0].source) == (WORDS, "model")


def test_the_fork_tells_who_gave_the_hint(parent: Project, tmp_path: Path) -> None:
    first, _ = positions_of(parent, HintGiven)
    assert forked(parent, "--answer", first, given(tmp_path, hint=WORDS)).code == 0
    where = ["--repo", str(parent.repo.path)]
    assert f"{WORDS} (by person)" in trackside("log", "fork", *where).out
    told = trackside("context", "fork", "one", "--hint", "last", *where).out
    assert "by a person, in a fork\n" + WORDS in told
    answer = parent.answer("context", "fork", "one", "--hint", "1")
    assert (answer["code"], answer["prompt"], answer["sent"]) == ("not_asked", None, None)


REFUSED = [
    ("HINT", {"text": "words"}, 'is a hint of QA: give it as {"hint": "at most 20 words"}'),
    ("REPLY", {"hint": "words"}, "is a reply of a worker's model: give it as one turn"),
    ("ASKED", {"hint": "words"}, "is no answer of a model"),
    ("HINT", {"hint": " "}, "hint: must have 1 to 20 words"),
    ("HINT", {"hint": "word " * 21}, "hint: must have 1 to 20 words"),
    ("HINT", {"hint": "words", "text": "words"}, "unknown field `text`"),
]
"""Which position, which answer, and why it is refused."""


@pytest.mark.parametrize(("place", "answer", "reason"), REFUSED)
def test_what_cannot_stand_there_is_refused(
    parent: Project, tmp_path: Path, place: str, answer: dict[str, str], reason: str
) -> None:
    asked, (first, _) = positions_of(parent, HintAsked)[0], positions_of(parent, HintGiven)
    reply = next(
        one.position
        for one in parent.records()
        if one.stream == "attempt/one.1" and one.event.__struct_config__.tag == "attempt.replied"
    )
    position = {"HINT": first, "REPLY": reply, "ASKED": asked}[place]
    said = forked(parent, "--answer", position, given(tmp_path, **answer))
    assert said.code == 2
    assert reason in said.err
    assert not parent.folder_of("fork").exists()
