"""What steers a reader's tools is delivered as it was, whatever commands, set-up and checks do."""

import pytest

from events.attempt_events import CheckRan, SetupRan, ToolFinished
from tests.end_to_end.project import Project
from tests.end_to_end.scripts import command, done, hint, turn, write

PLANT = "mkdir -p a/.IDEA && echo evil | tee sub/.vscode/tasks a/.IDEA/x .envrc >own"
UNDONE = (".envrc", "a/.IDEA/x", "sub/.vscode/tasks")
NOTE = f"[put back as it was: {', '.join(UNDONE)}. It steers other programs"


@pytest.fixture
def steered(project: Project) -> Project:
    project.repo.write("sub/.vscode/tasks", "{}\n")
    project.repo.write(".gitattributes", "*.txt text\n")
    project.repo.commit()
    return project


def delivered(project: Project) -> set[str]:
    """Return the paths that the run's branch changes."""
    return {*project.repo.git("diff", "--name-only", "main", "trackside/run").split()}


def test_a_command_is_told_what_of_its_work_was_undone(steered: Project) -> None:
    steered.plan({"id": "T1"})
    steered.script({
        "T1": [[turn(command(PLANT)), turn(command("cat sub/.vscode/*"), expect=(NOTE,)),
                done("{}")]],
    })  # fmt: skip
    assert steered.run().code == 0
    assert delivered(steered) == {"own"}
    first, second, *_ = steered.events(ToolFinished)
    assert (first.outcome.undone, second.outcome.undone) == (UNDONE, ())


def test_a_failing_command_is_told_too(steered: Project) -> None:
    steered.plan({"id": "T1"})
    steered.script(
        {"T1": [[turn(command(f"{PLANT}; exit 3")), done("it fails", NOTE)]]},
        hint(".*", "it fails"),
    )
    assert steered.run().code == 0
    assert delivered(steered) == {"own"}


def test_setup_and_check_leave_none_either(steered: Project) -> None:
    steered.plan({"id": "T1", "check": f"test ! -e .envrc && {PLANT}"}, setup=PLANT)
    steered.script({"T1": [[turn(write("x", "1\n")), done()]]})
    assert steered.run().code == 0
    assert delivered(steered) == {"own", "x"}
    assert [each.outcome.undone for each in steered.events(SetupRan)] == [UNDONE]
    assert [each.outcome.ok for each in steered.events(CheckRan)] == [True]


def test_what_a_red_check_leaves_is_no_part_of_the_ticket(steered: Project) -> None:
    check = "echo junk | tee junk app.py; test -e x"
    steered.plan({"id": "T1", "check": check})
    steered.script(
        {"T1": [[done(), turn(command("true")), turn(write("x", "1\n")), done()]]},
        hint(".*", "x is missing"),
    )
    assert steered.run().code == 0
    assert [each.outcome.ok for each in steered.events(CheckRan)] == [False, True]
    assert delivered(steered) == {"x"}


def test_the_policy_that_lies_in_the_repository_stays_as_it_was(steered: Project) -> None:
    steered.repo.write("ci/rules.toml", '[[rule]]\nverdict = "allow"\nconfined = true\n')
    steered.repo.commit()
    steered.plan({"id": "T1"})
    steered.script({"T1": [[turn(command("echo >>ci/rules.toml; echo 1 >x")), done("ci/rules")]]})
    rules = steered.repo.path / "ci" / "rules.toml"
    assert steered.run("--policy", str(rules)).code == 0
    assert delivered(steered) == {"x"}


def test_what_is_in_a_submodule_is_no_part_of_a_ticket(project: Project) -> None:
    commit = project.repo.git("rev-parse", "HEAD")
    project.repo.git("update-index", "--add", "--cacheinfo", f"160000,{commit},sm")
    project.repo.git("commit", "-q", "-m", "a submodule")
    project.plan({"id": "T1"})
    refused = "'sm/s.txt' is in the submodule 'sm'"
    project.script({
        "T1": [[turn(write("sm/s.txt", "1\n")),
                turn(command("echo 1 | tee own >sm/s.txt"), expect=(refused,)),
                done("[put back as it was: sm/s.txt (in a submodule)")]],
    })  # fmt: skip
    assert project.run().code == 0
    assert delivered(project) == {"own"}
