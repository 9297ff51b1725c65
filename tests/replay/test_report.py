"""The page of a run, as a value: tables that agree with the rules at every position."""

import base64
import hashlib
import html as html_module
import json
import re
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.report import means
from events.ids import AttemptId
from events.state_digest import state_digest
from events.world import World, evolve
from replay.archive import Archive
from replay.reports.axis import axis_of
from replay.reports.graph import layout
from replay.reports.html import embedded, html_of
from replay.reports.page import Report, report_of
from replay.reports.pool import MOST_CHARS, Pool, packed
from store.run_folder import RunFolder
from tests.replay.recorded import archive_of


@pytest.fixture(scope="module")
def report(answered: RunFolder) -> Report:
    return report_of(archive_of(answered), answered.path.parents[2], means())


@pytest.fixture(scope="module")
def archive(answered: RunFolder) -> Archive:  # instead of the room's: this run has questions too
    return archive_of(answered)


def texts_of(report: Report) -> list[str]:
    return [text for chunk in report.chunks for text in chunk]


def replayed(report: Report) -> list[dict[str, Any]]:
    """Return what the page makes of the deltas: the state after each position."""
    state: dict[str, Any] = {"tickets": {}, "attempts": {}, "standing": "", "open": 0, "tokens": 0}
    states = []
    for deltas in report.page.events.deltas:
        for kind, *facts in deltas:
            match kind, facts:
                case "t", [ticket, name]:
                    state["tickets"][ticket] = report.page.states[name]
                case "a", [attempt, doing]:
                    state["attempts"][attempt] = report.page.activities[doing]
                case "r", [standing]:
                    state["standing"] = standing
                case "q", [change]:
                    state["open"] += change
                case "u", [_, _, _, given, _, output, thinking, _]:
                    state["tokens"] += given + output + thinking
        states.append(json.loads(json.dumps(state)))
    return states


def test_at_every_position_the_page_shows_the_state_that_the_rules_make(
    report: Report, archive: Archive
) -> None:
    world = World()
    for recorded, shown in zip(archive.records(), replayed(report), strict=True):
        world = evolve(world, recorded.stream, recorded.event, recorded.position)
        run = world.run
        assert shown["standing"] in {run.standing, ""}
        if run.track is not None:
            assert list(shown["tickets"].values()) == [ticket.status for ticket in run.track]
        assert shown["open"] == sum(one.is_open for one in world.approvals.values())
        for number, doing in shown["attempts"].items():
            name = AttemptId(report.page.attempts[int(number)].id)
            ended = world.attempt(name).stage == "over" or name not in run.active
            assert (doing == "over") == ended
    assert shown["tokens"] == world.usage.total + sum(
        hint.given.usage.total for hint in world.of_kind("hint").values() if hint.given
    )
    assert report.page.run.digest == state_digest(world)
    assert (report.page.run.sum, report.page.run.position) == (archive.sum, archive.last)


def test_every_cause_stands_before_its_effect(report: Report) -> None:
    causes = report.page.events.cause
    assert all(cause < position for position, cause in enumerate(causes, start=1))
    assert sum(map(bool, causes)) > len(causes) // 2
    types = [report.page.types[kind] for kind in report.page.events.type]
    replied = [place for place, name in enumerate(types) if name == "attempt.replied"]
    assert {types[causes[place] - 1] for place in replied} == {"attempt.call_begun"}


def test_the_axis_goes_forward_and_never_stands_for_long(report: Report) -> None:
    x = report.page.events.x
    assert x == sorted(x)
    assert len(x) == report.page.run.position


def test_every_detail_is_a_list_of_blocks_that_the_page_can_draw(report: Report) -> None:
    texts, kinds = texts_of(report), set()
    for row in report.page.events.details:
        for kind, *rest in json.loads(texts[row]):
            kinds.add(kind)
            if kind in {"prose", "code", "diff"}:
                assert 0 <= rest[1] < len(texts)
            if kind == "prompt":
                assert report.page.attempts[rest[1]].turns
    assert kinds == {"facts", "prose", "code", "diff", "call", "prompt"}


def test_prompts_replies_diffs_hints_and_approvals_are_there(report: Report) -> None:
    texts = texts_of(report)
    for words in (
        "You are a worker of trackside",
        "+++ b/bold.txt",
        "not today",
        "as they like it\n",
        "run_command",
    ):
        assert any(words in text for text in texts), words


def test_a_run_whose_trees_are_gone_is_shown_without_diffs(
    archive: Archive, tmp_path: Path
) -> None:
    report = report_of(archive, tmp_path, means())
    assert "so there are no diffs" in report.page.run.note


def test_ten_thousand_events_make_a_page_of_a_few_megabytes(long_run: RunFolder) -> None:
    report = report_of(archive_of(long_run), long_run.path, means())
    assert report.page.run.position > 10_000
    assert len(html_of(report).encode()) < 4_000_000


# ---------------------------------------------------------------------------------- the file


def test_the_file_is_whole_in_itself(report: Report) -> None:
    page = html_of(report)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    assert html_module.unescape(policy[1]).startswith("default-src 'none'; script-src 'sha256-")
    assert not re.search(r"""(?:src|href)=["'](?!#)""", page)
    assert not re.search(r"url\((?!#)", page)
    assert "@import" not in page


def test_the_policy_names_the_very_script_and_style(report: Report) -> None:
    page = html_of(report)
    for tag in ("script", "style"):
        bodies = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert len(bodies) == 1
        digest = base64.b64encode(hashlib.sha256(bodies[0].encode()).digest()).decode()
        assert f"sha256-{digest}" in html_module.unescape(page)


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_data_reads_back_and_can_end_no_element(value: object) -> None:
    text = embedded(value)
    assert json.loads(text) == json.loads(json.dumps(value))
    assert not set("<>&\u2028\u2029") & set(text)


@given(st.lists(st.text()))
def test_a_packed_chunk_reads_back_as_it_was(texts: list[str]) -> None:
    text = packed(texts)
    assert re.fullmatch(r"[A-Za-z0-9+/=]*", text)
    read = json.loads(zlib.decompress(base64.b64decode(text)))
    assert read == [one.encode("utf-8", "replace").decode() for one in texts]


def test_a_text_is_kept_once_and_cut_with_a_word() -> None:
    pool = Pool()
    first = pool.add("the same")
    assert pool.add("the same") == first
    long = pool.add("x" * (MOST_CHARS + 1234))
    later = pool.reserve()
    pool.fill(later, "a diff")
    texts = [text for chunk in pool.chunks() for text in chunk]
    assert texts[long].endswith("\n[1,234 more characters kept in the run]")
    assert (texts[0], texts[later]) == ("", "a diff")
    assert [len(chunk) for chunk in pool.chunks()] == [2, 1, 1]


# ----------------------------------------------------------------------------- graph and axis

DAGS = st.integers(0, 30).flatmap(
    lambda size: st.tuples(
        *(
            st.sets(st.integers(0, max(0, node - 1)), max_size=4 if node else 0)
            for node in range(size)
        )
    )
)


@given(DAGS)
def test_tickets_stand_behind_what_they_need_and_never_on_each_other(
    needs: tuple[set[int], ...],
) -> None:
    graph = [sorted(those) for those in needs]
    places = layout(graph)
    taken = [*places.nodes, *(bend for those in places.bends for line in those for bend in line)]
    assert len(set(taken)) == len(taken)
    for node, those in enumerate(graph):
        for other, line in zip(those, places.bends[node], strict=True):
            layers = [
                places.nodes[other].layer,
                *(bend.layer for bend in line),
                places.nodes[node].layer,
            ]
            assert layers == list(range(layers[0], layers[-1] + 1))


def test_a_graph_with_very_many_long_lines_is_drawn_with_straight_ones() -> None:
    chain = [[node - 1] if node else [] for node in range(60)]
    chain.append(list(range(60)))
    places = layout(chain)
    assert all(not line for those in places.bends for line in those)
    assert places.nodes[-1].layer == 60


MOMENTS = st.lists(st.tuples(st.integers(-10_000, 10_000_000), st.booleans()), max_size=40)


@given(MOMENTS)
def test_an_axis_never_goes_back_and_cuts_only_silences(rows: list[tuple[int, bool]]) -> None:
    moments, idle = [at for at, _ in rows], [silent for _, silent in rows]
    axis = axis_of(moments, idle)
    assert len(axis.x) == len(moments)
    assert axis.x == sorted(axis.x)
    for index, length in axis.silences:
        assert idle[index]
        assert axis.x[index] - axis.x[index - 1] < length
