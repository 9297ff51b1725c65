"""The example track, as `examples/demo.sh` shows it: by playbook, and by Gemini."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from events import attempt_events as attempt
from events.ids import TreeId
from tests.end_to_end.gemini_run import forms_of, troubled
from tests.end_to_end.project import Ended, Project, trackside
from tests.gemini_replies import no_candidates, rate_limit, refuse, reset_mid_stream, say
from tests.gemini_server import KEY
from tests.git_repo import GitRepo

EXAMPLE = Path(__file__).parents[2] / "examples" / "shop"

TROUBLES = {
    ("money", 1, 1): rate_limit("0.05s"),
    ("money", 1, 2): refuse(503, f"overloaded; your key is {KEY}", headers={"retry-after": "0.05"}),
    ("stock", 1, 1): reset_mid_stream(),
    ("stock", 1, 2): no_candidates(),
    ("discounts", 1, 1): say("half an ans", finish="MAX_TOKENS"),
    ("cart", 1, 1): say("call:{", finish="MALFORMED_FUNCTION_CALL"),
}
KINDS = ["malformed", "malformed", "rate_limit", "truncated", "unavailable", "unavailable"]
"""What the log calls them, sorted."""


def at_the_shop(project: Project) -> Project:
    """Put the example in the place of the usual repository, track and playbook."""
    shutil.rmtree(project.repo.path)
    shutil.copytree(EXAMPLE / "repo", project.repo.path)
    project.repo = GitRepo(project.repo.path)
    project.repo.commit()
    project.track_file = project.folder / "track.toml"
    shutil.copy(EXAMPLE / "track.toml", project.track_file)
    shutil.copy(EXAMPLE / "playbook.json", project.playbook_file)
    return project


@pytest.fixture
def shop(project: Project) -> Project:
    return at_the_shop(project)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory, template: Path) -> TreeId:
    """The final tree by the playbook, with four workers."""
    shop = at_the_shop(Project(tmp_path_factory.mktemp("shop"), template))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in shop.environment.items():
            patch.setenv(name, value)
        assert shop.run("--workers", "4").code == 0
    assert len(shop.events(attempt.HintTaken)) == 3
    delivered = shop.repo.git("log", "--format=%s", "main..trackside/run").splitlines()
    assert len(delivered) == 6
    return shop.tree()


def test_its_final_tree_does_not_depend_on_the_number_of_workers(
    shop: Project, tree: TreeId
) -> None:
    assert shop.run("--workers", "1").code == 0
    assert shop.tree() == tree


def test_its_final_tree_by_gemini_is_the_same_whatever_goes_wrong_on_the_way(
    shop: Project, tree: TreeId, monkeypatch: pytest.MonkeyPatch
) -> None:
    playbook = json.loads(shop.playbook_file.read_bytes())
    playbook["tickets"]["receipt"][0].insert(0, {"calls": [{"tool": "make_coffee"}]})
    shop.playbook_file.write_text(json.dumps(playbook))
    with troubled(shop.playbook_file, TROUBLES) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        ended = trackside(*shop.words_by(None, "-v"))
    assert ended.code == 0
    assert shop.tree() == tree
    failed = [event.kind for event in shop.events(attempt.CallFailed)]
    assert sorted(failed) == KINDS
    refused = [result for result in shop.events(attempt.ToolFinished) if result.refused]
    assert ["make_coffee" in result.outcome.text for result in refused] == [True]
    check_that_the_key_is_nowhere(shop, ended)


def check_that_the_key_is_nowhere(project: Project, ended: Ended) -> None:
    objects = subprocess.run(
        ["git", "cat-file", "--batch", "--batch-all-objects"],
        cwd=project.folder_of() / "git",
        capture_output=True,
        check=True,
    )
    files = [file.read_bytes() for file in project.folder.rglob("*") if file.is_file()]
    everything = b"\n".join([*files, objects.stdout, ended.out.encode(), ended.err.encode()])
    assert b"overloaded; your key is" in everything
    for form in forms_of(KEY):
        assert form not in everything
