"""Messages to a run that another process holds, which does not reply."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.histories import ticket
from tests.stories import Story

HELD = 5


def test_who_gets_no_reply_hears_that_the_message_may_still_take_effect(
    story: Story,
    shop: Path,
    trackside: Callable[..., tuple[int, str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    story.begin(ticket("T1"))
    monkeypatch.setattr("cli.post.PATIENCE_S", 0.0)
    code, out, err = trackside("pause", "r1")
    assert (code, out) == (HELD, "")
    (line,) = err.splitlines()
    assert "does not reply; it may still do what it was told, as `trackside log r1` would" in line
    assert not list((shop / ".trackside" / "runs" / "r1" / "answers").iterdir())
