"""A view of a run that is read at one go shows what one that followed it event by event shows."""

from pathlib import Path

import pytest

from cli.history import CODEC
from cli.run_view import RunView
from cli.spending import Spending
from events.world import World
from store.reader import LogReader

GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("rules-*/*/events.jsonl"))


def test_there_are_runs_to_look_at() -> None:
    assert len(GOLDEN) >= 3


def facts_of(view: RunView) -> tuple[World, Spending, str, str]:
    return view.world, view.spending, view.began, view.at


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
        assert facts_of(begun) == facts_of(followed)
    begun = RunView(followed.read_blob)
    begun.take_all([])
    begun.take_all(records[: len(records) // 2])
    begun.take_all(iter(records[len(records) // 2 :]))
    assert facts_of(begun) == facts_of(followed)
    assert followed.spending.total.calls


def test_records_wait_to_be_folded_together_and_never_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cli.run_view.MOST_WAITING", 7)
    with LogReader(GOLDEN[0], CODEC) as reader:
        records = list(reader)
    view, positions = RunView(), []
    for recorded in records:
        view.take(recorded)
        positions.append(view._world.position)
    assert positions[:15] == [0] * 6 + [7] * 7 + [14] * 2
    assert view.world.position == len(records)
