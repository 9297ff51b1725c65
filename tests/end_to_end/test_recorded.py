"""A track played by the answers of a past run."""

import json
from pathlib import Path

from events.attempt_events import CallFailed
from tests.end_to_end.project import Json, Project, trackside

DONE = {"calls": [{"tool": "finish", "args": {"summary": "done"}}]}


def write(path: str, content: str) -> Json:
    return {"calls": [{"tool": "write_file", "args": {"path": path, "content": content}}]}


def planned(project: Project, *more: Json) -> Project:
    red = {"calls": [{"tool": "run_command", "args": {"command": "echo no luck; exit 3"}}]}
    project.plan({"id": "one"}, {"id": "two", "depends_on": ["one"]}, *more)
    project.script(
        {
            "one": [[write("one.txt", "first\n"), red, DONE]],
            "two": [[{"error": "unavailable"}, write("two.txt", "second\n" * 500), DONE]],
            "new": [[write("new.txt", "live\n"), DONE]],
        },
        {"match": "no luck", "hint": "It has no luck."},
    )
    return project


def test_a_recording_makes_the_same_code_at_no_cost(project: Project) -> None:
    assert planned(project).run().code == 0
    said = project.run("--model", "recorded:run", "--json", run="again")
    assert said.code == 0, said.err
    answer = json.loads(said.out)
    assert (answer["use"]["tokens"], answer["use"]["usd"]) == (0, 0.0)
    assert project.tree("again") == project.tree()
    told = trackside("diff", "run", "again", "--repo", str(project.repo.path)).out
    assert "they part at ticket two, attempt 1" in told  # where a call had failed
    hints = [hint.given.words for hint in project.world("again").of_kind("hint").values()]
    assert hints == ["It has no luck."]


def test_where_it_runs_out_the_attempt_fails_with_a_clear_word(project: Project) -> None:
    assert planned(project).run().code == 0
    planned(project, {"id": "new", "max_attempts": 1})
    assert project.run("--model", "recorded:run", run="again").code == 1
    (failed,) = project.events(CallFailed, run="again")
    assert failed.kind == "recording"
    assert failed.message == (
        'the recording of run run ends here: it has no answer for ticket "new", attempt 1, turn 1; '
        "recorded:run+MODEL goes on with a live model"
    )


def test_it_hands_over_to_another_model_where_it_runs_out(project: Project, tmp_path: Path) -> None:
    assert planned(project).run().code == 0
    planned(project, {"id": "new"})
    folder = project.folder_of()
    name = f"recorded:{folder}+scripted:{project.playbook_file}"
    assert project.run("--model", name, run="again").code == 0
    assert project.file("new.txt", "again") == "live\n"
    assert project.world("again").run.facts.settings.models.ladder == (name,)


def test_a_run_that_is_not_there_is_refused_before_anything_is_written(project: Project) -> None:
    said = planned(project).run("--model", "recorded:nobody")
    assert said.code == 2
    assert "there are no runs in" in said.err
    assert not project.folder_of().exists()
