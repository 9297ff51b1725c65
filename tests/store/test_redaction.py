"""What is secret is gone before it is written, hashed or believed."""

from pathlib import Path

from store.blobs import Blobs
from store.jsonl import JsonlLog
from tests.store.words import CODEC, A, Noted


def redact(text: str) -> str:
    return text.replace("hush", "[secret]")


def test_an_appender_gets_back_what_is_on_record(tmp_path: Path) -> None:
    with JsonlLog.open(tmp_path / "events.jsonl", CODEC, redact=redact) as log:
        (recorded,) = log.append(A, [Noted("hush, hush")], expected=0)
        assert recorded.event == Noted("[secret], [secret]")
        assert [one.event for one in log.read()][-1] == recorded.event
    assert b"hush" not in (tmp_path / "events.jsonl").read_bytes()


def test_kept_texts_lose_their_secrets_before_they_are_hashed(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "blobs", redact=redact)
    text = "hush" + " and so on" * 10_000
    kept = blobs.keep(text)
    assert blobs.text(kept) == redact(text)
    assert kept == Blobs(tmp_path / "others").keep(redact(text))
