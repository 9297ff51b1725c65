"""What a run keeps beside its log is verified with it: payloads, trees, the seal."""

import shutil
from pathlib import Path

import pytest

from events import (
    attempt_events,
)
from replay.timeline import frame_at
from store.errors import DamageError, SealBrokenError
from store.run_folder import RunFolder
from tests.git_repo import files_of
from tests.replay.recorded import Json, archive_of, copy_of, forge
from tests.replay.verdicts import first_of, verdict_on
from workspace.errors import RepositoryMissingError


@pytest.fixture
def copy(baked: RunFolder, tmp_path: Path) -> RunFolder:
    return copy_of(baked, tmp_path)


def test_an_edit_that_does_not_lead_to_its_tree_is_noticed(copy: RunFolder) -> None:
    trees = [
        one.event.tree
        for one in archive_of(copy).records()
        if isinstance(one.event, attempt_events.ToolFinished)
    ]
    other = trees[-1]

    def change(record: Json) -> None:
        event, cause = record["event"], record["cause"] or {}
        if cause.get("call") == "c4" and event["type"] == "attempt.tool_finished":
            event["tree"] = cause["tree"] = other

    forge(copy, change)
    divergence = first_of(copy)
    assert (divergence.kind, divergence.got) == ("edit", other)
    assert len(divergence.expected) == len(other)


def blobs_of(folder: RunFolder) -> list[Path]:
    return [path for path in folder.blobs.rglob("*") if path.is_file()]


def test_a_payload_that_was_changed_or_lost_is_named_with_the_record_that_names_it(
    copy: RunFolder,
) -> None:
    blob = blobs_of(copy)[0]
    data = blob.read_bytes()
    blob.write_bytes(data[:-1] + b"?")
    changed = first_of(copy)
    assert changed.kind == "payload"
    assert "its bytes have another hash" in changed.got
    blob.unlink()
    lost = first_of(copy)
    assert lost.position == changed.position
    assert "is missing" in lost.got


def test_a_lost_tree_is_named_with_the_first_record_that_names_it(copy: RunFolder) -> None:
    named = next(
        one
        for one in archive_of(copy).records()
        if isinstance(one.event, attempt_events.ToolFinished) and not _is_base(one.event.tree, copy)
    )
    tree = named.event.tree  # type: ignore[attr-defined]
    loose = copy.git / "objects" / tree[:2] / tree[2:]
    loose.unlink()
    divergence = first_of(copy)
    assert (divergence.kind, divergence.position) == ("tree", named.position)
    assert f"object {tree} is missing" in divergence.got


def _is_base(tree: str, folder: RunFolder) -> bool:
    return not (folder.git / "objects" / tree[:2] / tree[2:]).exists()


def test_a_file_of_a_tree_with_other_bytes_is_noticed(copy: RunFolder) -> None:
    repository = archive_of(copy).repository(copy.path.parents[2])
    last = frame_at(archive_of(copy)).world.run.tree
    made = next(one for one in files_of(repository, last) if one.path == "app/new/made.py")
    other = repository.git.line("hash-object", "-w", "--stdin", stdin=b"MADE = 2\n")
    objects = copy.git / "objects"
    loose = objects / made.blob[:2] / made.blob[2:]
    loose.chmod(0o600)
    loose.write_bytes((objects / other[:2] / other[2:]).read_bytes())
    divergence = first_of(copy)
    assert divergence.kind == "tree"
    assert f"object {made.blob} is damaged" in divergence.got


def test_a_run_without_its_trees_cannot_be_verified(copy: RunFolder) -> None:
    shutil.rmtree(copy.git)
    with pytest.raises(RepositoryMissingError, match="the run has no git repository"):
        verdict_on(copy)


def test_a_cut_end_of_an_ended_run_is_damage(copy: RunFolder) -> None:
    lines = copy.log.read_bytes().split(b"\n")
    copy.log.write_bytes(b"\n".join(lines[:-2]) + b"\n")
    with pytest.raises(SealBrokenError, match="it lacks 1 record at its end"):
        verdict_on(copy)


def test_a_run_that_was_never_sealed_is_said_to_be_so(copy: RunFolder) -> None:
    copy.seal.unlink()
    verdict = verdict_on(copy)
    assert verdict.code == "verified"
    assert "its end was never sealed" in verdict.unknown[-1]
    lines = copy.log.read_bytes().split(b"\n")
    copy.log.write_bytes(b"\n".join(lines[:30]) + b"\n")
    assert "it has not ended" in verdict_on(copy).unknown[-1]


def test_damage_in_the_log_is_no_divergence_but_an_error(copy: RunFolder) -> None:
    data = bytearray(copy.log.read_bytes())
    data[len(data) // 2] ^= 1
    copy.log.write_bytes(data)
    with pytest.raises(DamageError):
        verdict_on(copy)
