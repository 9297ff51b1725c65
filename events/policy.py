"""What may happen without asking: ordered rules over actions, and the denials that no rule lifts.

An action meets, in this order:

1. The built-in denials: a path outside the worktree, in ``.git`` or ``.trackside``; a write to a
   file that tells a person's own tools what to run; a command too long to be judged.
2. The rules; the first that matches decides. A rule matches when all that it names matches.
3. Nothing matched: ask.
4. What an allowance cannot do: in step mode every write and command asks; a command that is not
   confined is allowed only by a rule that spells out its words (`Rule.argv`), else it asks.
5. An amendment: what asks by a rule that a person answered for the rest of the ticket is allowed.
"""

import hashlib
from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from events.action import Action, Effect, Kind
from events.ids import ApprovalId, Digest, TicketId
from events.paths import clean_path, path_problem
from events.policy_match import (
    argv_matches,
    argv_problem,
    glob_matches,
    glob_problem,
    name_matches,
    regex_matches,
    regex_problem,
)
from events.protected import protected_part

Verdict = Literal["allow", "deny", "ask"]

MAX_COMMAND_CHARS = 32_768
"""A longer command is denied: it should be a script, which a person can read as a file."""

LONGEST_PATTERN = 1000

Word = Annotated[str, Meta(min_length=1, max_length=LONGEST_PATTERN)]
Glob = Annotated[str, Meta(min_length=1, max_length=LONGEST_PATTERN), glob_problem]
Regex = Annotated[str, Meta(min_length=1, max_length=LONGEST_PATTERN), regex_problem]
Words = Annotated[tuple[Word, ...], Meta(min_length=1)]


class Rule(msgspec.Struct, gc=False, frozen=True, kw_only=True, omit_defaults=True):
    """One rule. A matcher that is left out matches everything; of several words one must match."""

    verdict: Verdict
    name: str = ""
    """What the record and the model are told; the rule's number if it has none."""
    reason: str = ""
    kind: Annotated[tuple[Kind, ...], Meta(min_length=1)] = ()
    tool: Words = ()
    """Names of tools; ``*`` and ``?`` as in file names. Likewise `archetype` and `ticket`."""
    effect: Annotated[tuple[Effect, ...], Meta(min_length=1)] = ()
    path: Annotated[tuple[Glob, ...], Meta(min_length=1)] = ()
    """Globs. `allow` needs every path of the action to match, `deny` and `ask` need one.

    A command says of no path that it touches it, so no rule with a path matches a command.
    """
    command: Regex = ""
    """Regular expression for the whole shell string."""
    argv: Annotated[Words, argv_problem] = ()
    """The exact words of a command without shell syntax; ``*`` is one word, and no option."""
    archetype: Words = ()
    ticket: Words = ()
    confined: bool | None = None
    max_changed_lines: Annotated[int, Meta(ge=0)] | None = None
    """Matches writes that add and remove at most so many lines, together."""
    expires_s: Annotated[float, Meta(gt=0)] | None = None
    """How long a question waits before `on_expiry` answers it; None: for ever."""
    on_expiry: Literal["deny", "allow"] = "deny"


class Policy(msgspec.Struct, gc=False, frozen=True, omit_defaults=True):
    """Rules in order, under a name."""

    name: str
    rules: tuple[Rule, ...]
    protected: tuple[str, ...] = ()
    """Paths in the worktree that no action writes: where the policy itself was read from."""

    @property
    def version(self) -> Digest:
        """Sha256 over all that it says, its name apart."""
        said = msgspec.json.encode((self.rules, self.protected), order="deterministic")
        return Digest(hashlib.sha256(said).hexdigest())


class Expiry(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a question is answered that nobody answers in time."""

    after_s: float
    """Seconds since it was asked."""
    verdict: Literal["deny", "allow"] = "deny"


class Judgement(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a policy says to one action, and which rule says it."""

    verdict: Verdict
    rule: str
    reason: str
    expiry: Expiry | None = None


class Amendment(msgspec.Struct, frozen=True, omit_defaults=True):
    """A person's yes for the rest of one ticket: to what the same rule asks about the same kind."""

    rule: str
    kind: Kind
    approval: ApprovalId
    by: str
    command: str = ""
    """The one command that it is good for, if that is not confined; empty: no such command."""

    def covers(self, action: Action, rule: str) -> bool:
        """Return whether it answers what `rule` asks about `action`."""
        if (rule, action.kind) != (self.rule, self.kind):
            return False
        unconfined = action.effect == "command" and not action.confined
        return action.command == self.command if unconfined else not self.command


def amendment_for(action: Action, rule: str, approval: ApprovalId, by: str) -> Amendment:
    """Return what approving `action` for the rest of its ticket allows."""
    unconfined = action.effect == "command" and not action.confined
    return Amendment(rule, action.kind, approval, by, action.command if unconfined else "")


_READS: tuple[Effect, ...] = ("none", "read")
_READ_ONLY = "this run may read and run to its end, but write nothing and run no command"

PRESETS = {
    "auto": Policy("auto", (
        Rule(verdict="allow", confined=True, name="confined"),
        Rule(verdict="ask", name="not confined"),
    )),
    "ask": Policy("ask", (
        Rule(verdict="allow", kind=("tool", "in_doubt"), effect=_READS, name="reads"),
        Rule(verdict="ask", name="effects"),
    )),
    "deny": Policy("deny", (
        Rule(verdict="allow", kind=("spawn", "merge"), name="steps of the run"),
        Rule(verdict="allow", effect=_READS, name="reads"),
        Rule(verdict="deny", name="effects", reason=_READ_ONLY),
    )),
}  # fmt: skip
"""`auto` allows what is confined and asks otherwise; `ask` asks for every effect, the start of a
worker and a merge included; `deny` lets workers start, read and hand over an unchanged tree."""


def judge(
    policy: Policy,
    action: Action,
    *,
    ticket: TicketId,
    archetype: str,
    step: bool,
    amendments: Sequence[Amendment] = (),
) -> Judgement:
    """Return what `policy` says to `action`, with the amendments of its ticket.

    With `step`, every write and command asks.
    """
    found = _judge(policy, action, ticket, archetype, step=step)
    if found.verdict != "ask":
        return found
    for amendment in amendments:
        if amendment.covers(action, found.rule):
            label = f"{found.rule}, by approval {amendment.approval}"
            return Judgement("allow", label, f"{amendment.by} allowed it for the whole ticket")
    return found


def _judge(
    policy: Policy, action: Action, ticket: TicketId, archetype: str, *, step: bool
) -> Judgement:
    denied = _built_in_denial(policy, action)
    if denied:
        return Judgement("deny", "built-in", denied)
    for number, rule in enumerate(policy.rules, start=1):
        if _matches(rule, action, ticket, archetype):
            label = f"{policy.name}: {rule.name or f'rule {number}'}"
            return _bounded(_judgement(rule, label), rule, action, step=step)
    return Judgement("ask", f"{policy.name}: no rule", "no rule of the policy is about it")


def _judgement(rule: Rule, label: str) -> Judgement:
    reason = rule.reason or f"by the rule {label}"
    expiry = None if rule.expires_s is None else Expiry(rule.expires_s, rule.on_expiry)
    return Judgement(rule.verdict, label, reason, expiry)


def _bounded(found: Judgement, rule: Rule, action: Action, *, step: bool) -> Judgement:
    if found.verdict != "allow":
        return found
    if step and _is_effect(action):
        return Judgement("ask", f"{found.rule}, in step mode", "in step mode every effect asks")
    if action.effect == "command" and not action.confined and not rule.argv:
        reason = "a command that is not confined is allowed by its exact words only"
        return Judgement("ask", f"{found.rule}, not confined", reason)
    return found


def _is_effect(action: Action) -> bool:
    return action.effect in {"write", "command"}


def _built_in_denial(policy: Policy, action: Action) -> str | None:
    if len(action.command) > MAX_COMMAND_CHARS:
        return f"a command may have {MAX_COMMAND_CHARS} characters; put it into a script"
    if action.effect == "write" and not action.confined:
        return "it writes outside the worktree"
    for path in action.paths:
        problem = path_problem(path) if path not in {"", "."} else None
        if problem:
            return f"{path} {problem}"
        if action.effect not in _READS and _is_protected(policy, path):
            return f"{path} is protected: it tells other tools what to run or to allow"
    return None


def _is_protected(policy: Policy, path: str) -> bool:
    cleaned = clean_path(path).casefold()
    ours = {clean_path(own).casefold() for own in policy.protected}
    return cleaned in ours or bool(protected_part(cleaned))


def _matches(rule: Rule, action: Action, ticket: TicketId, archetype: str) -> bool:
    return (
        (not rule.kind or action.kind in rule.kind)
        and (not rule.effect or action.effect in rule.effect)
        and (rule.confined is None or action.confined == rule.confined)
        and name_matches(rule.tool, action.tool)
        and name_matches(rule.archetype, archetype)
        and name_matches(rule.ticket, ticket)
        and (rule.max_changed_lines is None or _is_small(action, rule.max_changed_lines))
        and (not rule.path or _paths_match(rule, action))
        and (not rule.argv or argv_matches(rule.argv, action.command))
        and (not rule.command or _command_matches(rule.command, action.command))
    )


def _is_small(action: Action, lines: int) -> bool:
    return action.effect == "write" and action.changed_lines <= lines


def _paths_match(rule: Rule, action: Action) -> bool:
    hits = [any(glob_matches(glob, path) for glob in rule.path) for path in action.paths]
    return bool(hits) and (all(hits) if rule.verdict == "allow" else any(hits))


def _command_matches(pattern: str, command: str) -> bool:
    return bool(command) and regex_matches(pattern, command)
