"""What several answers of the historian are made of; each answer stands beside its fold.

All are printed with `--json`: documented shapes, to which fields are only ever added.
"""

import msgspec

from events.conversation import Usage


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of model calls, as their providers counted them."""

    input: int
    """Of the prompts, cached ones included."""
    output: int
    cached: int
    thinking: int
    total: int
    """All that count against a budget: input, output and thinking."""


def tokens_of(usage: Usage) -> Tokens:
    """Return a usage as answers have it: every figure, zeros too."""
    return Tokens(
        input=usage.input,
        output=usage.output,
        cached=usage.cached,
        thinking=usage.thinking,
        total=usage.total,
    )
