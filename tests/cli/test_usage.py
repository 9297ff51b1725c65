"""What a run has used, as people and programs read it."""

from pathlib import Path

import msgspec
import pytest

from cli.answers import UsageAnswer
from cli.main import main
from tests.stories import told, written


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    written(tmp_path)
    return tmp_path


def test_the_parts_of_what_was_used_add_up_to_all_of_it(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["usage", "--repo", str(repo), "--json"]) == 0
    answer = msgspec.json.decode(capsys.readouterr().out, type=UsageAnswer)
    assert answer.use.tokens > 0
    for parts in (answer.tiers, answer.tickets, answer.attempts):
        assert sum(part.use.tokens for part in parts) == answer.use.tokens
        assert sum(part.use.calls for part in parts) == answer.use.calls


def test_people_get_a_table_with_a_line_for_all(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["usage", "--repo", str(repo)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["calls", "failed", "in", "cached", "out", "thinking", "time", "cost"]
    assert lines[-1].startswith("all ")
