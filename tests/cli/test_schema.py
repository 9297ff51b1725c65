"""`trackside schema`: what the schemas say, and that the program says the same."""

import argparse
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.schema import SCHEMAS, configure, run
from events.documents import Format
from events.errors import TrackInvalidError
from events.settings import Settings
from events.streams import EVENT_TYPES
from events.track_file import parse_track
from models.playbook import Playbook
from tests.json_schema import accepts

TRACK = SCHEMAS["track"]()
ONE = {"id": "T1", "description": "x"}


def takes(document: object, form: Format = "json") -> bool:
    try:
        parse_track(json.dumps(document).encode(), "track.json", form)
    except TrackInvalidError:
        return False
    return True


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> Any:  # noqa: ANN401 - JSON
    parser = argparse.ArgumentParser()
    configure(parser)
    assert run(parser.parse_args(words)) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_printed_by_name(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    schema = printed(capsys, name)
    assert schema == json.loads(json.dumps(SCHEMAS[name]()))
    assert schema["$schema"].startswith("https://json-schema.org/")


def test_without_a_name_all_of_them_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys).keys() == SCHEMAS.keys()


# --- the track file: schema and program agree ---------------------------------------------------

VALUES: dict[str, list[Any]] = {
    "id": ["T1", "a.b", "", "a b", "x" * 65, 7, None],
    "description": ["x", "", " ", None, 7],
    "prompt": ["x", "", None],
    "status": ["todo", "completed", "pending", None],
    "depends_on": [[], "T1", [3], None],
    "dependencies": [[], "T1"],
    "assigned_to": ["clerk", "", None],
    "worker_archetype": ["clerk", ""],
    "target_file": ["a.py", None, "", 3, "x" * 4097],
    "context_requirements": [
        [], ["a"], [{"path": "a"}], [{"path": "a", "view": "raw"}], [{"path": "a", "view": None}],
        [{}], [{"path": "a", "view": "x"}], [{"path": "a", "x": 1}], [3], "a",
    ],
    "step_mode": [True, False, 1, "yes", None],
    "priority": ["high", "low", "urgent", 1],
    "model_override": ["m", None, "", 3],
    "check": ["make", None, "", []],
    "max_attempts": [1, 1000, 0, -1, 1001, 1.5, True, "3"],
    "unknown": [1],
}  # fmt: skip
HEADS: dict[str, list[Any]] = {
    "id": ["shop", "a b", None], "title": ["x", 3, None], "description": ["x", []],
    "base": ["main", None, "", 3], "setup": ["make", None, ""], "check": ["make", None, ""],
    "unknown": [1],
}  # fmt: skip


@st.composite
def some_of(draw: st.DrawFn, table: dict[str, list[Any]], whole: dict[str, Any]) -> dict[str, Any]:
    document = dict(whole)
    for key in draw(st.lists(st.sampled_from([*table]), max_size=3)):
        document[key] = draw(st.sampled_from(table[key]))
    for key in draw(st.lists(st.sampled_from([*whole, "x"]), max_size=1)):
        document.pop(key, None)
    return document


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in VALUES.items() for value in values]
)
def test_schema_and_program_agree_on_each_value_of_a_ticket(key: str, value: object) -> None:
    for document in ([ONE | {key: value}], [{"id": "T1", key: value}]):
        assert accepts(TRACK, document) == takes(document)


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in HEADS.items() for value in values]
)
def test_schema_and_program_agree_on_each_value_of_a_track(key: str, value: object) -> None:
    document = {"tickets": [ONE], key: value}
    assert accepts(TRACK, document) == takes(document)


@given(some_of(VALUES, ONE))
def test_schema_and_program_agree_on_a_flat_list(ticket: dict[str, Any]) -> None:
    assert accepts(TRACK, [ticket]) == takes([ticket])


@given(some_of(HEADS, {"tickets": [ONE]}))
def test_schema_and_program_agree_on_an_object(document: dict[str, Any]) -> None:
    assert accepts(TRACK, document) == takes(document)


@pytest.mark.parametrize("document", [[], {}, 3, None, "x", {"tickets": []}, {"tickets": ONE}])
def test_schema_and_program_refuse_what_is_no_track(document: object) -> None:
    assert not accepts(TRACK, document)
    assert not takes(document)


def test_the_schema_covers_what_a_toml_file_says() -> None:
    assert accepts(TRACK, {"track": {"title": "Shop"}, "ticket": [ONE]})
    assert accepts(TRACK, {"ticket": [ONE]})
    assert not accepts(TRACK, {"track": {"titel": "Shop"}, "ticket": [ONE]})


@pytest.mark.parametrize(
    "document",
    [
        [ONE, ONE],
        [ONE | {"depends_on": ["T1"]}],
        [ONE | {"depends_on": ["T9"]}],
        [ONE | {"target_file": "../x"}],
    ],
)
def test_relations_and_paths_are_the_programs_alone(document: object) -> None:
    assert accepts(TRACK, document)
    assert not takes(document)


# --- the others ---------------------------------------------------------------------------------


def test_the_defaults_are_a_valid_configuration() -> None:
    defaults = json.loads(msgspec.json.encode(Settings()))
    assert accepts(SCHEMAS["config"](), defaults)
    assert not accepts(SCHEMAS["config"](), defaults | {"workers": 0})
    assert not accepts(SCHEMAS["config"](), defaults | {"worker": 1})


def test_a_playbook_is_valid_when_the_scripted_model_reads_it() -> None:
    book = {"tickets": {"T1": [[{"text": "x", "calls": [{"tool": "finish"}]}]]}}
    assert msgspec.convert(book, Playbook).tickets.keys() == {"T1"}
    assert accepts(SCHEMAS["playbook"](), book)
    assert not accepts(SCHEMAS["playbook"](), {"ticket": {}})


def test_the_schema_of_the_log_knows_every_event() -> None:
    parts = SCHEMAS["log"]()["$defs"]
    assert {kind.__name__ for kind in EVENT_TYPES} <= parts.keys()


def test_a_line_of_the_log_is_valid() -> None:
    schema = SCHEMAS["log"]()
    line = {
        "v": 1, "position": 1, "epoch": 1, "stream": "run", "version": 1,
        "at": "2026-11-22T01:35:27.123456Z", "commit": 1, "cause": None, "sum": "00" * 16,
        "event": {"type": "approval.voided", "reason": "the file changed"},
    }  # fmt: skip
    assert accepts(schema, line)
    assert not accepts(schema, line | {"event": {"type": "approval.voided"}})
    assert not accepts(schema, line | {"position": 0})
