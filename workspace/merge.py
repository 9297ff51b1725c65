"""Three trees in, one tree or the conflict out; no worktree, no configuration of the user's."""

import re
from dataclasses import dataclass

from events.ids import CommitId, TreeId
from workspace.git import printable, text_of
from workspace.tree import Repository

_FILE = re.compile(r"^diff --git ", re.MULTILINE)
_NOISE_OF_BINARY = ("similarity index ", " ", "@@ ")
_NOISE = (*_NOISE_OF_BINARY, "index ")
"""How lines of a diff begin that say nothing of a change itself; only its index tells binaries."""


@dataclass(frozen=True, slots=True)
class Merged:
    """Both sides went together."""

    tree: TreeId


@dataclass(frozen=True, slots=True)
class Conflicted:
    """The sides contradict each other; there is no merged tree."""

    paths: tuple[str, ...]
    """Where, in git's order; valid Unicode."""
    detail: str
    """What git says about them, a line each; valid Unicode."""


def merge(
    repository: Repository,
    base: CommitId | TreeId,
    ours: CommitId | TreeId,
    theirs: CommitId | TreeId,
) -> Merged | Conflicted:
    """Return what comes of applying the change from `base` to `theirs` onto `ours`.

    Only the three trees count, no history; the same trees give the same answer.

    Raises:
        TreeMissingError: one of them is not there.
    """
    before, mine, other = repository.trees_of(base, ours, theirs)
    if other in (before, mine):
        return Merged(mine)
    if before == mine:
        return Merged(other)
    # merge-tree looks for the base in history, so it gets one of its own making.
    root = repository.commit(before, [], "base", 0)
    left = repository.commit(mine, [root], "ours", 0)
    right = repository.commit(other, [root], "theirs", 0)
    code, said = repository.git.ask(
        *("merge-tree", "--write-tree", "-z", "--name-only", "--messages"),
        *("--end-of-options", left, right),
    )
    tree, _, rest = text_of(said).partition("\0")
    if code == 0:
        return Merged(TreeId(tree))
    return _conflict(rest.replace(left, "ours").replace(right, "theirs"))


def altered(
    repository: Repository, shown: tuple[TreeId, TreeId], lands: tuple[TreeId, TreeId]
) -> tuple[str, ...]:
    """Return the files whose changes differ between two diffs, each given by the trees around it.

    What counts are the lines added and removed and the kind of change, not where in a file they
    stand and what stands around them.
    """
    before, after = (_changes(diff) for diff in repository.diffs([shown, lands]))
    differ = (head for head in {**before, **after} if before.get(head) != after.get(head))
    return tuple(sorted(head.rpartition(" b/")[2] for head in differ))


def _changes(diff: str) -> dict[str, list[str]]:
    """Return the lines of a diff that say what changes, by the head of each file."""
    found: dict[str, list[str]] = {}
    for section in _FILE.split(diff)[1:]:
        head, _, rest = section.partition("\n")
        lines = rest.split("\n")
        is_text = any(line.startswith("@@ ") for line in lines)
        noise = _NOISE if is_text else _NOISE_OF_BINARY
        found[head] = [line for line in lines if line and not line.startswith(noise)]
    return found


def _conflict(said: str) -> Conflicted:
    """Read paths up to an empty one, then messages: a count, so many paths, a kind, the words."""
    listed, _, messages = said.partition("\0\0")
    fields = iter(messages.split("\0"))
    lines = []
    while count := next(fields, ""):
        *_, kind, words = (next(fields) for _ in range(int(count) + 2))
        if kind.startswith("CONFLICT"):
            lines.append(printable(words.strip()))
    paths = tuple(dict.fromkeys(printable(path) for path in listed.split("\0")))
    return Conflicted(paths, "\n".join(lines))
