"""What waits for people, listed and followed; and what other policies would have said."""

import json
import re
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from cli.answers import ANSWERS
from cli.request_answers import PolicyTrial, Requests
from cli.request_text import expiry_words, preview_lines, request_lines
from events.action import Action
from events.approval import Question
from events.ids import ApprovalId, CallId
from events.policy import Expiry
from events.policy_file import parse_policy
from events.settings import Settings
from tests.histories import ASK_TOOLS, ATTEMPT, T1, shell, ticket, write
from tests.stories import Story

Told = tuple[int, str, str]
Trackside = Callable[..., Told]

BAD_INPUT = 2


@pytest.fixture
def asking(story: Story) -> Story:
    """A run whose first ticket waits for a word on a command."""
    story.begin(ticket("T1"), ticket("T2"), policy=ASK_TOOLS)
    story.work("T1.1", policy=ASK_TOOLS)
    story.work("T2.1", policy=ASK_TOOLS)
    story.wait("T1.1", shell("rm -r build"))
    return story


def test_what_waits_is_listed_with_the_commands_to_answer(
    asking: Story, trackside: Trackside
) -> None:
    code, out, err = trackside("approvals")
    assert (code, err) == (0, "")
    assert out.startswith("T1.1.c1  run_command: rm -r build\n  run        r1\n")
    assert "  archetype  unassigned\n" in out
    assert "  risk       medium: " in out
    assert "  trackside approve r1 T1.1.c1\n" in out


def test_of_many_that_wait_only_the_first_are_named(story: Story, trackside: Trackside) -> None:
    names = [f"T{number}" for number in range(1, 6)]
    story.begin(*map(ticket, names), policy=ASK_TOOLS, settings=Settings(workers=5))
    for name in names:
        story.work(f"{name}.1", policy=ASK_TOOLS)
        story.wait(f"{name}.1", shell("rm -r build"))
    _, held, _ = trackside("approvals")
    assert held.endswith("  trackside approvals r1\n  trackside log r1 --follow\n")
    story.log.close()
    _, out, _ = trackside("approvals")
    assert [line for line in out.splitlines() if line.startswith("  trackside ")] == [
        "  trackside approve r1 T1.1.c1",
        "  trackside approve r1 T2.1.c1",
        "  trackside approve r1 T3.1.c1",
        "  trackside approvals r1",
        "  trackside resume r1",
    ]


def test_a_reason_that_is_too_long_is_refused_and_not_cut(
    asking: Story, trackside: Trackside
) -> None:
    code, _, err = trackside("reject", "r1", "T1.1.c1", "--reason", "x" * 2001)
    assert code == 2
    assert "--reason: a reason has 2,001 characters; the most is 2,000" in err


def test_nothing_waits(story: Story, trackside: Trackside) -> None:
    story.begin(ticket("T1"))
    assert trackside("approvals")[1] == "nothing waits for approval\n"
    assert trackside("approvals", "r1")[1] == "nothing waits for approval\n"


def test_the_json_of_what_waits_has_all_of_it(asking: Story, trackside: Trackside) -> None:
    _, out, _ = trackside("approvals", "--json")
    answer = msgspec.json.decode(out, type=Requests)
    (run,) = answer.runs
    (request,) = run.requests
    assert (run.run, run.position) == ("r1", asking.view.world.position)
    assert (request.approval, request.kind, request.risk) == ("T1.1.c1", "tool", "medium")
    assert request.action.command == "rm -r build"
    assert trackside("approvals", "r1", "--json")[1] == out


def test_a_run_that_cannot_be_read_does_not_hide_the_others(
    asking: Story, trackside: Trackside, shop: Path
) -> None:
    broken = shop / ".trackside" / "runs" / "broken"
    broken.mkdir()
    (broken / "events.jsonl").write_text("nonsense\n")
    assert "T1.1.c1" in trackside("approvals")[1]
    assert trackside("approvals", "broken")[0] == 4


def test_requests_are_followed_until_nobody_works_on_the_run(
    asking: Story, trackside: Trackside
) -> None:
    def work() -> None:
        asking.wait("T2.1", shell("make deploy"))
        asking.log.close()

    thread = threading.Thread(target=work)
    thread.start()
    code, out, err = trackside("approvals", "--follow", "--json")
    thread.join()
    assert code == 0
    asked = [json.loads(line)["approval"] for line in out.splitlines()]
    assert asked == ["T1.1.c1", "T2.1.c1"]
    assert "no process works on run r1" in err


def test_requests_are_followed_in_words(asking: Story, trackside: Trackside) -> None:
    asking.log.close()
    _, out, _ = trackside("approvals", "r1", "--follow")
    assert out.startswith("T1.1.c1  run_command: rm -r build\n")


# ------------------------------------------------------------------------------- the request


def question(action: Action, expiry: Expiry | None = None) -> Question:
    return Question(
        approval=ApprovalId("T1.1.c1"),
        ticket=T1,
        attempt=ATTEMPT,
        action=action,
        call=CallId("c1"),
        expiry=expiry,
        rule="ask: effects",
    )


def test_a_request_names_all_that_a_person_needs() -> None:
    lines = list(request_lines("r1", question(write()), "--- a/x\n+new\n"))
    assert lines == [
        "T1.1.c1  write_file till.py",
        "  run        r1",
        "  ticket     T1",
        "  attempt    T1.1",
        "  kind       tool: write_file",
        "  archetype  unassigned",
        "  risk       medium: changes files, or runs confined; all of it can be taken back",
        "  rule       ask: effects",
        "--- a/x",
        "+new",
    ]


@pytest.mark.parametrize(
    ("action", "risk"),
    [
        (Action(kind="spawn"), "low"),
        (Action(kind="merge"), "medium"),
        (shell(confined=False), "high"),
        (msgspec.structs.replace(shell(), kind="in_doubt"), "high"),
    ],
)
def test_a_request_says_how_bad_it_can_be(action: Action, risk: str) -> None:
    assert any(f"risk       {risk}: " in line for line in request_lines("r1", question(action), ""))


def test_only_diffs_are_coloured() -> None:
    diff = "@@ -1 +1 @@\n-old\n+new\n same"
    coloured = list(request_lines("r1", question(write()), diff, colour=True))[-4:]
    assert coloured == [
        "\x1b[36m@@ -1 +1 @@\x1b[0m",
        "\x1b[31m-old\x1b[0m",
        "\x1b[32m+new\x1b[0m",
        " same",
    ]
    plain = list(request_lines("r1", question(shell()), diff, colour=True))
    assert not any("\x1b" in line for line in plain)


def test_what_is_cut_is_counted() -> None:
    lines = list(preview_lines("é\n" * 5, 2, colour=False))
    assert lines == ["é", "é", "... 3 lines of 5 (8 bytes) not shown"]
    (long,) = preview_lines("x" * 600, 1, colour=False)
    assert long == "x" * 500 + " (+100 characters)"
    assert list(preview_lines("x" * 600, None, colour=False)) == ["x" * 600]


def test_a_command_is_never_cut() -> None:
    preview = "command: " + "x" * 5000 + "\n y" * 100
    lines = list(request_lines("r1", question(shell()), preview, most_lines=40))
    assert "\n".join(lines).endswith(preview)


def test_letters_that_look_like_others_are_spelled_out() -> None:
    action = write(paths=("\u0430pp.py",))
    lines = list(request_lines("r1", question(action), ""))
    assert lines[0] == f"T1.1.c1  write_file {action.paths[0]}"
    assert "  spelled    write_file \\u0430pp.py" in lines
    assert not any("spelled" in line for line in request_lines("r1", question(write()), ""))


def test_an_expiry_is_said_with_its_verdict() -> None:
    assert expiry_words(question(write()), None) == ""
    soon = question(write(), Expiry(3600.0, "allow"))
    assert expiry_words(soon, 1234.4) == "in 1,234 s, then it is approved"
    assert expiry_words(soon, 0.0) == "now, then it is approved"
    assert expiry_words(question(write(), Expiry(60.0)), None) == "in 60 s, then it is rejected"


# -------------------------------------------------------------------------------- the policy


def test_another_policy_is_tried_on_past_runs(asking: Story, trackside: Trackside) -> None:
    code, out, _ = trackside("policy", "test", "r1", "--policy", "deny")
    assert code == 0
    assert out.splitlines() == [
        "policy deny on 3 actions of 1 run: 1 judged otherwise",
        "kind   then   now    actions",
        "spawn  allow  allow  2",
        "tool   ask    deny   1",
        "tool: ask then, deny now, first of 1:",
        f"  r1  {position_of(asking)}  T1.1  run_command: rm -r build  by deny: effects",
    ]


def position_of(story: Story) -> int:
    return next(
        recorded.position
        for recorded in story.log.read()
        if type(recorded.event).__name__ == "ToolGated"
    )


def test_the_json_of_a_trial_has_counts_and_examples(asking: Story, trackside: Trackside) -> None:
    _, out, _ = trackside("policy", "test", "--policy", "auto", "--json")
    trial = msgspec.json.decode(out, type=PolicyTrial)
    assert (trial.actions, trial.changed) == (3, 1)
    (changed,) = [row for row in trial.rows if row.was != row.would_be]
    assert (changed.was, changed.would_be, changed.count) == ("ask", "allow", 1)
    assert changed.examples[0].rule == "auto: confined"


def test_a_policy_that_is_none_is_refused(asking: Story, trackside: Trackside) -> None:
    code, _, err = trackside("policy", "test", "r1", "--policy", "nonsense")
    assert code == BAD_INPUT
    assert "neither a preset" in err


def test_every_answer_of_these_commands_is_documented() -> None:
    ours = {"approvals", "approve", "reject", "pause", "cancel", "unblock", "retry", "skip"}
    assert ours | {"budget", "policy"} <= set(ANSWERS)


def test_the_policy_in_the_manual_is_one() -> None:
    page = Path(__file__).parents[2].joinpath("docs", "approvals.md").read_text()
    (example,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    policy = parse_policy(example.encode(), "manual.toml")
    assert [rule.verdict for rule in policy.rules] == ["deny", "allow", "allow", "ask"]


def test_its_help_says_that_without_a_name_all_runs_are_meant(
    trackside: Callable[..., tuple[int, str, str]],
) -> None:
    out = " ".join(trackside("approvals", "--help")[1].split())
    assert "(default: all runs; with --follow the latest)" in out
