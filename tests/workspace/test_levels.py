"""The strongest sandbox that works is found by trying."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from events.settings import SandboxSettings
from tests.workspace.levels import level_for, level_here
from workspace import levels
from workspace.bubblewrap import Bubblewrap
from workspace.errors import SandboxPathError, SandboxUnavailableError
from workspace.landlock import Landlock
from workspace.levels import choose
from workspace.sandbox import NO_SANDBOX

HERE = Path(__file__).parents[2]
PLAIN = SandboxSettings()

FakeBwrap = Callable[[str], dict[str, str]]


@pytest.fixture
def fake_bwrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeBwrap:
    """Return a function that makes a shell script the only bwrap, and gives its environment."""
    monkeypatch.setattr(levels, "_SYSTEM_FOLDERS", str(tmp_path / "system"))

    def make(script: str) -> dict[str, str]:
        program = tmp_path / "fake" / "bwrap"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return {"PATH": f"{program.parent}:/usr/bin:/bin", "HOME": str(tmp_path)}

    return make


def test_the_strongest_level_is_chosen() -> None:
    level_here("bwrap")
    found = choose("auto", PLAIN, [])
    assert isinstance(found, Bubblewrap)
    assert (found.level, found.confines, found.wraps, found.not_stronger) == (
        "bwrap", True, True, "",
    )  # fmt: skip
    assert found.program == Path("/usr/bin/bwrap")


def test_each_level_says_what_it_is_worth() -> None:
    bwrap, landlock = level_here("bwrap"), level_here("landlock")
    assert "there is no network" in bwrap.description
    assert ("nor is the number of processes" in bwrap.description) == (os.geteuid() == 0)
    assert "Weaker than bwrap" in landlock.description
    assert not landlock.wraps
    online = SandboxSettings(network=True)
    assert "the network can be used" in level_here("bwrap", online).description
    assert "They can use the network" in level_here("landlock", online).description


def test_without_bwrap_landlock_is_next_and_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    level_here("landlock")
    monkeypatch.setattr(levels, "_SYSTEM_FOLDERS", str(tmp_path))
    found = choose("auto", PLAIN, [], {"PATH": str(tmp_path), "HOME": str(tmp_path)})
    assert isinstance(found, Landlock)
    assert found.not_stronger == (
        "sandbox bwrap: bwrap is not here; install the package bubblewrap"
    )


def test_without_both_nothing_is_confined_and_it_says_so(
    fake_bwrap: FakeBwrap, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = fake_bwrap("echo 'bwrap: no namespaces' >&2; exit 1")
    monkeypatch.setattr(levels, "abi", lambda: 2)  # an older kernel
    found = choose("auto", PLAIN, [], environment)
    assert (found.level, found.confines) == ("none", False)
    assert "sandbox bwrap: it does not work here: bwrap: no namespaces" in found.not_stronger
    assert "sandbox landlock: it needs Landlock 3 (Linux 6.2)" in found.not_stronger


def test_none_is_had_by_its_name() -> None:
    assert choose("none", SandboxSettings(writable=("nonsense",)), []) is NO_SANDBOX


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exit 3", "it does not work here: it confines nothing"),
        ("echo 'bwrap: setting up uid map: denied' >&2; exit 1", "uid map: denied"),
        ('while [ "$1" != -- ]; do shift; done; shift; exec "$@"', "it confines nothing"),
        ("exec sleep 1000", "timed out after 0.2 seconds"),
    ],
)
def test_a_bwrap_that_does_not_confine_is_none(
    fake_bwrap: FakeBwrap, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    environment = fake_bwrap(script)
    if "sleep" in script:
        monkeypatch.setattr(levels, "PROBE_S", 0.2)
    with pytest.raises(SandboxUnavailableError, match=reason) as refused:
        choose("bwrap", PLAIN, [], environment)
    assert str(refused.value).endswith("see docs/sandbox.md")


def test_a_level_that_is_asked_for_is_never_lowered(
    fake_bwrap: FakeBwrap, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = fake_bwrap("exit 1")
    monkeypatch.setattr(levels, "abi", lambda: 0)  # a kernel without Landlock
    with pytest.raises(SandboxUnavailableError, match="sandbox bwrap"):
        choose("bwrap", PLAIN, [], environment)
    with pytest.raises(SandboxUnavailableError, match="offers 0; install the package bubblewrap"):
        choose("landlock", PLAIN, [], environment)


def test_on_another_machine_landlock_has_no_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    level_here("landlock")
    monkeypatch.setattr(levels, "MACHINES", {})
    with pytest.raises(SandboxUnavailableError, match="its filter is written for"):
        choose("landlock", PLAIN, [])


def test_where_namespaces_are_forbidden_trying_finds_out(tmp_path: Path) -> None:
    # A sandbox forbids them to what runs in it, as containers do.
    sandbox = level_here("bwrap", SandboxSettings(read_only=(str(HERE), sys.prefix)))
    (tmp_path / "tree").mkdir()
    (tmp_path / "home").mkdir()
    script = (
        "from events.settings import SandboxSettings; from workspace.levels import choose;"
        "found = choose('auto', SandboxSettings(), []); print(found.level, found.not_stronger)"
    )
    command = f'PYTHONPATH={HERE} {sys.executable} -P -c "{script}"'
    result = subprocess.run(
        sandbox.argv(command, tmp_path / "tree", tmp_path / "home"),
        env={"PATH": os.defpath, "HOME": str(tmp_path / "home")},
        capture_output=True,
        check=False,
    )
    assert not result.stdout.startswith(b"bwrap")
    assert b"sandbox bwrap: it does not work here: bwrap: " in result.stdout, result


def test_what_is_hidden_stays_hidden_in_a_place_that_is_read(tmp_path: Path) -> None:
    repository = tmp_path / "shared" / "work"
    for folder in ("bin", "lib"):
        (repository / folder).mkdir(parents=True)
    environment = {"PATH": f"{repository}/bin:/usr/bin", "HOME": str(tmp_path / "home")}
    settings = SandboxSettings(read_only=(str(tmp_path / "shared"),))
    found = level_for("bwrap", settings, [repository], environment)
    assert isinstance(found, Bubblewrap)
    assert found.places.access(tmp_path / "shared") == "read"
    assert found.places.access(repository / "secret") == "hidden"
    assert found.places.access(repository / "bin/rails") == "read"


def test_the_home_can_be_written_with_a_tilde(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    environment = {"PATH": "/usr/bin", "HOME": str(tmp_path)}
    found = level_for("bwrap", SandboxSettings(read_only=("~/data",)), [], environment)
    assert isinstance(found, Bubblewrap)
    assert found.places.access(tmp_path / "data") == "read"
    assert found.places.access(tmp_path) == "hidden"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (SandboxSettings(read_only=("x/y",)), r"^sandbox.read_only: 'x/y' is not absolute$"),
        (SandboxSettings(writable=("/no/such",)), r"^sandbox.writable: '/no/such' is not there$"),
        (SandboxSettings(writable=("~/no/such",)), r"^sandbox.writable: '~/no/such' is not there"),
    ],
)
def test_a_path_that_cannot_be_given_is_an_error(settings: SandboxSettings, words: str) -> None:
    with pytest.raises(SandboxPathError, match=words):
        choose("auto", settings, [])


def test_a_profile_tells_apart_what_commands_may_do(tmp_path: Path) -> None:
    more = SandboxSettings(read_only=(str(tmp_path),))
    online = SandboxSettings(network=True)
    profiles = [NO_SANDBOX.profile]
    for level in ("bwrap", "landlock"):
        for settings in (PLAIN, more, online):
            profiles.append(choose(level, settings, []).profile)
            assert choose(level, settings, []).profile == profiles[-1]
    assert len(set(profiles)) == len(profiles)
