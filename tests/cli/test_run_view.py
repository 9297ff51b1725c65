"""A view of a run that is read at one go shows what one that followed it event by event shows."""

from pathlib import Path

import pytest

from cli.history import CODEC
from cli.run_view import RunView
from store.reader import LogReader

GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("rules-*/*/events.jsonl"))


def test_there_are_runs_to_look_at() -> None:
    assert len(GOLDEN) >= 3


@pytest.mark.parametrize("log", GOLDEN, ids=lambda log: log.parent.name)
def test_a_log_read_at_one_go_or_in_two_shows_what_one_event_after_the_other_shows(
    log: Path,
) -> None:
    with LogReader(log, CODEC) as reader:
        records = list(reader)
    followed = RunView()
    for at, recorded in enumerate(records, start=1):
        followed.take(recorded)
        begun = RunView(followed.read_blob)
        begun.take_all(records[:at])
        assert begun == followed
    begun = RunView(followed.read_blob)
    begun.take_all([])
    begun.take_all(records[: len(records) // 2])
    begun.take_all(iter(records[len(records) // 2 :]))
    assert begun == followed
    assert followed.spending.total.calls
