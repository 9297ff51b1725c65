"""The policy that a setting names: a preset, or a file of rules."""

from pathlib import Path

import pytest

from cli.errors import InputUnreadableError
from cli.policy_source import load_policy
from events.errors import PolicyInvalidError
from events.policy import PRESETS

RULES = '[[rule]]\nverdict = "ask"\n'


def test_a_preset_is_no_file(shop: Path) -> None:
    assert load_policy("ask", shop) is PRESETS["ask"]


def test_a_policy_file_is_read(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "careful.toml").write_text(RULES)
    policy = load_policy(str(tmp_path / "careful.toml"), shop)
    assert (policy.name, policy.protected) == ("careful", ())


def test_a_policy_file_in_the_repository_protects_itself(shop: Path) -> None:
    (shop / "ci").mkdir()
    (shop / "ci" / "careful.toml").write_text(RULES)
    assert load_policy(str(shop / "ci" / "careful.toml"), shop).protected == ("ci/careful.toml",)


@pytest.mark.parametrize("name", ["atuo", "~nobody-of-that-name/p.toml", "p" * 300])
def test_a_name_that_is_neither_preset_nor_file_is_refused(shop: Path, name: str) -> None:
    with pytest.raises(PolicyInvalidError, match=r": is neither a preset \(auto, ask, deny\)"):
        load_policy(name, shop)


def test_a_policy_that_is_a_folder_is_refused(shop: Path) -> None:
    with pytest.raises(InputUnreadableError, match="is a folder"):
        load_policy(str(shop), shop)
