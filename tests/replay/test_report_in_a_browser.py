"""The page of a run in a real browser: it draws, scrubs, searches, and obeys nobody else."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.report import means
from replay.reports.html import html_of
from replay.reports.page import report_of
from replay.timeline import frame_at
from store.run_folder import RunFolder
from tests.browser import Page, browser
from tests.replay.recorded import (
    Json,
    archive_of,
    call,
    copy_of,
    finish,
    forge,
    play,
    position_of,
    turn,
)

EVIL = (
    "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
)
TURNED = "safe\u202egnp.exe"
SHIFT = 8

TRACK = {
    "id": "evil",
    "title": f"A title {EVIL}",
    "description": f"The goal {EVIL} {TURNED}",
    "tickets": [
        {"id": "T1", "description": f"Write {EVIL}"},
        {"id": "T2", "depends_on": ["T1"], "description": f"{TURNED} and more"},
    ],
}
PLAYBOOK = {
    "tickets": {
        "T1": [[
            turn(f"I say {EVIL}",
                 call("write_file", path="evil.html", content=f"{EVIL}\n{TURNED}\n"),
                 call("run_command", command=f"echo '{EVIL.replace(chr(39), '')}'")),
            finish(EVIL),
        ]],
        "T2": [[turn(f"needle {TURNED}"), finish()]],
    },
}  # fmt: skip


def made(folder: RunFolder, home: Path) -> Path:
    report = report_of(archive_of(folder), folder.path.parents[2], means())
    file = home / "report.html"
    file.write_text(html_of(report), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture(scope="module")
def baked_page(baked: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(baked, tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def evil_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("evil")
    return made(play(home, "evil", track=TRACK, playbook=PLAYBOOK), home)


@pytest.fixture(scope="module")
def timed_page(baked: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of a run that took 4.01 seconds: a mark of its axis stands at its end."""
    home = tmp_path_factory.mktemp("timed")
    copy = copy_of(baked, home)
    begun = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)
    last = sum(1 for _ in archive_of(copy).records())

    def change(record: Json) -> None:
        at = begun + timedelta(seconds=4.01) * (record["position"] - 1) / (last - 1)
        record["at"] = f"{at:%Y-%m-%dT%H:%M:%S.%fZ}"

    forge(copy, change)
    return made(copy, home)


@pytest.fixture
def quiet(page: Page) -> Iterator[Page]:
    """Give the page, and see to it that nothing is complained of and nothing leaves."""
    page.complaints.clear()
    page.requests.clear()
    yield page
    assert page.complaints == []
    assert {url for url in page.requests if not url.startswith("file:")} == set()


def scrub(page: Page, position: int) -> None:
    page.eval(f"""(() => {{
        const slider = document.querySelector("#player input");
        slider.value = {position};
        slider.dispatchEvent(new Event("input"));
    }})()""")
    page.wait_for(f"document.documentElement.dataset.position === '{position}'")


def tickets(page: Page) -> dict[str, str]:
    """Return the state of each ticket as its box has it."""
    found: str = page.eval("""JSON.stringify(Object.fromEntries(
        [...document.querySelectorAll(".box")].map((box) => [
            box.querySelector("b").textContent,
            [...box.classList].find((one) => one.startsWith("state-")).slice(6)])))""")
    return dict(json.loads(found))


def inspector(page: Page, words: str) -> str:
    """Return the text of the inspector, once it holds `words`."""
    page.wait_for(f"document.getElementById('inspector').innerText.includes({json.dumps(words)})")
    return str(page.eval("document.getElementById('inspector').innerText"))


def test_the_page_draws_the_plan_the_timeline_the_use_and_the_events(
    quiet: Page, baked_page: Path, baked: RunFolder
) -> None:
    quiet.open(baked_page)
    world = frame_at(archive_of(baked)).world
    assert tickets(quiet) == {ticket.id: ticket.status for ticket in world.run.plan}
    count: dict[str, Any] = quiet.eval("""({
        pieces: document.querySelectorAll("#timeline .piece").length,
        edges: document.querySelectorAll("#plan .edge").length,
        bars: document.querySelectorAll("#use .use-row").length,
        rows: document.querySelectorAll("#events .event").length})""")
    assert count["edges"] == sum(len(ticket.depends_on) for ticket in world.run.plan)
    assert count["pieces"] > len(world.attempts)
    assert count["bars"] >= 2
    assert count["rows"] >= 10


def test_the_slider_shows_the_state_at_any_position(
    quiet: Page, baked_page: Path, baked: RunFolder
) -> None:
    quiet.open(baked_page)
    archive = archive_of(baked)
    last = frame_at(archive).world.position
    for position in (3, last // 3, last // 2, 5, last - 1):  # forwards and backwards
        scrub(quiet, position)
        world = frame_at(archive, position).world
        assert tickets(quiet) == {ticket.id: ticket.status for ticket in world.run.plan}
        assert f"{position} / {last}" in quiet.eval("document.querySelector('.where').textContent")


def test_the_search_finds_words_in_prompts_outputs_and_diffs(
    quiet: Page, baked_page: Path, baked: RunFolder
) -> None:
    quiet.open(baked_page)
    for words in ("no luck", "MADE = 1", "You are a worker"):
        quiet.press("/")
        quiet.eval(f"""(() => {{
            const box = document.querySelector("input[type=search]");
            box.value = {json.dumps(words)};
            box.dispatchEvent(new Event("input"));
        }})()""")
        quiet.wait_for("/^[1-9].* match/.test(document.getElementById('events-sub').textContent)")
        found = quiet.eval("document.querySelector('.hits').textContent")
        assert quiet.eval("document.getElementById('events-sub').textContent").startswith(found)
        quiet.press("Enter")
        quiet.press("Escape")
        quiet.wait_for("!/match/.test(document.getElementById('events-sub').textContent)")
        assert quiet.eval("document.querySelector('.hits').textContent") == ""


def test_keys_lead_through_the_run_and_along_its_causes(
    quiet: Page, baked_page: Path, baked: RunFolder
) -> None:
    quiet.open(baked_page)

    def position() -> int:
        return int(quiet.eval("document.documentElement.dataset.position"))

    last = position()
    quiet.press("Home")
    assert position() == 1
    quiet.press("ArrowRight")
    assert position() == 2
    quiet.press("End")
    quiet.press("ArrowLeft")
    assert position() == last - 1
    quiet.press("ArrowLeft", modifiers=SHIFT)
    assert position() < last - 1
    blocked = position_of(baked, "ticket.blocked", ticket="stuck")
    scrub(quiet, blocked)
    quiet.press("c")
    assert position() < blocked
    quiet.press(" ")
    quiet.wait_for("document.querySelector('.tool.main').getAttribute('aria-label') === 'Pause'")
    quiet.press(" ")
    quiet.press("?")
    assert quiet.eval("document.getElementById('help').open")
    quiet.eval("document.getElementById('help').close()")
    quiet.press("t")
    assert quiet.eval("document.documentElement.dataset.theme") == "dark"


def test_a_turn_shows_its_prompt_its_reply_and_what_it_changed(
    quiet: Page, baked_page: Path, baked: RunFolder
) -> None:
    quiet.open(baked_page)
    asked = position_of(baked, "attempt.call_begun", "attempt/base.1", turn=2)
    scrub(quiet, asked)
    inspector(quiet, f"Event {asked}")
    quiet.eval("document.querySelectorAll('#inspector details').forEach((one) => one.open = true)")
    prompt = inspector(quiet, "You are a worker of trackside")
    assert "trackside" in prompt
    changed = position_of(baked, "attempt.tool_finished", "attempt/base.1", call="c5")
    scrub(quiet, changed)
    assert "app/new/made.py" in inspector(quiet, "+MADE = 1")


def test_a_ticket_can_be_looked_at_from_its_box(quiet: Page, baked_page: Path) -> None:
    quiet.open(baked_page)
    quiet.eval("document.querySelector('.box:last-of-type').click()")
    told = inspector(quiet, "Waits for the one that waits.")
    assert "needs" in told
    quiet.press("Escape")
    inspector(quiet, "What came of the tickets")


def test_words_of_the_run_are_text_and_never_run(quiet: Page, evil_page: Path) -> None:
    quiet.open(evil_page)
    last = int(quiet.eval("document.documentElement.dataset.position"))
    for position in range(1, last + 1):
        scrub(quiet, position)
        inspector(quiet, f"Event {position}")
        quiet.eval(
            "document.querySelectorAll('#inspector details').forEach((one) => one.open = true)"
        )
        quiet.settle()
    assert "owned" not in quiet.eval("document.title").removeprefix("evil: A title ").replace(
        EVIL, ""
    )
    assert quiet.eval("document.querySelectorAll('img, iframe, object, embed').length") == 0
    assert quiet.eval("document.querySelectorAll('script:not([type])').length") == 1
    assert EVIL in quiet.eval("document.querySelector('h1').textContent")


def test_marks_that_turn_words_around_are_spelled_out(quiet: Page, evil_page: Path) -> None:
    quiet.open(evil_page)
    assert "\u202e" not in quiet.eval("document.body.innerText")
    assert "safe\\u202egnp.exe" in inspector(quiet, "The goal")


@pytest.mark.parametrize("dark", [False, True])
def test_the_page_fits_a_narrow_screen_in_light_and_dark(
    quiet: Page, baked_page: Path, dark: bool
) -> None:
    quiet.open(baked_page, width=380, height=800, dark=dark)
    assert quiet.eval("document.documentElement.scrollWidth") == 380
    back = quiet.eval("getComputedStyle(document.documentElement).backgroundColor")
    assert (sum(map(int, back.strip("rgb()").split(","))) < 200) == dark


@pytest.mark.parametrize("width", [380, 1440])
def test_the_axis_has_its_times_and_none_is_cut_off(
    quiet: Page, timed_page: Path, width: int
) -> None:
    quiet.open(timed_page, width=width, height=800)
    labels, ends = quiet.eval("""(() => {
        const chart = document.querySelector("#timeline .chart").getBoundingClientRect();
        const ticks = [...document.querySelectorAll("#timeline .tick:not(.quiet)")];
        return [ticks.length, ticks.map((one) => chart.right - one.getBoundingClientRect().right)];
    })()""")
    assert labels >= 2
    assert min(ends) >= 0


def test_ten_thousand_events_are_gone_through_like_a_few(
    quiet: Page, long_run: RunFolder, tmp_path: Path
) -> None:
    quiet.open(made(long_run, tmp_path))
    world = frame_at(archive_of(long_run), 5_000).world
    scrub(quiet, 5_000)
    assert tickets(quiet) == {ticket.id: ticket.status for ticket in world.run.plan}
    drawn = "document.querySelectorAll('#events .event').length"
    assert 0 < quiet.eval(drawn) < 100  # only the rows in sight are drawn
    assert quiet.eval("document.querySelectorAll('.sleepers .good').length") < 240
    quiet.press("End")
    quiet.wait_for("document.querySelector('.where').textContent.startsWith('10')")


def test_the_address_names_the_moment(quiet: Page, baked_page: Path) -> None:
    quiet.open(baked_page)
    quiet.eval("location.hash = '#7'")
    quiet.wait_for("document.documentElement.dataset.position === '7'")
