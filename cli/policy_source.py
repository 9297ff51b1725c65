"""The policy that a setting names: a preset, or a file of rules."""

import os
from pathlib import Path

import msgspec

from cli.inputs import read_input
from cli.places import from_home, plain_path
from events.errors import PolicyInvalidError
from events.policy import PRESETS, Policy
from events.policy_file import parse_policy


def load_policy(named: str, repository: Path) -> Policy:
    """Return the preset, or the policy in the file, that `named` says.

    A file that lies in the repository is protected from being written by the policy it holds.

    Raises:
        PolicyInvalidError: the file has problems, or `named` is neither preset nor file.
        InputUnreadableError: the file cannot be read.
    """
    if named in PRESETS:
        return PRESETS[named]
    path = Path(from_home(named))
    if not os.path.exists(path):  # noqa: PTH110 - pathlib raises for a name that is too long
        problem = f"is neither a preset ({', '.join(PRESETS)}) nor a file that is there"
        raise PolicyInvalidError(named, [problem])
    policy = parse_policy(read_input(path), named)
    real, root = path.resolve(), repository.resolve()
    if not real.is_relative_to(root):
        return policy
    return msgspec.structs.replace(policy, protected=(real.relative_to(root).as_posix(),))


def placed_policy(named: str) -> str:
    """Return the name of a policy as it goes on record: a file by its absolute path."""
    return named if named in PRESETS else plain_path(from_home(named))
