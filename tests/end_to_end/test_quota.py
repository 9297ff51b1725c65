"""Limits of the server: per minute they are waited for, per day they park the run."""

import pytest

from models.playbook import read_playbook
from tests.end_to_end.gemini_run import lead_to
from tests.end_to_end.project import Project, trackside
from tests.end_to_end.scripts import done, turn, write
from tests.gemini_replies import Reply, rate_limit
from tests.gemini_server import Answer, GeminiServer, Request
from tests.playbook_brain import PlaybookBrain

RETRY_S = 0.2
"""What the server asks to wait: short, so that the test is."""


class Storm:
    """Refuses the first `many` requests, whoever asks."""

    def __init__(self, many: int, refusal: Reply, then: Answer) -> None:
        self.left = many
        self._refusal = refusal
        self._then = then

    def __call__(self, request: Request) -> Reply:
        self.left -= 1
        return self._refusal if self.left >= 0 else self._then(request)


def test_a_storm_of_rate_limits_fails_no_ticket(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"T{number}" for number in range(8)]
    project.plan(*({"id": name} for name in names))
    project.script({name: [[turn(write(f"{name}.txt", name)), done()]] for name in names})
    storm = Storm(
        60, rate_limit(f"{RETRY_S}s"), PlaybookBrain(read_playbook(project.playbook_file))
    )
    with GeminiServer(storm) as server:
        lead_to(server, monkeypatch)
        ended = trackside(*project.words_by(None, "--workers", "8"))
    assert ended.code == 0, ended.err
