"""What a yes to a merge is bound to: the ticket's own diff, wherever the tip is by then."""

from collections.abc import Sequence

from events.attempt_events import PermitVoided, TreeMerged
from tests.end_to_end.people import open_questions, questions
from tests.end_to_end.project import Json, Project, trackside
from tests.end_to_end.scripts import call, done, turn, write

COMPLETED, WAITING = 0, 3
ASK_FOR_A = """
[[rule]]
verdict = "ask"
kind = "merge"
ticket = "A"
[[rule]]
verdict = "allow"
"""
LINES = "".join(f"line {number}\n" for number in range(30))


def replace(path: str, old: str, new: str) -> Json:
    return call("replace_text", path=path, old=old, new=new)


def waits_for_merge(project: Project, a: Sequence[Json], b: Sequence[Json]) -> None:
    """Have A wait for a word on its merge, while B moves the tip."""
    policy = project.folder / "policy.toml"
    policy.write_text(ASK_FOR_A)
    project.plan({"id": "0"}, {"id": "A", "depends_on": ["0"]}, {"id": "B", "depends_on": ["0"]})
    first = [turn(write("long.txt", LINES)), done()]
    ours = [turn(*a), done()]
    project.script({"0": [first], "A": [ours, ours], "B": [[turn(*b), done()]]})
    assert project.run("--policy", str(policy)).code == WAITING
    assert project.ticket("B").status == "completed"


def approve(project: Project, approval: str) -> int:
    return trackside("approve", "run", approval, "--repo", str(project.repo.path)).code


def test_a_merge_lands_as_it_was_approved_though_the_tip_has_moved(project: Project) -> None:
    ours = [replace("long.txt", "line 28\n", "ours\n"), write("a.txt", "a\n")]
    theirs = [replace("long.txt", "line 1\n", "two\nlines\n"), write("b.txt", "b\n")]
    waits_for_merge(project, ours, theirs)
    assert approve(project, "A.1.merge") == COMPLETED
    assert project.resume().code == COMPLETED
    assert not project.events(PermitVoided)
    whole = LINES.replace("line 1\n", "two\nlines\n").replace("line 28\n", "ours\n")
    assert project.file("long.txt") == whole


def test_a_merge_that_would_land_otherwise_than_approved_is_asked_about_anew(
    project: Project,
) -> None:
    both = replace("long.txt", "line 1\n", "the same\n")
    waits_for_merge(project, [both, write("a.txt", "a\n")], [both])
    assert approve(project, "A.1.merge") == COMPLETED
    project.script({"A": [[], [turn(write("a.txt", "a\n")), done()]]})
    assert project.resume().code == WAITING
    (void,) = project.events(PermitVoided)
    assert void.approval == "A.1.merge"
    assert "on the moved tip than approved, in: long.txt" in str(project.ticket("A").lesson)
    assert open_questions(project) == ["A.2.merge"]
    assert "long.txt" not in str(questions(project)[-1].preview)
    assert len(project.events(TreeMerged)) == 2
    assert approve(project, "A.2.merge") == COMPLETED
    assert project.resume().code == COMPLETED
    assert trackside("verify", "run", "--repo", str(project.repo.path)).code == COMPLETED


def test_a_yes_for_the_whole_ticket_is_bound_to_no_diff(project: Project) -> None:
    both = replace("long.txt", "line 1\n", "the same\n")
    waits_for_merge(project, [both, write("a.txt", "a\n")], [both])
    words = ("run", "A.1.merge", "--repo", str(project.repo.path), "--ticket-wide")
    assert trackside("approve", *words).code == COMPLETED
    assert project.resume().code == COMPLETED
    assert not project.events(PermitVoided)
