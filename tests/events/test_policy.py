"""Who may do what without asking: presets, rules, and the denials that no rule lifts."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.action import Action
from events.ids import ApprovalId, TicketId
from events.policy import (
    MAX_COMMAND_CHARS,
    PRESETS,
    Amendment,
    Expiry,
    Judgement,
    Policy,
    Rule,
    judge,
)
from events.policy_match import argv_matches, glob_matches, plain_words

T1 = TicketId("T1")

READ = Action(kind="tool", tool="read_file", effect="read", paths=("src/till.py",))
WRITE = Action(
    kind="tool", tool="write_file", effect="write", paths=("src/till.py",), changed_lines=5
)
COMMAND = Action(kind="tool", tool="run_command", effect="command", command="pytest -q")
BARE = msgspec.structs.replace(COMMAND, confined=False)
FINISH = Action(kind="tool", tool="finish")
SPAWN = Action(kind="spawn")
MERGE = Action(kind="merge")
DOUBT = msgspec.structs.replace(BARE, kind="in_doubt")


def said(policy: Policy, action: Action, *, step: bool = False) -> Judgement:
    return judge(policy, action, ticket=T1, archetype="clerk", step=step)


def verdict(action: Action, *rules: Rule, step: bool = False) -> str:
    return said(Policy("test", rules), action, step=step).verdict


def changed(action: Action, **fields: Any) -> Action:  # noqa: ANN401 - any field
    return msgspec.structs.replace(action, **fields)


def allow(**matchers: Any) -> Rule:  # noqa: ANN401 - any field
    return Rule(verdict="allow", **matchers)


def deny(**matchers: Any) -> Rule:  # noqa: ANN401 - any field
    return Rule(verdict="deny", **matchers)


# --- presets ------------------------------------------------------------------------------------

PRESET_TABLE = {
    "auto": {
        "allow": [READ, WRITE, COMMAND, FINISH, SPAWN, MERGE],
        "ask": [BARE, DOUBT],
    },
    "ask": {
        "allow": [READ, FINISH],
        "ask": [WRITE, COMMAND, BARE, SPAWN, MERGE, DOUBT],
    },
    "deny": {
        "allow": [READ, FINISH, SPAWN, MERGE],
        "deny": [WRITE, COMMAND, BARE, DOUBT],
    },
}


@pytest.mark.parametrize(
    ("preset", "expected", "action"),
    [
        (preset, expected, action)
        for preset, table in PRESET_TABLE.items()
        for expected, actions in table.items()
        for action in actions
    ],
)
def test_a_preset_says_what_its_name_promises(preset: str, expected: str, action: Action) -> None:
    assert said(PRESETS[preset], action).verdict == expected


def test_a_read_only_run_tells_the_model_so() -> None:
    denied = said(PRESETS["deny"], WRITE)
    assert denied.rule == "deny: effects"
    assert denied.reason.startswith("this run may read")


@pytest.mark.parametrize("action", [SPAWN, MERGE])
def test_step_mode_is_about_what_tools_do_and_not_about_steps_of_the_run(action: Action) -> None:
    assert said(PRESETS["auto"], action, step=True).verdict == "allow"


@pytest.mark.parametrize("action", [WRITE, COMMAND])
def test_in_step_mode_every_effect_asks(action: Action) -> None:
    judgement = said(PRESETS["auto"], action, step=True)
    assert judgement == Judgement(
        "ask", "auto: confined, in step mode", "in step mode every effect asks"
    )


@pytest.mark.parametrize("action", [READ, FINISH])
def test_in_step_mode_reading_goes_on(action: Action) -> None:
    assert said(PRESETS["auto"], action, step=True).verdict == "allow"


def test_step_mode_lifts_no_denial() -> None:
    assert said(PRESETS["deny"], WRITE, step=True).verdict == "deny"


# --- denials that no rule lifts -----------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "../x", "/etc/passwd", "~/x", "a/../../x", ".git/config", "sub/.GIT/hooks/pre-commit",
        ".trackside/runs/x", "a\0b",
    ],
)  # fmt: skip
@pytest.mark.parametrize("action", [READ, WRITE, MERGE])
def test_no_rule_opens_what_is_outside_or_ours(path: str, action: Action) -> None:
    judgement = said(Policy("test", (allow(),)), changed(action, paths=("ok.py", path)))
    assert (judgement.verdict, judgement.rule) == ("deny", "built-in")


@pytest.mark.parametrize(
    "path", [".gitmodules", ".vscode/tasks.json", "sub/.ENVRC", "trackside.toml", "Care.toml"]
)
def test_no_rule_lets_anybody_write_what_tells_other_tools_what_to_run(path: str) -> None:
    policy = Policy("test", (allow(),), protected=("./care.toml",))
    assert said(policy, changed(WRITE, paths=(path,))).verdict == "deny"
    assert said(policy, changed(READ, paths=(path,))).verdict == "allow"


@pytest.mark.parametrize("path", ["", "."])
def test_the_worktree_itself_can_be_listed(path: str) -> None:
    assert said(PRESETS["auto"], changed(READ, paths=(path,))).verdict == "allow"


def test_no_rule_allows_a_write_outside_the_worktree() -> None:
    assert verdict(changed(WRITE, confined=False), allow()) == "deny"


def test_a_command_too_long_to_be_judged_is_denied() -> None:
    assert verdict(changed(COMMAND, command="x" * (MAX_COMMAND_CHARS + 1)), allow()) == "deny"


# --- rules --------------------------------------------------------------------------------------


def test_the_first_rule_that_matches_decides() -> None:
    assert verdict(WRITE, deny(tool=("write_file",)), allow()) == "deny"
    assert verdict(WRITE, allow(), deny(tool=("write_file",))) == "allow"


def test_what_no_rule_is_about_asks() -> None:
    assert said(Policy("test", ()), READ) == Judgement(
        "ask", "test: no rule", "no rule of the policy is about it"
    )


def test_a_rule_is_named_by_its_name_else_by_its_number() -> None:
    policy = Policy("test", (allow(kind=("spawn",)), deny(name="hands off", reason="not yours")))
    assert said(policy, SPAWN).rule == "test: rule 1"
    assert said(policy, SPAWN).reason == "by the rule test: rule 1"
    assert said(policy, WRITE) == Judgement("deny", "test: hands off", "not yours")


def test_an_expiry_comes_with_the_question() -> None:
    rule = Rule(verdict="ask", expires_s=60.0, on_expiry="allow")
    judgement = said(Policy("test", (rule,)), WRITE)
    assert judgement.expiry == Expiry(60.0, "allow")


MATCHERS: list[tuple[dict[str, Any], Action, bool]] = [
    ({"kind": ("tool", "merge")}, WRITE, True),
    ({"kind": ("merge",)}, WRITE, False),
    ({"effect": ("write",)}, WRITE, True),
    ({"effect": ("read",)}, WRITE, False),
    ({"tool": ("write_*",)}, WRITE, True),
    ({"tool": ("delete_file", "move_file")}, WRITE, False),
    ({"archetype": ("clerk",)}, WRITE, True),
    ({"archetype": ("cook",)}, WRITE, False),
    ({"ticket": ("T?",)}, WRITE, True),
    ({"ticket": ("T2",)}, WRITE, False),
    ({"confined": True}, COMMAND, True),
    ({"confined": True}, BARE, False),
    ({"max_changed_lines": 5}, WRITE, True),
    ({"max_changed_lines": 4}, WRITE, False),
    ({"max_changed_lines": 5}, COMMAND, False),
    ({"path": ("src/**",)}, WRITE, True),
    ({"path": ("docs/**", "src/*.py")}, WRITE, True),
    ({"path": ("docs/**",)}, WRITE, False),
    ({"path": ("**",)}, COMMAND, False),
    ({"command": "pytest( -q)?"}, COMMAND, True),
    ({"command": "pytest"}, COMMAND, False),
    ({"command": ".*"}, SPAWN, False),
    ({"argv": ("pytest", "-q")}, COMMAND, True),
    ({"argv": ("pytest",)}, COMMAND, False),
    ({"argv": ("pytest",)}, SPAWN, False),
    ({"kind": ("tool",), "effect": ("write",), "path": ("docs/**",)}, WRITE, False),
]


@pytest.mark.parametrize(("matchers", "action", "matches"), MATCHERS)
def test_a_rule_matches_when_all_that_it_names_matches(
    matchers: dict[str, Any], action: Action, matches: bool
) -> None:
    assert verdict(action, allow(**matchers)) == ("allow" if matches else "ask")


def test_an_allowance_needs_all_paths_and_a_denial_needs_one() -> None:
    move = changed(WRITE, tool="move_file", paths=("src/a.py", "docs/a.py"))
    assert verdict(move, allow(path=("src/**",))) == "ask"
    assert verdict(move, allow(path=("src/**", "docs/**"))) == "allow"
    assert verdict(move, deny(path=("docs/**",)), allow()) == "deny"


def test_an_unconfined_command_is_allowed_by_its_exact_words_only() -> None:
    assert verdict(BARE, allow(argv=("pytest", "-q"))) == "allow"
    judgement = said(Policy("test", (allow(command="pytest.*"),)), BARE)
    assert (judgement.verdict, judgement.rule) == ("ask", "test: rule 1, not confined")


def test_a_denied_unconfined_command_stays_denied() -> None:
    assert verdict(BARE, deny(command="pytest.*")) == "deny"


def test_an_amendment_answers_what_its_own_rule_asks_about_its_own_kind() -> None:
    amendment = Amendment("test: rule 1", "tool", ApprovalId("T1.1.c1"), "ann")
    one_command = msgspec.structs.replace(amendment, command="pytest")
    assert amendment.covers(WRITE, "test: rule 1")
    assert not amendment.covers(WRITE, "test: rule 2")
    assert not amendment.covers(Action(kind="merge"), "test: rule 1")
    assert not amendment.covers(changed(BARE, command="pytest"), "test: rule 1")
    assert one_command.covers(changed(BARE, command="pytest"), "test: rule 1")
    assert not one_command.covers(changed(BARE, command="pytest -q"), "test: rule 1")
    assert not one_command.covers(WRITE, "test: rule 1")


def test_the_version_of_a_policy_follows_what_it_says() -> None:
    one, other = Policy("a", (allow(),)), Policy("b", (allow(),))
    assert one.version == other.version
    assert one.version != Policy("a", (deny(),)).version
    assert one.version != msgspec.structs.replace(one, protected=("x",)).version


@pytest.mark.parametrize("preset", PRESETS)
def test_a_policy_makes_the_trip_to_the_record_and_back(preset: str) -> None:
    policy = PRESETS[preset]
    assert msgspec.json.decode(msgspec.json.encode(policy), type=Policy) == policy


# --- commands -----------------------------------------------------------------------------------

PLAIN = ["pytest -q", "pytest  -q", "pytest '-q'", 'pytest "-q"', "pytest -q "]
SHELL = [
    "pytest -q; ls", "pytest -q && ls", "pytest -q | tee x", "pytest -q > x", "pytest -q\nls",
    "pytest $X", "pytest `ls`", "pytest $(ls)", "pytest -q &", "pytest -*", "pytest -[q]",
    "pytest {-q,-x}", "pytest ~", "pytest -q # x", "pytest \\-q", "! pytest", "(pytest -q)",
    "pytest '-q", "pytest -q\0", "pytest <x", "pytest -q\r", "PATH=. pytest -q", "./pytest -q",
    "pytest -q -p evil", "pytest", "",
]  # fmt: skip


@pytest.mark.parametrize("command", PLAIN)
def test_the_exact_words_match_however_they_are_quoted(command: str) -> None:
    assert argv_matches(("pytest", "-q"), command)


@pytest.mark.parametrize("command", SHELL)
def test_anything_a_shell_would_read_otherwise_does_not_match(command: str) -> None:
    assert not argv_matches(("pytest", "-q"), command)


@pytest.mark.parametrize(
    ("word", "matches"),
    [
        ("tests/test_till.py", True), ("till", True), ("-p", False), ("/etc/passwd", False),
        ("../x", False), ("''", False), (".git/config", False), ("a b", False),
    ],
)  # fmt: skip
def test_a_star_stands_for_one_word_that_stays_inside(word: str, matches: bool) -> None:
    assert argv_matches(("pytest", "*"), f"pytest {word}") == matches


@given(st.text(alphabet="ab-/'\" ;$&|", max_size=12))
def test_plain_words_are_what_a_shell_without_syntax_would_see(command: str) -> None:
    words = plain_words(command)
    if words is not None:
        assert not set(command) & set(";$&|")
        assert "".join(words).replace(" ", "") == "".join(
            char for char in command if char not in "'\" "
        ) or any(quote in command for quote in "'\"")


# --- globs --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("glob", "path", "matches"),
    [
        ("till.py", "till.py", True),
        ("till.py", "src/till.py", False),
        ("*.py", "till.py", True),
        ("*.py", "src/till.py", False),
        ("src/*", "src/till.py", True),
        ("src/*", "src", False),
        ("src/*", "src/a/b", False),
        ("src/**", "src/a/b", True),
        ("src/**", "src", True),
        ("**", "a", True),
        ("**/till.py", "till.py", True),
        ("**/till.py", "a/b/till.py", True),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a/**/b", "a/x/y/c", False),
        ("a/**/b/**/c", "a/b/b/x/c", True),
        ("?.py", "a.py", True),
        ("?.py", "ab.py", False),
        ("[ab].py", "b.py", True),
        ("src/*.py", "./src//a.py", True),
        ("SRC/*", "src/a", False),
    ],
)
def test_a_glob_is_about_the_whole_path(glob: str, path: str, matches: bool) -> None:
    assert glob_matches(glob, path) == matches


def test_a_hostile_path_does_not_keep_a_glob_busy() -> None:
    assert not glob_matches("**/" * 60 + "*a*a*a*a*b", "a/" * 1000 + "a" * 200)
