"""A policy on trial by the runs of the past."""

from collections import Counter

from events.policy import PRESETS, Policy, Rule
from replay.trial import Judged, trial
from store.run_folder import RunFolder
from tests.replay.recorded import archive_of


def tried(folder: RunFolder, policy: Policy) -> list[Judged]:
    return list(trial(archive_of(folder), policy))


def test_the_verdicts_of_their_time_are_those_on_record(answered: RunFolder) -> None:
    judged = tried(answered, PRESETS["auto"])
    verdicts = Counter((one.action.kind, one.was) for one in judged)
    assert verdicts["spawn", "ask"] == 1
    assert verdicts["merge", "ask"] == 1
    assert verdicts["tool", "deny"] == 1
    asked = {one.action.tool for one in judged if one.was == "ask" and one.action.kind == "tool"}
    assert asked == {"write_file", "run_command"}
    assert [one.position for one in judged] == sorted(one.position for one in judged)


def test_a_call_that_was_asked_about_is_judged_once(answered: RunFolder) -> None:
    judged = tried(answered, PRESETS["auto"])
    bold = [one for one in judged if one.attempt == "bold.1" and one.action.tool == "write_file"]
    assert [(one.was, one.would_be) for one in bold] == [("ask", "allow")]


def test_the_same_actions_are_judged_whatever_the_policy(answered: RunFolder) -> None:
    counts = {len(tried(answered, policy)) for policy in PRESETS.values()}
    assert len(counts) == 1


def test_a_policy_names_the_rule_by_which_it_decides(baked: RunFolder) -> None:
    policy = Policy("mine", (Rule(verdict="deny", effect=("write",), name="no writes"),))
    judged = tried(baked, policy)
    denied = [one for one in judged if one.would_be == "deny"]
    assert denied
    assert {one.rule for one in denied} == {"mine: no writes"}
    assert {one.rule for one in judged if one.would_be == "ask"} == {"mine: no rule"}
    assert {one.was for one in judged} == {"allow"}


def test_a_run_that_still_waits_can_be_tried(waiting: RunFolder) -> None:
    assert any(one.was == "ask" for one in tried(waiting, PRESETS["deny"]))
