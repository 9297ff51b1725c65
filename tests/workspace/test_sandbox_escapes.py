"""Every attack is really tried at every level; what gets out is known, listed, and stated."""

import os
from collections.abc import Callable

import pytest

from tests.workspace.attacks import ATTACKS, NOT_UNCONFINED
from tests.workspace.levels import CONFINING, Level
from tests.workspace.siege import escapes
from workspace.confine import abi
from workspace.landlock import SCOPES_FROM_ABI

AS_ROOT = os.geteuid() == 0

WEAKNESSES: dict[Level, set[str]] = {
    "bwrap": {
        "make what steers a shell",
        *({"change the mode of a device"} if AS_ROOT else ()),
    },
    "landlock": {
        "make what steers a shell",
        "change what steers an editor",
        "move away what steers an editor",
        "change what steers git",
        "change the mode of a file",
        "change the times of a file",
        "learn that a file exists",
        "learn how another process was started",
        *({"change the mode of a device"} if AS_ROOT else ()),
        *({"end a process"} if abi() < SCOPES_FROM_ABI else ()),
    },
}
"""What gets out, as docs/sandbox.md says. When one of these no longer does, the page is wrong."""

Escaped = Callable[[Level], set[str]]


@pytest.fixture(scope="module")
def escaped(tmp_path_factory: pytest.TempPathFactory) -> Escaped:
    """Return a function that tells which attacks got out at a level; it tries them once."""
    known: dict[Level, set[str]] = {}

    def tell(level: Level) -> set[str]:
        if level not in known:
            known[level] = escapes(level, tmp_path_factory.mktemp(level))
        return known[level]

    return tell


def stated(level: Level, attack: str) -> pytest.MarkDecorator:
    weak = attack in WEAKNESSES[level]
    reason = "stated in docs/sandbox.md"
    return pytest.mark.xfail(weak, reason=reason, raises=AssertionError, strict=True)


@pytest.mark.parametrize(
    ("level", "attack"),
    [
        pytest.param(level, attack, marks=stated(level, attack))
        for level in CONFINING
        for attack in ATTACKS
    ],
)
def test_a_command_that_is_confined_cannot(escaped: Escaped, level: Level, attack: str) -> None:
    assert attack not in escaped(level)


@pytest.mark.parametrize("attack", sorted(ATTACKS.keys() - NOT_UNCONFINED))
def test_a_command_that_is_not_confined_can(escaped: Escaped, attack: str) -> None:
    assert attack in escaped("none")
