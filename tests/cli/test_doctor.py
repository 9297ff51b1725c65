"""What `doctor` says of the machine and of the configuration in force."""

import json
import os
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import msgspec
import pytest

from cli.answers import Diagnosis, Finding
from tests.cli.conftest import Told

Trackside = Callable[..., Told]


@pytest.fixture(autouse=True)
def calm_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*os.environ]:
        if name.startswith("TRACKSIDE_") or name in {"GEMINI_API_KEY", "GOOGLE_API_KEY"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def diagnosis(trackside: Trackside, *words: str) -> tuple[int, Diagnosis, dict[str, Finding]]:
    code, out, _ = trackside("doctor", "--json", *words)
    found = msgspec.json.decode(out, type=Diagnosis)
    return code, found, {finding.subject: finding for finding in found.findings}


def test_where_all_is_well_the_versions_are_listed(trackside: Trackside) -> None:
    code, found, findings = diagnosis(trackside)
    assert (code, found.code) == (0, "well")
    assert findings["git"].value.startswith("git version ")
    assert findings["msgspec"].value == metadata.version("msgspec")
    level = findings["sandbox"].value.partition(":")[0]
    assert level in {"bwrap", "landlock", "none"}


def test_each_setting_says_where_it_comes_from(
    shop: Path, trackside: Trackside, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shop / "trackside.toml").write_text("[limits]\nturns = 7\n")
    monkeypatch.setenv("TRACKSIDE_WORKERS", "2")
    monkeypatch.setenv("TRACKSIDE_WORKRES", "3")
    code, found, findings = diagnosis(trackside)
    settings = {setting.key: (setting.value, setting.origin) for setting in found.settings}
    assert code == 0
    assert settings["limits.turns"] == (7, "trackside.toml")
    assert settings["workers"] == (2, "TRACKSIDE_WORKERS")
    assert settings["deliver"] == ("branch", "default")
    assert findings["environment"].value == "TRACKSIDE_WORKRES"


def test_what_an_archetype_leaves_out_is_the_default(shop: Path, trackside: Trackside) -> None:
    (shop / "trackside.toml").write_text('[archetypes.dev]\nprompt = "Be kind."\n')
    code, found, _ = diagnosis(trackside)
    settings = {setting.key: (setting.value, setting.origin) for setting in found.settings}
    assert code == 0
    assert settings["archetypes.dev.prompt"] == ("Be kind.", "trackside.toml")
    assert settings["archetypes.dev.model"] == (None, "default")
    assert "archetypes" not in settings


def test_wrong_settings_are_essential(shop: Path, trackside: Trackside) -> None:
    (shop / "trackside.toml").write_text("wrokers = 7\n")
    code, found, findings = diagnosis(trackside)
    assert (code, found.code) == (2, "ill")
    assert "wrokers" in findings["settings"].problem


def test_a_key_is_told_of_and_never_shown(
    trackside: Trackside, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert diagnosis(trackside)[2]["key to Gemini"].value == "absent"
    monkeypatch.setenv("GEMINI_API_KEY", "s3cr3t-canary")
    for words in (["doctor"], ["doctor", "--json"]):
        _, out, _ = trackside(*words)
        assert "present in GEMINI_API_KEY" in out
        assert "s3cr3t-canary" not in out


def test_without_git_nothing_can_run(
    trackside: Trackside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    code, _, findings = diagnosis(trackside)
    assert code == 2
    assert "install git" in findings["git"].problem


def test_a_missing_package_is_essential(
    trackside: Trackside, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = metadata.version

    def without_pykka(name: str) -> str:
        if name == "pykka":
            raise metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(metadata, "version", without_pykka)
    code, _, findings = diagnosis(trackside)
    assert code == 2
    assert findings["pykka"].problem == "not installed; install trackside again"


def test_outside_of_a_repository_the_rest_is_told(trackside: Trackside, tmp_path: Path) -> None:
    code, found, findings = diagnosis(trackside, "--repo", str(tmp_path))
    assert code == 0
    assert "no git repository" in findings["run folders"].problem
    assert found.settings


def test_a_folder_that_is_a_file_cannot_hold_worktrees(
    trackside: Trackside, tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("")
    code, _, findings = diagnosis(trackside)
    assert code == 2
    assert findings["worktrees"].problem.endswith("is not a folder")


def test_a_folder_that_cannot_be_written_is_named(
    trackside: Trackside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc")
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    _, _, findings = diagnosis(trackside)
    assert findings["worktrees"].problem == "/proc cannot be written"


def test_the_text_has_a_line_for_each_finding_and_setting(trackside: Trackside) -> None:
    code, out, _ = trackside("doctor")
    assert code == 0
    assert "note  key to Gemini" in out
    assert json.dumps("auto") in out
