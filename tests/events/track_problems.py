"""Track files as plain data, and what is wrong with them."""

import json

import pytest

from events.errors import TrackInvalidError
from events.track import TrackSpec
from events.track_file import parse_track

ONE = {"id": "T1", "description": "mend the till"}


def parse(document: object, source: str = "plans/shop.json") -> TrackSpec:
    """Return the track of a document."""
    return parse_track(json.dumps(document).encode(), source)


def problems(document: object, source: str = "plans/shop.json") -> list[str]:
    """Return what is wrong with a document, or with the bytes of one."""
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    with pytest.raises(TrackInvalidError) as refused:
        parse_track(data, source)
    assert refused.value.source == source
    return list(refused.value.problems)
