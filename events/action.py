"""A tool call as the gate sees it, and what came of it when it ran."""

from typing import Literal

import msgspec

from events.ids import Digest
from events.payload import Text

Effect = Literal["none", "read", "write", "command"]
"""What a tool can do to the world; reads and none need no intent on record."""

IN_SUBMODULE = " (in a submodule)"
"""What is behind a path in `Outcome.undone` that is a submodule, or in one."""

Kind = Literal["spawn", "tool", "merge", "in_doubt"]


class Action(msgspec.Struct, frozen=True, omit_defaults=True):
    """One action, validated and resolved: what a policy judges and an approval is bound to."""

    kind: Kind
    tool: str = ""
    effect: Effect = "none"
    paths: tuple[str, ...] = ()
    """POSIX paths inside the worktree that the action reads or changes."""
    command: str = ""
    """The shell string, whole."""
    digest: Digest = Digest("")
    """sha256 over all that an approval is bound to.

    Of a tool call: the tool, its arguments, the version of the policy, the bytes of the files it
    would change, and for a command its `Surroundings`. Of a spawn: both prompts. Of a merge: the
    tree.
    """
    changed_lines: int = 0
    """Lines that the edit adds and removes, together."""
    confined: bool = True
    """Whether its effects cannot leave the worktree."""


class Surroundings(msgspec.Struct, frozen=True):
    """Where a command would run: all that an approval of it is bound to beside its words."""

    environment: tuple[str, ...]
    """Names of the variables that it gets to see."""
    digest: Digest
    """sha256 over those, its sandbox and the tree of the worktree."""


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one run of a tool, check or setup command did."""

    ok: bool
    text: Text = ""
    """What the model reads: capped, with a note of what was cut. Empty if QA speaks instead."""
    output: Text = ""
    """The whole output (head and tail beyond the cap on disk), for `read_output` and people."""
    exit_code: int | None = None
    signal: int | None = None
    timed_out: bool = False
    duration_s: float = 0.0
    output_bytes: int = 0
    """True length of the output, whatever was kept."""
    command: str = ""
    """The command that ran, for QA; empty for file tools."""
    failing: bool = False
    """True if QA must read it first: a failed command, or a Python file left broken."""
    source: Text = ""
    """Of a failure: the lines around the place that it names, for QA."""
    fingerprint: Digest = Digest("")
    """Of a failure: equal for the same failure, whatever paths, times and numbers it names."""
    finding: str = ""
    """For a broken Python file: ``path:line``, else empty."""
    undone: tuple[str, ...] = ()
    """Protected paths that the command had made, changed or deleted: they are as they were before.

    Those that end in `IN_SUBMODULE` are so for that reason.
    Of many, the first, and a word how many more.
    """

    @property
    def undone_note(self) -> str:
        """What a worker reads of it, if anything was undone."""
        put_back = f"[put back as it was: {', '.join(self.undone)}."
        if any(name.endswith(IN_SUBMODULE) for name in self.undone):
            return (
                f"{put_back} No command may make, change or delete what steers other programs,"
                " or what is in a submodule, which is another repository]"
            )
        return f"{put_back} It steers other programs, and no command may make, change or delete it]"


Risk = Literal["low", "medium", "high"]

RISKS: dict[Risk, str] = {
    "low": "changes nothing",
    "medium": "changes files, or runs confined; all of it can be taken back",
    "high": "can reach beyond the worktree, or may have happened already",
}
"""How bad the worst is that an action can do."""


def risk_of(action: Action) -> Risk:
    """Return the class of risk of an action.

    >>> risk_of(Action(kind="tool", tool="run_command", effect="command", confined=False))
    'high'
    """
    if action.kind == "in_doubt" or not action.confined:
        return "high"
    if action.kind == "merge" or action.effect in {"write", "command"}:
        return "medium"
    return "low"
