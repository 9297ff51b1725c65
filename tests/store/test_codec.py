"""Records are read exactly: known, old and unknown events, one line or a block of them."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.base import Event, UnknownEvent
from store.codec import BadLineError, Codec, Line
from store.encode import clean, encoded
from store.head import Head
from store.upcast import upcast
from tests.store.words import CODEC, A, Measured, Noted


class Marked(Event, frozen=True, tag="pad.marked"):
    text: str
    by: str


def begin(old: dict[str, Any]) -> dict[str, Any]:
    return {"type": "pad.scribbled", "text": old["words"]}


def sign(old: dict[str, Any]) -> dict[str, Any]:
    return {"type": "pad.marked", "text": old["text"], "by": "nobody"}


UPCASTERS = {"pad.begun": begin, "pad.scribbled": sign}


def line(event: bytes) -> bytes:
    head = Head()
    head.epoch = 1
    (_, data) = head.frame(A, [(Noted(""), event)], cause=b"null", at="x", synced=0)
    return data


def test_an_event_of_an_old_shape_becomes_one_of_today() -> None:
    codec = Codec([Marked], UPCASTERS)
    for old in (b'{"type":"pad.begun","words":"hi"}', b'{"type":"pad.scribbled","text":"hi"}'):
        (record,) = codec.block(line(old))
        assert record.event == Marked("hi", "nobody")


def test_an_old_event_that_its_step_does_not_fit_is_a_bad_line() -> None:
    codec = Codec([Marked], {"pad.begun": lambda old: {"type": "pad.marked"}})
    with pytest.raises(BadLineError, match="missing required field"):
        codec.block(line(b'{"type":"pad.begun"}'))


def test_what_no_step_knows_stays_as_it_is() -> None:
    assert upcast({"type": "pad.noted", "text": "x"}, UPCASTERS) == {
        "type": "pad.noted",
        "text": "x",
    }


def test_known_and_unknown_events_stand_in_one_block() -> None:
    data = line(b'{"type":"pad.noted","text":"a"}') + line(
        b'{"type":"pad.later","x":[1,{"y":null}]}'
    )
    assert [record.event for record in CODEC.block(data)] == [
        Noted("a"),
        UnknownEvent('{"type":"pad.later","x":[1,{"y":null}]}'),
    ]


def test_new_fields_of_a_known_event_are_passed_over() -> None:
    (record,) = CODEC.block(line(b'{"type":"pad.noted","text":"a","later":7}'))
    assert record.event == Noted("a")


def test_new_fields_of_the_record_are_refused() -> None:
    data = line(b'{"type":"pad.noted","text":"a"}').replace(b'"cause"', b'"x":1,"cause"')
    with pytest.raises(BadLineError, match="unknown field `x`"):
        CODEC.block(data)


def test_an_event_without_a_type_is_a_bad_line() -> None:
    with pytest.raises(BadLineError, match="missing required field `type`"):
        CODEC.block(line(b'{"text":"a"}'))


@given(
    st.text(),
    st.one_of(st.none(), st.text()),
    st.floats(allow_nan=False, allow_infinity=False),
)
def test_any_event_makes_the_trip_there_and_back(text: str, of: str | None, value: float) -> None:
    head = Head()
    head.epoch = 1
    events = [encoded(Noted(text)), encoded(Measured(value, of))]
    lines, data = head.frame(A, events, cause=b"null", at="x", synced=0)
    assert tuple(CODEC.block(data)) == lines
    assert [CODEC.line(one) for one in data.split(b"\n")[:-1]] == list(lines)


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_at_all_is_cleaned_and_makes_the_trip(text: str) -> None:
    event, data = encoded(Noted(text))
    assert msgspec.json.decode(data, type=Noted) == event
    assert len(event.text) == len(text)
    assert all(now in (then, "\ufffd") for now, then in zip(event.text, text, strict=True))


def test_cleaning_reaches_into_everything() -> None:
    assert clean({"a\udc80": ["\udfff", 1, None, ("x",)]}) == {
        "a\ufffd": ["\ufffd", 1, None, ["x"]]
    }


@given(st.binary(max_size=80))
def test_any_bytes_are_a_record_or_a_bad_line(data: bytes) -> None:
    try:
        assert isinstance(CODEC.line(data), Line)
    except BadLineError:
        assert CODEC.version(data) in {0, 1} or CODEC.version(data) > 1
