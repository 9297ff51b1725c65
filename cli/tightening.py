"""What a repository's own configuration may not do: loosen what its reader has chosen.

| key | a repository may |
|---|---|
| `sandbox.read_only`, `.writable`, `.env` | not set them: they give commands what is the user's |
| `sandbox.network` | take the network away |
| `sandbox.level` | ask for bwrap, the strictest |
| `policy` | make it stricter: auto, then ask, then deny; name no file of rules |
| `deliver` | make it less: apply, then branch, then none |
| `archetypes.NAME.trust` | make it stricter: auto, then step |
| `archetypes.NAME.tools` | take tools away from what the user allows, if the user lists any |

All else is the work itself (models, limits, prompts), and a repository may say how it is done.
"""

from collections.abc import Callable, Iterator, Mapping

from events.reading import quoted

Key = tuple[str, ...]
"""``("models", "qa")``; names of archetypes may hold dots, so keys are no texts."""

_Rule = Callable[[object, object], str | None]


def loosened(
    wanted: Mapping[Key, object], before: Mapping[Key, object]
) -> Iterator[tuple[Key, str]]:
    """Go through the keys of `wanted` that a repository may not set so, each with the reason.

    `before` holds what the user's own file and the defaults say.
    """
    for key, value in wanted.items():
        rule = _RULES.get(_general(key))
        reason = rule(value, before.get(key)) if rule else None
        if reason:
            yield key, f"{reason}; a repository may only tighten"


def _general(key: Key) -> Key:
    return ("archetypes", "*", *key[2:]) if key[0] == "archetypes" else key


def _never(_value: object, _before: object) -> str:
    return "is the user's alone"


def _off(value: object, before: object) -> str | None:
    return "the user has it off" if value is True and before is not True else None


def _level(value: object, before: object) -> str | None:
    """A machine without bubblewrap makes `auto` the looser or the stricter one; so neither."""
    if value in ("bwrap", before) or value not in _LEVELS:
        return None
    return f"only bwrap is stricter than {before}"


def _in_order(*loosest_first: str) -> _Rule:
    def rule(value: object, before: object) -> str | None:
        if value not in loosest_first:
            return None  # no value of this key at all, which is said elsewhere
        if before is None or loosest_first.index(str(value)) >= loosest_first.index(str(before)):
            return None
        return f"{quoted(str(value))} is looser than {quoted(str(before))}"

    return rule


def _policy(value: object, before: object) -> str | None:
    if not isinstance(value, str):
        return None  # likewise
    if before not in _POLICIES:
        return None if value == "deny" else f"only deny is stricter than {before}"
    if value not in _POLICIES:
        return f"{quoted(value)} is a file of rules, which only the user may choose"
    return _in_order(*_POLICIES)(value, before)


def _tools(value: object, before: object) -> str | None:
    allowed = before if isinstance(before, list | tuple) else ()
    wanted = value if isinstance(value, list | tuple) else ()
    if not allowed or (wanted and all(tool in allowed for tool in wanted)):
        return None
    return f"the user allows {', '.join(map(str, allowed))} only"


_POLICIES = ("auto", "ask", "deny")
_LEVELS = ("auto", "bwrap", "landlock", "none")

_RULES: dict[Key, _Rule] = {
    ("sandbox", "read_only"): _never,
    ("sandbox", "writable"): _never,
    ("sandbox", "env"): _never,
    ("sandbox", "network"): _off,
    ("sandbox", "level"): _level,
    ("policy",): _policy,
    ("deliver",): _in_order("apply", "branch", "none"),
    ("archetypes", "*", "trust"): _in_order("auto", "step"),
    ("archetypes", "*", "tools"): _tools,
}
