"""What a run has used, as people and programs read it."""

from pathlib import Path

import msgspec
import pytest

from cli.answers import UsageAnswer
from cli.main import main
from tests.histories import ticket
from tests.stories import written


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    story = written(tmp_path)
    story.begin(ticket("T1"), ticket("T2", "T1"))
    story.work("T1.1")
    story.fail_a_command("T1.1")
    story.complete("T1.1")
    story.log.close()
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
    assert lines[0].split()[:4] == ["calls", "failed", "in", "cached"]
    assert [line.split()[0] for line in lines[1:]] == ["tier", "tier", "ticket", "attempt", "all"]
