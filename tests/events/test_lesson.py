"""What a failed attempt hands to the next one."""

from hypothesis import given
from hypothesis import strategies as st

from events.action import Outcome
from events.attempt_commands import EndAttempt, RecordCheck, RecordMerge
from events.lesson import LESSON_CHARS, lesson_of, named
from tests.events.attempts import MOVED_TIP, facing, merging
from tests.histories import RED, finishes, hinted, ran, shell, tree, wants, write

words = st.text(max_size=300)


@given(st.integers(1, 99), words, st.lists(words, max_size=40), st.lists(words, max_size=40))
def test_a_lesson_is_of_bounded_length(
    number: int, reason: str, changed: list[str], hints: list[str]
) -> None:
    assert len(lesson_of(number, reason * 20, changed, hints)) <= LESSON_CHARS


def test_the_latest_hints_are_kept_when_there_is_no_room_for_all() -> None:
    hints = [f"hint {number} {'x' * 100}" for number in range(40)]
    told = lesson_of(1, "the limit of 40 turns is reached", [], hints)
    kept = [hint for hint in hints if hint in told]
    assert 10 < len(kept) < 40
    assert kept == hints[-len(kept) :]


def test_a_lesson_names_the_files_that_edits_have_touched_each_once() -> None:
    edits = facing("write_file", "move_file", "write_file", "read_file")
    for call, paths in (("c1", ("a.py",)), ("c2", ("b.py", "c.py")), ("c3", ("a.py",))):
        edits = edits.after(wants(call, write(paths=paths)), ran(call))
    ended = edits.after(EndAttempt("failed", "enough"))
    assert ended.state.lesson == (
        "Attempt 1 failed: enough\nIts edits are gone; they were in: a.py, b.py, c.py"
    )


def test_paths_are_named_as_long_as_there_is_room_and_the_rest_is_counted() -> None:
    long = [f"{number}{'x' * 250}.py" for number in range(4)]
    assert named(long) == f"{long[0]}, {long[1]} and 2 more"


def test_an_edit_that_could_not_be_made_and_a_command_name_no_file() -> None:
    failed = Outcome(ok=False, text="the disk says no")
    attempt = facing("write_file", "run_command").after(wants(), ran("c1", failed))
    attempt = attempt.after(wants("c2", shell()), ran("c2"))
    assert "edits" not in attempt.after(EndAttempt("failed", "enough")).state.lesson


def test_an_edit_that_left_a_file_broken_is_named_all_the_same() -> None:
    broken = Outcome(ok=True, failing=True, finding="till.py:3", output="SyntaxError")
    attempt = facing("write_file").after(wants(), ran("c1", broken), hinted(words="close it"))
    ended = attempt.after(EndAttempt("failed", "enough"))
    assert "they were in: till.py\n- hint: close it" in ended.state.lesson


def test_a_lesson_tells_of_the_merge_conflict() -> None:
    ended = merging().after(RecordMerge(None, ("till.py", "cart.py")))
    assert ended.state.lesson == (
        "Attempt 1 failed: its changes conflict with tickets merged meanwhile, in: till.py, cart.py"
    )


def test_a_lesson_tells_of_the_check_that_is_red_on_the_merged_tree() -> None:
    red = merging(MOVED_TIP).after(RecordMerge(tree(9)), RecordCheck(RED))
    ended = red.after(hinted("merge_check", "the price moved"))
    assert ended.state.lesson.startswith(
        "Attempt 1 failed: green alone, but the check is red on the merged tree: the price moved"
    )


def test_no_output_of_a_failure_is_in_a_lesson() -> None:
    red = Outcome(ok=False, exit_code=1, command="pytest", failing=True, output="SECRET TRACE")
    attempt = facing("run_command", "finish").after(wants("c1", shell()), ran("c1", red), hinted())
    attempt = attempt.after(finishes("c2"), RecordCheck(red), hinted("check1"))
    assert "SECRET" not in attempt.after(EndAttempt("failed", "enough")).state.lesson
