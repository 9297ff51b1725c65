"""The policy file: rules in, a policy out, and every problem with its place."""

import pytest

from events.errors import PolicyInvalidError
from events.policy import Policy, Rule
from events.policy_file import parse_policy

RULE = '[[rule]]\nverdict = "deny"\n'


def problems(text: str) -> list[str]:
    with pytest.raises(PolicyInvalidError) as refused:
        parse_policy(text.encode(), "careful.toml")
    return list(refused.value.problems)


def test_a_file_is_a_policy_in_order() -> None:
    text = """
        [[rule]]
        verdict = "allow"
        name = "tests"
        tool = "run_command"
        argv = ["pytest", "-q", "*"]
        archetype = ["clerk", "cook"]

        [[rule]]
        verdict = "ask"
        effect = ["write", "command"]
        path = "src/**"
        max_changed_lines = 20
        expires_s = 60
        on_expiry = "allow"
    """
    assert parse_policy(text.encode(), "rules/careful.toml") == Policy(
        "careful",
        (
            Rule(
                verdict="allow",
                name="tests",
                tool=("run_command",),
                argv=("pytest", "-q", "*"),
                archetype=("clerk", "cook"),
            ),
            Rule(
                verdict="ask",
                effect=("write", "command"),
                path=("src/**",),
                max_changed_lines=20,
                expires_s=60.0,
                on_expiry="allow",
            ),
        ),
    )


def test_a_file_can_name_itself() -> None:
    assert parse_policy(f'name = "mine"\n{RULE}'.encode(), "x.toml").name == "mine"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "there is nothing in it"),
        ("rule = ", "not TOML: Invalid value (end of document)"),
        ('name = "x"', 'missing key "rule"'),
        ("rule = []", "rule: expected a list of length >= 1"),
        ("rule = [3]", "rule 1: expected an object, got a whole number"),
        ("rule = 3", "rule: expected a list, got a whole number"),
        (f"rules = 1\n{RULE}", 'unknown key "rules" (did you mean "rule"?)'),
        ("[[rule]]", 'rule 1: missing key "verdict"'),
        ('[[rule]]\nverdict = "no"', 'rule 1.verdict: expected "allow", "deny" or "ask", got "no"'),
        (f'{RULE}paths = "x"', 'rule 1: unknown key "paths" (did you mean "path"?)'),
        (f'{RULE}kind = "tol"', 'rule 1.kind[0]: expected "spawn", "tool", "merge" or "in_doubt"'),
        (f"{RULE}kind = []", "rule 1.kind: expected a list of length >= 1"),
        (f"{RULE}tool = [1]", "rule 1.tool[0]: expected a string, got a whole number"),
        (f'{RULE}path = "/x"', 'rule 1.path[0]: "/x" matches nothing'),
        (f'{RULE}path = ["a/../b"]', 'rule 1.path[0]: "a/../b" matches nothing'),
        (f'{RULE}command = "("', 'rule 1.command: "(" is no regular expression: missing )'),
        (f'{RULE}command = "a{{99999999999}}"', "rule 1.command: "),
        (f'{RULE}command = "{"x" * 1001}"', "rule 1.command: expected a string of length <= 1000"),
        (f"{RULE}argv = []", "rule 1.argv: expected a list of length >= 1"),
        (f'{RULE}argv = ["*"]', 'rule 1.argv: the program itself cannot be "*"'),
        (f'{RULE}argv = ["x"]\ncommand = "x"', "rule 1: argv and command are two ways"),
        (f"{RULE}max_changed_lines = -1", "rule 1.max_changed_lines: expected a whole number >= 0"),
        (f"{RULE}expires_s = 3", "rule 1: only a question expires"),
        ('[[rule]]\nverdict = "ask"\nexpires_s = 0', "rule 1.expires_s: expected a number > 0"),
        ('[[rule]]\nverdict = "ask"\nexpires_s = nan', "rule 1.expires_s: expected a number that"),
        ('[[rule]]\nverdict = "ask"\non_expiry = "deny"', "rule 1: on_expiry needs expires_s"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, problem: str) -> None:
    (found,) = problems(text)
    assert found.startswith(problem)


def test_all_problems_come_at_once() -> None:
    assert problems('[[rule]]\nname = "tests"\nverdict = 1\ntool = 2\n[[rule]]\n') == [
        'rule 1 ("tests").verdict: expected a string, got a whole number',
        'rule 1 ("tests").tool: expected a list, got a whole number',
        'rule 2: missing key "verdict"',
    ]
