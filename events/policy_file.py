"""The policy file: TOML with ``[[rule]]`` entries, checked whole.

A rule gives its verdict and any of the matchers of `events.policy.Rule`; where one of several words
may match, a single word can stand without brackets::

    [[rule]]
    verdict = "allow"
    tool = "run_command"
    argv = ["pytest", "-q", "*"]

    [[rule]]
    verdict = "ask"
    effect = ["write", "command"]
    expires_s = 3600
"""

from pathlib import PurePosixPath
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from events.documents import DocumentError, decode
from events.errors import PolicyInvalidError
from events.policy import Policy, Rule, Word
from events.reading import Named, Problems, read

MOST_RULES = 1000

_ONE_OR_MORE = frozenset({"kind", "tool", "effect", "path", "archetype", "ticket"})


def _rule_problem(rule: dict[str, Any]) -> str | None:
    if "argv" in rule and "command" in rule:
        return "argv and command are two ways to name a command; give one"
    if "expires_s" in rule and rule.get("verdict") != "ask":
        return "only a question expires; expires_s needs the verdict ask"
    if "on_expiry" in rule and "expires_s" not in rule:
        return "on_expiry needs expires_s"
    return None


class PolicyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A policy file, its single words in lists."""

    name: Word | None = None
    """Without it, the name of the file."""
    rule: Annotated[
        tuple[Annotated[Rule, _rule_problem], ...],
        Meta(min_length=1, max_length=MOST_RULES),
        Named("rule", "name"),
    ]


def parse_policy(data: bytes, source: str) -> Policy:
    """Return the policy that `data` describes.

    Raises:
        PolicyInvalidError: with all problems, each with its place.
    """
    problems = Problems()
    try:
        document = decode(data, "toml")
    except DocumentError as error:
        raise PolicyInvalidError(source, [str(error)]) from error
    rules = document.get("rule")
    if isinstance(rules, list):
        document["rule"] = [_listed(rule) for rule in rules]
    policy = read(document, PolicyFile, "", problems)
    if policy is None:
        raise PolicyInvalidError(source, list(problems))
    return Policy(policy.name or PurePosixPath(source).stem, policy.rule)


def _listed(rule: object) -> object:
    if not isinstance(rule, dict):
        return rule
    return {
        key: [value] if key in _ONE_OR_MORE and isinstance(value, str) else value
        for key, value in rule.items()
    }
