"""Diffs as git makes them, without secrets: also of keys of which they show only the middle."""

import re
from collections.abc import Iterator

from events.ids import CommitId, TreeId
from events.secret_patterns import Redact, secrets_of
from workspace.encoding import decoded
from workspace.objects import SUBMODULE, Objects, differing
from workspace.tree import Repository

_KEY_LINE = re.compile("[0-9A-Za-z+/]{60}")
_LONG = 16
"""Characters; what is shorter is not looked for alone, as it may stand anywhere."""


def shown_diff(
    repository: Repository, before: TreeId | CommitId, after: TreeId | CommitId, redact: Redact
) -> str:
    """Return the unified diff of two trees for people, with placeholders; raises as its parts."""
    diff = repository.diff(before, after)
    return hidden_in(diff, repository, before, after, redact)


def hidden_in(
    diff: str,
    repository: Repository,
    before: TreeId | CommitId,
    after: TreeId | CommitId,
    redact: Redact,
) -> str:
    """Return the `diff` of two trees with placeholders for the secrets of their files.

    A diff shows lines of a key without its beginning and end, so the whole files are asked, if
    there are lines in it that may be such.
    """
    diff = redact(diff)
    if not _KEY_LINE.search(diff):
        return diff
    trees = repository.trees_of(before, after)
    with repository.objects() as objects:
        for secret, placeholder in _secrets(objects, *trees):
            diff = diff.replace(secret, placeholder)
    return diff


def _secrets(objects: Objects, before: str, after: str) -> Iterator[tuple[str, str]]:
    for pair in differing(objects, before, objects, after):
        for member in (pair.before, pair.after):
            if member is None or member.mode == SUBMODULE:
                continue
            text, _ = decoded(pair.path, objects.blob(member.object))
            for placeholder, secrets in secrets_of(text).items():
                yield from ((one, placeholder) for one in secrets if len(one) >= _LONG)
