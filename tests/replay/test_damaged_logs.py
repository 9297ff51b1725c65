"""Every command on a log that is damaged in its middle, and on one whose end is torn."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.main import COMMANDS, main
from store.errors import LogDamagedError
from store.run_folder import RunFolder
from tests.replay.recorded import TRACK, archive_of, copy_of, damage, position_of

TORN = b'{"v":1,"position":'

ASKED: list[tuple[str, int]] = [
    ("show baked", 0),
    ("show baked --at 5", 0),
    ("status baked", 0),
    ("usage baked", 0),
    ("log baked", 0),
    ("log baked --follow", 0),
    ("why baked base", 0),
    ("why baked 5", 0),
    ("context baked base", 0),
    ("context baked retry --hint last", 0),
    ("diff baked@5 baked@7", 0),
    ("diff baked baked@7 baked --files", 0),
    ("verify baked", 0),
    ("checkout baked {tmp}/out --at 5", 0),
    ("fork baked --at {at} --run-id other", 0),
    ("fork baked --answer {hint} {tmp}/hint.json --run-id other", 0),
    ("replay baked --speed inf", 0),
    ("report baked -o {tmp}/out.html", 0),
    ("export baked", 0),
    ("export baked --format otel", 0),
    ("export baked --format state", 0),
    ("approvals", 0),
    ("approvals baked", 0),
    ("approve baked base.1.c1", 2),
    ("reject baked base.1.c1", 2),
    ("pause baked", 2),
    ("cancel baked", 2),
    ("unblock baked base", 2),
    ("retry baked base", 2),
    ("skip baked base", 2),
    ("budget baked", 0),
    ("policy test baked --policy ask", 0),
    ("run {tmp}/track.json --model recorded:baked --run-id other", 1),
    ("resume baked", 1),
]
"""Every command that asks about a run, and its exit code where only the end of the log is torn."""

NOT_ABOUT_ONE = {"runs", "recover", "check", "view", "schema", "doctor"}
"""Two that tell of damage in their own words, and four that read no log."""

Say = Callable[[str], tuple[int, str, str]]


@pytest.fixture(scope="module")
def shared(baked: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return copy_of(baked, tmp_path_factory.mktemp("damaged"))


@pytest.fixture
def copy(baked: RunFolder, shared: RunFolder) -> Iterator[RunFolder]:
    """Return a run to harm; what a test did to it is undone."""
    shared.log.write_bytes(baked.log.read_bytes())
    shutil.copy(baked.seal, shared.seal)
    yield shared
    shutil.rmtree(shared.path.parent / "other", ignore_errors=True)


@pytest.fixture
def say(
    baked: RunFolder,
    copy: RunFolder,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Say:
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    (tmp_path / "track.json").write_text(json.dumps(TRACK))
    (tmp_path / "hint.json").write_text('{"hint":"try again"}')
    places = {
        "tmp": str(tmp_path),
        "at": str(position_of(baked, "merge.queued")),
        "hint": str(position_of(baked, "hint.given", "hint/retry.1.c1")),
    }

    def call(words: str) -> tuple[int, str, str]:
        typed = [word.format(**places) for word in words.split()]
        code = main([*typed, "--repo", str(copy.path.parents[2])])
        said = capfd.readouterr()
        return code, said.out, said.err

    return call


def test_no_command_is_forgotten() -> None:
    assert {words.split()[0] for words, _ in ASKED} | NOT_ABOUT_ONE == {*COMMANDS}


@pytest.mark.parametrize("words", [words for words, _ in ASKED])
def test_damage_in_the_middle_is_refused_with_the_same_line(
    words: str, say: Say, copy: RunFolder
) -> None:
    damage(copy)
    before = copy.log.read_bytes()
    with pytest.raises(LogDamagedError) as damaged:
        list(archive_of(copy).records())
    code, out, err = say(words)
    assert (code, err) == (4, f"trackside: {damaged.value}\n")
    assert "agrees" not in out
    assert copy.log.read_bytes() == before
    assert not (copy.path.parent / "other").exists()


@pytest.mark.parametrize(("words", "code"), ASKED)
def test_a_torn_end_is_left_out_and_told(words: str, code: int, say: Say, copy: RunFolder) -> None:
    copy.seal.unlink()
    with copy.log.open("ab") as log:
        log.write(TORN)
    ended, _, err = say(words)
    assert ended == code, err
    notes = [line for line in err.splitlines() if line.startswith(f"trackside: {copy.log}: ")]
    assert len(notes) == 1, err
    assert f"{len(TORN)} bytes" in notes[0]
    assert "unfinished line" in notes[0]


def test_what_tells_of_all_runs_names_the_damaged_ones(say: Say, copy: RunFolder) -> None:
    damage(copy)
    code, out, _ = say("runs")
    assert (code, "baked  damaged" in out) == (4, True)
    code, out, _ = say("recover baked")
    assert (code, "is whole" in out) == (4, True)
